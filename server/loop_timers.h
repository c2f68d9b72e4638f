// The timers of groups on an event loop; its thread.

#ifndef LEAT_SERVER_LOOP_TIMERS_H_
#define LEAT_SERVER_LOOP_TIMERS_H_

#include <cstdint>
#include <utility>

#include "absl/time/time.h"
#include "server/group/timers.h"
#include "storage/io/event_loop.h"

namespace leat::server {

class LoopTimers : public group::Timers {
 public:
  // `loop` outlives it.
  explicit LoopTimers(io::EventLoop& loop) : loop_(loop) {}

  int64_t WallMillis() const override { return loop_.clock().WallMillis(); }
  int64_t MonotonicMillis() const override { return loop_.clock().Monotonic().nanos / 1'000'000; }
  group::TimerId After(int64_t delay_ms, absl::AnyInvocable<void() &&> task) override {
    return loop_.After(absl::Milliseconds(delay_ms), std::move(task));
  }
  void Cancel(group::TimerId timer) override { loop_.Cancel(timer); }

 private:
  io::EventLoop& loop_;
};

}  // namespace leat::server

#endif  // LEAT_SERVER_LOOP_TIMERS_H_
