#include "server/broker/periodic.h"

#include <utility>

namespace leat::broker {

Periodic::Periodic(io::EventLoop& loop, absl::Duration interval, Round round)
    : loop_(loop), interval_(interval), round_(std::move(round)) {}

void Periodic::Start() {
  stopped_ = false;
  Arm();
}

void Periodic::RunNow() {
  if (running_ || stopped_) return;
  loop_.Cancel(timer_);
  RunRound();
}

void Periodic::Stop(io::Task idle) {
  stopped_ = true;
  loop_.Cancel(timer_);
  if (running_) {
    idle_ = std::move(idle);
  } else {
    std::move(idle)();
  }
}

void Periodic::Arm() {
  timer_ = loop_.After(interval_, [this] { RunRound(); });
}

void Periodic::RunRound() {
  running_ = true;
  round_([this] { OnEnded(); });
}

void Periodic::OnEnded() {
  running_ = false;
  if (!stopped_) {
    Arm();
  } else if (std::optional<io::Task> idle = std::exchange(idle_, std::nullopt)) {
    (*std::move(idle))();
  }
}

}  // namespace leat::broker
