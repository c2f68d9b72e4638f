// One task, later. Owned by a call; used by one thread at a time.

#ifndef LEAT_SERVER_RPC_TIMER_H_
#define LEAT_SERVER_RPC_TIMER_H_

#include <grpcpp/alarm.h>

#include <optional>

#include "absl/time/time.h"
#include "server/rpc/worker_pool.h"

namespace leat::rpc {

class Timer {
 public:
  // Runs `task`, which must be short, on a thread of gRPC's after `delay`. Replaces what was
  // started before.
  void Start(absl::Duration delay, Task task);

  // The task will not start any more, but may be running. So does the destructor.
  void Cancel() { alarm_.reset(); }

 private:
  std::optional<grpc::Alarm> alarm_;
};

}  // namespace leat::rpc

#endif  // LEAT_SERVER_RPC_TIMER_H_
