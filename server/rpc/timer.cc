#include "server/rpc/timer.h"

#include <grpc/support/time.h>

#include <memory>
#include <utility>

namespace leat::rpc {

void Timer::Start(absl::Duration delay, Task task) {
  const gpr_timespec deadline =
      gpr_time_add(gpr_now(GPR_CLOCK_MONOTONIC),
                   gpr_time_from_nanos(absl::ToInt64Nanoseconds(delay), GPR_TIMESPAN));
  alarm_.emplace();
  alarm_->Set(deadline, [task = std::make_shared<Task>(std::move(task))](bool expired) {
    if (expired) std::move (*task)();
  });
}

}  // namespace leat::rpc
