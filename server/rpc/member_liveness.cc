#include "server/rpc/member_liveness.h"

#include <algorithm>

namespace leat::rpc {

using io::MonotonicTime;

void MemberLiveness::OnCommand(MonotonicTime now) {
  last_command_ = now;
  unanswered_since_.reset();
}

MemberLiveness::Due MemberLiveness::Check(std::optional<MonotonicTime> holding_since, bool backlog,
                                          MonotonicTime now) {
  if (holding_since.has_value() &&
      now - std::max(*holding_since, last_command_) >= processing_timeout_) {
    return Due::kProcessingTimeout;
  }
  if (unanswered_since_.has_value()) {
    return now - *unanswered_since_ >= kAnswerTimeout ? Due::kNoAnswer : Due::kNothing;
  }
  if (SilentFor(now) < kHeartbeatInterval || (backlog && !answers_heartbeats_)) {
    return Due::kNothing;
  }
  if (answers_heartbeats_) unanswered_since_ = now;
  last_sent_ = now;
  return Due::kHeartbeat;
}

// Records on their way do not show that whoever should answer is there.
absl::Duration MemberLiveness::SilentFor(MonotonicTime now) const {
  return now - (answers_heartbeats_ ? last_command_ : last_sent_);
}

absl::Duration MemberLiveness::UntilNextCheck(std::optional<MonotonicTime> holding_since,
                                              MonotonicTime now) const {
  // Whoever begins to hold records right now is due after this.
  absl::Duration next = std::min(processing_timeout_, kHeartbeatInterval);
  if (holding_since.has_value()) {
    next = std::min(next, std::max(*holding_since, last_command_) + processing_timeout_ - now);
  }
  if (unanswered_since_.has_value()) {
    next = std::min(next, *unanswered_since_ + kAnswerTimeout - now);
  } else if (SilentFor(now) < kHeartbeatInterval) {
    next = std::min(next, kHeartbeatInterval - SilentFor(now));
  }
  return std::max(next, absl::Milliseconds(10));
}

}  // namespace leat::rpc
