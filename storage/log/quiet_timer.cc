#include "storage/log/quiet_timer.h"

#include <utility>

namespace leat::log {

QuietTimer::QuietTimer(io::EventLoop& loop, absl::Duration delay, std::function<void()> on_quiet)
    : loop_(loop), delay_(delay), on_quiet_(std::move(on_quiet)) {}

void QuietTimer::Touch() {
  last_touch_ = loop_.clock().Monotonic();
  if (!armed_) Arm(delay_);
}

void QuietTimer::Arm(absl::Duration delay) {
  armed_ = true;
  loop_.After(delay, [weak = weak_from_this()] {
    if (const auto self = weak.lock()) self->Fire();
  });
}

void QuietTimer::Fire() {
  armed_ = false;
  const absl::Duration quiet = loop_.clock().Monotonic() - last_touch_;
  if (quiet < delay_) return Arm(delay_ - quiet);
  on_quiet_();
}

}  // namespace leat::log
