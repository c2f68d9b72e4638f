// Time, as the driver of groups sees it. Implemented on an event loop; under simulated time in
// tests. One thread.

#ifndef LEAT_SERVER_GROUP_TIMERS_H_
#define LEAT_SERVER_GROUP_TIMERS_H_

#include <cstdint>

#include "absl/functional/any_invocable.h"

namespace leat::group {

// Names a timer until it has fired or was cancelled. 0 names none.
using TimerId = uint64_t;

class Timers {
 public:
  virtual ~Timers() = default;

  // Milliseconds since 1970-01-01 UTC. May jump either way.
  virtual int64_t WallMillis() const = 0;

  // Never goes back; only differences mean anything.
  virtual int64_t MonotonicMillis() const = 0;

  // Runs `task` after `delay_ms` on the monotonic clock, never inside the call.
  virtual TimerId After(int64_t delay_ms, absl::AnyInvocable<void() &&> task) = 0;

  // The timer's task will not run. Nothing happens when it has.
  virtual void Cancel(TimerId timer) = 0;
};

}  // namespace leat::group

#endif  // LEAT_SERVER_GROUP_TIMERS_H_
