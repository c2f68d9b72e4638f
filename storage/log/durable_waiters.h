// Who waits for the log to be durable up to some offset, to be told what was derived from it.
//
// Memory only. Owned by the log's `Appender`; the log's thread.

#ifndef LEAT_STORAGE_LOG_DURABLE_WAITERS_H_
#define LEAT_STORAGE_LOG_DURABLE_WAITERS_H_

#include <utility>
#include <vector>

#include "absl/container/btree_map.h"
#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "storage/record/ids.h"

namespace leat::log {

// Gets OK once all before its offset is durable; else what those got whose batches were not
// appended, or whose outcome is unknown.
using DurableWaiter = absl::AnyInvocable<void(const absl::Status&) &&>;

class DurableWaiters {
 public:
  void Add(record::Offset until, DurableWaiter waiter) {
    waiters_.emplace(until, std::move(waiter));
  }

  // Lets out those that wait for nothing after `high_watermark`, in order.
  std::vector<DurableWaiter> TakeDue(record::Offset high_watermark);

  // Lets out those that wait for something after `log_end`, in order.
  std::vector<DurableWaiter> TakeAfter(record::Offset log_end);

 private:
  using Waiters = absl::btree_multimap<record::Offset, DurableWaiter>;

  std::vector<DurableWaiter> Take(Waiters::iterator from, Waiters::iterator to);

  Waiters waiters_;
};

}  // namespace leat::log

#endif  // LEAT_STORAGE_LOG_DURABLE_WAITERS_H_
