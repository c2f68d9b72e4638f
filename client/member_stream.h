// A member's stream to the server: begins with Join, carries commands and events, and is begun
// again after it broke, with growing, scattered pauses. Internal.
//
// Used by the consumer's thread alone; nothing blocks.

#ifndef LEAT_CLIENT_MEMBER_STREAM_H_
#define LEAT_CLIENT_MEMBER_STREAM_H_

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <random>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "client/connection.h"
#include "client/consume_message.h"
#include "client/raw_call.h"
#include "client/wakeup.h"
#include "leat/v1/group.pb.h"

namespace leat::client {

class MemberStream {
 public:
  MemberStream(std::shared_ptr<const Connection> connection, std::shared_ptr<Wakeup> wakeup);

  bool open() const { return call_ != nullptr; }
  bool joined() const { return joined_; }

  // When to call `Begin`, if there is no stream.
  absl::Time next_try() const { return next_try_; }
  // Begins a stream. Requires that there is none.
  void Begin(v1::Join join, absl::Time now);
  // The server answered the join: pauses begin from the shortest again.
  void OnJoined();

  // Sends when there is room, in order; to be called on an open stream. What is not sent when the
  // stream breaks is forgotten.
  void Send(v1::ConsumeRequest request);
  // Sends what waits.
  void Flush();
  absl::Time last_sent() const { return last_sent_; }

  // The next event, if there is one. An error means that the server breaks the protocol.
  absl::StatusOr<std::optional<ConsumeMessage>> Read();
  // Once after a stream ended: how.
  std::optional<absl::Status> TakeEnd();
  // Ends the stream. The next one begins no sooner than `not_before`.
  void Break(absl::Time not_before);
  // How long to pause after a stream that ended with `why`.
  absl::Duration NextPause(const absl::Status& why);

 private:
  const std::shared_ptr<const Connection> connection_;
  const std::shared_ptr<Wakeup> wakeup_;
  std::unique_ptr<RawCall> call_;
  std::deque<v1::ConsumeRequest> outgoing_;
  bool joined_ = false;
  int failures_in_a_row_ = 0;
  absl::Time next_try_ = absl::InfinitePast();
  absl::Time last_sent_ = absl::InfinitePast();
  std::minstd_rand random_{std::random_device()()};
};

}  // namespace leat::client

#endif  // LEAT_CLIENT_MEMBER_STREAM_H_
