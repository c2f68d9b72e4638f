// The calls under way: how many there may be, and how they learn that the server stops.
//
// Owned by `server::Server`. Any thread.

#ifndef LEAT_SERVER_RPC_CALLS_H_
#define LEAT_SERVER_RPC_CALLS_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"

namespace leat::rpc {

// What calls are refused with, and streams but ProduceStream end with, while the server stops.
// Nothing was appended.
absl::Status ServerStopping();

class Calls {
 public:
  // Held by a call while it is under way.
  class Ticket {
   public:
    Ticket() = default;
    Ticket(Ticket&& other) noexcept;
    Ticket& operator=(Ticket&& other) noexcept;
    ~Ticket();

   private:
    friend class Calls;
    Ticket(Calls* calls, uint64_t id) : calls_(calls), id_(id) {}

    Calls* calls_ = nullptr;
    uint64_t id_ = 0;
  };

  explicit Calls(size_t max_calls) : max_calls_(max_calls) {}

  // Errors: kBacklogFull when there are as many calls as there may be; kServerStopping. `stop` is
  // called once, from `Stop`, unless the call is over by then; it may run while the ticket dies on
  // another thread, and must hold what it needs.
  absl::StatusOr<Ticket> Enter(std::function<void()> stop = nullptr) ABSL_LOCKS_EXCLUDED(mutex_);

  // Refuses further calls and tells those under way.
  void Stop() ABSL_LOCKS_EXCLUDED(mutex_);

  // Waits until no call is under way, or `patience` is over. Blocks.
  void AwaitNone(absl::Duration patience) ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  const size_t max_calls_;
  absl::Mutex mutex_;
  std::map<uint64_t, std::function<void()>> under_way_ ABSL_GUARDED_BY(mutex_);
  uint64_t next_id_ ABSL_GUARDED_BY(mutex_) = 1;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace leat::rpc

#endif  // LEAT_SERVER_RPC_CALLS_H_
