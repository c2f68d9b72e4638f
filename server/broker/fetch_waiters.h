// Fetches that wait at the end of a partition for what comes next.
//
// Owned by a partition; its shard's thread only. Each fetch that goes in comes out exactly once.

#ifndef LEAT_SERVER_BROKER_FETCH_WAITERS_H_
#define LEAT_SERVER_BROKER_FETCH_WAITERS_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "absl/container/btree_map.h"
#include "server/broker/answer.h"
#include "server/broker/calls.h"
#include "storage/record/ids.h"

namespace leat::broker {

struct WaitingFetch {
  record::Offset from;
  size_t max_bytes = 0;
  Answer<FetchResult> done;
};

class FetchWaiters {
 public:
  // `ticket` names the fetch and is no other's.
  void Add(uint64_t ticket, WaitingFetch fetch);

  // nullopt when it does not wait (any more).
  std::optional<WaitingFetch> Take(uint64_t ticket);

  // Those whose place is before the high watermark (or, with it, the log start), oldest first.
  std::vector<WaitingFetch> TakeReady(record::Offset high_watermark);

  std::vector<WaitingFetch> TakeAll();

 private:
  absl::btree_map<uint64_t, WaitingFetch> waiting_;  // Tickets grow: the oldest is first.
};

}  // namespace leat::broker

#endif  // LEAT_SERVER_BROKER_FETCH_WAITERS_H_
