// When a member is due a heartbeat, and when it counts as lost. Pure: times come in.
//
// Owned by a member's stream, used on its strand.

#ifndef LEAT_SERVER_RPC_MEMBER_LIVENESS_H_
#define LEAT_SERVER_RPC_MEMBER_LIVENESS_H_

#include <algorithm>
#include <cstdint>
#include <optional>

#include "absl/time/time.h"
#include "storage/io/clock.h"

namespace leat::rpc {

class MemberLiveness {
 public:
  static constexpr absl::Duration kHeartbeatInterval = absl::Seconds(15);
  static constexpr absl::Duration kAnswerTimeout = absl::Seconds(30);

  enum class Due : uint8_t {
    kNothing,
    kHeartbeat,
    kProcessingTimeout,  // Held records for too long without any command.
    kNoAnswer,           // Did not answer a heartbeat.
  };

  MemberLiveness(absl::Duration processing_timeout, bool answers_heartbeats, io::MonotonicTime now)
      : processing_timeout_(processing_timeout),
        answers_heartbeats_(answers_heartbeats),
        last_sent_(now),
        last_command_(now) {}

  // Anything was sent.
  void OnSent(io::MonotonicTime now) { last_sent_ = std::max(last_sent_, now); }

  // Any command came.
  void OnCommand(io::MonotonicTime now);

  // What is due. A heartbeat counts as sent when it is told to be due. `holding_since`: since when
  // the member has had records that it has not handled. `backlog`: what was sent before is still on
  // its way, so that a heartbeat would tell nothing.
  Due Check(std::optional<io::MonotonicTime> holding_since, bool backlog, io::MonotonicTime now);

  // How long after `now` the next check is to be made.
  absl::Duration UntilNextCheck(std::optional<io::MonotonicTime> holding_since,
                                io::MonotonicTime now) const;

 private:
  absl::Duration SilentFor(io::MonotonicTime now) const;

  absl::Duration processing_timeout_;
  bool answers_heartbeats_;
  io::MonotonicTime last_sent_;
  io::MonotonicTime last_command_;
  std::optional<io::MonotonicTime> unanswered_since_;  // The oldest heartbeat without an answer.
};

}  // namespace leat::rpc

#endif  // LEAT_SERVER_RPC_MEMBER_LIVENESS_H_
