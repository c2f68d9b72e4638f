// The commits of a member, from being asked for to being answered. Internal; owned by a consumer,
// its thread only; nothing is sent here.
//
// One is in flight at a time, and all that are asked for meanwhile become the next: however many an
// application makes, the server sees as many as it can answer. Those without an answer when the
// stream is lost are sent again, with the epochs under which the partitions go on.

#ifndef LEAT_CLIENT_COMMIT_QUEUE_H_
#define LEAT_CLIENT_COMMIT_QUEUE_H_

#include <cstdint>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "client/consume_event.h"
#include "client/member_state.h"
#include "leat/v1/group.pb.h"

namespace leat::client {

class CommitQueue {
 public:
  // `state` outlives it.
  explicit CommitQueue(MemberState& state) : state_(state) {}

  // `callback` may be null.
  void Add(const std::vector<MemberPosition>& positions, CommitCallback callback);

  bool HasSendable() const { return !in_flight_.has_value() && !gathered_.empty(); }
  bool idle() const { return !in_flight_.has_value() && gathered_.empty(); }
  // Whether a commit of this partition is not answered yet.
  bool Concerns(const TopicPartition& place) const {
    return gathered_.positions.contains(place) ||
           (in_flight_.has_value() && in_flight_->positions.contains(place));
  }
  // What is to be sent next. Requires `HasSendable`. nullopt when the member has none of the
  // partitions any more.
  std::optional<v1::Commit> TakeForSend(uint64_t request_id);

  // Whether it answers the commit in flight.
  bool OnResult(const v1::CommandResult& result);
  void OnStreamLost();
  // Answers everything with `status`.
  void Abandon(const absl::Status& status);

  // Calls back those that were answered. They may add more.
  void RunCallbacks();

 private:
  struct Waiter {
    std::vector<TopicPartition> places;
    CommitCallback callback;
  };
  struct Batch {
    uint64_t request_id = 0;
    std::map<TopicPartition, MemberPosition> positions;
    std::map<TopicPartition, CommittedPartition> results;
    std::vector<Waiter> waiters;

    bool empty() const { return positions.empty() && waiters.empty(); }
  };

  // The owner, when `position` names the assignment that it has now.
  OwnedPartition* OwnerOf(const MemberPosition& position) const;
  void Note(Batch& batch, const MemberPosition& position, absl::Status status, int64_t committed);
  void Complete(Batch batch);

  MemberState& state_;
  Batch gathered_;
  std::optional<Batch> in_flight_;
  std::vector<std::pair<CommitCallback, CommitResult>> answered_;
};

}  // namespace leat::client

#endif  // LEAT_CLIENT_COMMIT_QUEUE_H_
