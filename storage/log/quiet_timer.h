// Calls back once when nothing has happened for a while. Touching it is cheap: an armed timer is
// left alone and looks again when it fires.
//
// Held in a shared pointer by one owner; once that is gone nothing is called. The log's thread.

#ifndef LEAT_STORAGE_LOG_QUIET_TIMER_H_
#define LEAT_STORAGE_LOG_QUIET_TIMER_H_

#include <functional>
#include <memory>

#include "absl/time/time.h"
#include "storage/io/event_loop.h"

namespace leat::log {

class QuietTimer : public std::enable_shared_from_this<QuietTimer> {
 public:
  QuietTimer(io::EventLoop& loop, absl::Duration delay, std::function<void()> on_quiet);

  // Something happened: `on_quiet` is called when the delay has passed without another touch.
  void Touch();

 private:
  void Arm(absl::Duration delay);
  void Fire();

  io::EventLoop& loop_;
  const absl::Duration delay_;
  const std::function<void()> on_quiet_;
  io::MonotonicTime last_touch_;
  bool armed_ = false;
};

}  // namespace leat::log

#endif  // LEAT_STORAGE_LOG_QUIET_TIMER_H_
