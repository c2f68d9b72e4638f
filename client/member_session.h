// A member's dealings with the server: joins, resumes, takes in events, sends what is due.
// Internal.
//
// Owned by a consumer, its thread only; nothing blocks. `Exchange` does all that can be done at the
// moment; the wakeup is raised when there may be more.

#ifndef LEAT_CLIENT_MEMBER_SESSION_H_
#define LEAT_CLIENT_MEMBER_SESSION_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "client/client.h"
#include "client/commit_queue.h"
#include "client/consumer.h"
#include "client/member_state.h"
#include "client/member_stream.h"
#include "client/wakeup.h"
#include "leat/v1/group.pb.h"

namespace leat::client {

class MemberSession {
 public:
  // `options` and `state` outlive it.
  MemberSession(const Client& client, const ConsumerOptions& options, MemberState& state,
                std::shared_ptr<Wakeup> wakeup);

  void Exchange(absl::Time now);
  // When `Exchange` has something to do, if the wakeup is not raised before.
  absl::Time NextDeadline() const;
  // Why the session is over for good; OK while it is not.
  const absl::Status& error() const { return error_; }
  // Whether commands reach the server now.
  bool ready() const { return stream_.joined() && !state_.confirming(); }
  // Why the stream was lost, once for each time.
  std::optional<absl::Status> TakeDisconnection() {
    return std::exchange(disconnected_, std::nullopt);
  }
  // Whether one that was lost is there again, once for each time.
  bool TakeReconnection() { return std::exchange(reconnected_, false); }

  CommitQueue& commits() { return commits_; }
  // Before a wait: gives back all credit, so that the server can send.
  void GiveBackCredit();
  void Pause(const std::vector<OwnedPartition*>& partitions);
  void Resume(const std::vector<OwnedPartition*>& partitions);
  // Gives partitions back, once their commits are answered.
  void Release(Notice revoked, absl::Time now);

  // Requires `ready()`; one at a time.
  void BeginSeek(const OwnedPartition& partition, v1::Position to);
  std::optional<absl::Status> TakeSeekResult() { return std::exchange(seek_result_, std::nullopt); }

  // Requires `ready()`.
  void BeginLeave();
  // How the stream ended after that.
  const std::optional<absl::Status>& left() const { return left_; }
  // Ends the stream.
  void Abort(const absl::Status& why);

 private:
  struct Membership {
    std::string member_id;
    uint64_t member_epoch = 0;
  };

  v1::Join MakeJoin() const;
  void Handle(ConsumeMessage message, absl::Time now);
  void HandleJoined(const v1::Joined& joined, absl::Time now);
  void HandleResult(const v1::CommandResult& result);
  void HandleEnd(absl::Status why, absl::Time now);
  void EndForGood(const absl::Status& why);
  void SendDue(absl::Time now);
  void SendReleases();
  void SendCredit(std::optional<v1::Credit> credit);
  void SendPauses();
  v1::ConsumeRequest NewRequest();

  const ConsumerOptions& options_;
  MemberState& state_;
  CommitQueue commits_;
  MemberStream stream_;

  absl::Status error_;
  std::optional<Membership> membership_;
  bool ever_joined_ = false;
  // When the first of the streams ended that did not get as far as to join.
  std::optional<absl::Time> lost_at_;
  std::optional<absl::Status> disconnected_;
  bool reconnected_ = false;

  uint64_t last_request_id_ = 0;
  absl::Time next_auto_commit_ = absl::InfinitePast();
  absl::Duration progress_interval_ = absl::InfiniteDuration();
  std::vector<Notice> releases_due_;
  uint64_t seek_id_ = 0;
  std::optional<absl::Status> seek_result_;
  bool leaving_ = false;
  std::optional<absl::Status> left_;
};

}  // namespace leat::client

#endif  // LEAT_CLIENT_MEMBER_SESSION_H_
