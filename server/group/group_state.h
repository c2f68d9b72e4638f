// The groups of one log, as a pure state machine: commands become records, records become state. No
// I/O, no clock, no randomness of its own.
//
// Owned by `GroupLog`; one thread. `Apply` is the only way in, so what is loaded after a crash is
// what was there before: the records of `__groups` that are durable, and nothing else.
//
// What it keeps, at every step:
//   - a partition has at most one owner, and every change of owner a new assignment epoch, larger
//     than any given before, in whatever group;
//   - a partition that is revoked stays with its owner until it is released, its time is up, or the
//     owner goes on on another stream; the next owner begins at the committed offset, which is the
//     released position if there is one;
//   - only the owner commits, under the epoch of its assignment; committed offsets move back by a
//     seek alone.

#ifndef LEAT_SERVER_GROUP_GROUP_STATE_H_
#define LEAT_SERVER_GROUP_GROUP_STATE_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/container/btree_map.h"
#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "server/group/group.h"
#include "server/group/group_command.h"
#include "server/group/group_records.pb.h"
#include "server/group/member_channel.h"
#include "server/group/topic_catalogue.h"

namespace leat::group {

// What `Handle` may know besides the state.
struct Moment {
  int64_t wall_ms = 0;
  const TopicCatalogue* topics = nullptr;
  std::string new_member_id;    // For a member to be made: random, unguessable.
  size_t groups_elsewhere = 0;  // Groups of the server that are in other logs.
};

struct Decision {
  Outcome outcome;
  // To be appended as one batch and applied, all or none. None when nothing changes.
  std::vector<internal::GroupRecord> records;
  // By member id, in the order in which to tell them, once the records are durable.
  std::vector<std::pair<std::string, MemberEvent>> events;
  bool rebalance = false;  // `command::Rebalance` is due.
};

class GroupDraft;

class GroupState {
 public:
  using Groups = absl::btree_map<std::string, Group, std::less<>>;

  explicit GroupState(const GroupLimits& limits) : limits_(limits) {}

  // Decides about a command; changes nothing. Errors stand with each command; of those, and of
  // those by position, nothing is in the records.
  absl::StatusOr<Decision> Handle(const GroupCommand& command, const Moment& moment) const;

  // Takes in a record. DATA_LOSS when it cannot follow on what came before; the state is not to be
  // used any more then. A part of a snapshot adds what it holds.
  absl::Status Apply(const internal::GroupRecord& record);

  // The whole state as the parts of a snapshot; applied to an empty state they make an equal one.
  std::vector<internal::GroupRecord> Snapshot() const;

  // By name.
  const Groups& groups() const { return groups_; }
  // nullptr when there is none.
  const Group* Find(std::string_view name) const;

  // Groups that have something of this topic or are subscribed to it.
  std::vector<std::string> GroupsConcernedBy(const TopicId& id, std::string_view name) const;

  friend bool operator==(const GroupState& a, const GroupState& b) {
    return a.last_assignment_epoch_ == b.last_assignment_epoch_ && a.groups_ == b.groups_;
  }

 private:
  using Result = absl::StatusOr<Decision>;
  using DecideOne =
      absl::FunctionRef<PositionResult(const Partition&, const Position&, GroupDraft&)>;

  Result Decide(const command::Join& command, const Moment& moment) const;
  Result Decide(const command::Leave& command, const Moment& moment) const;
  Result Decide(const command::Release& command, const Moment& moment) const;
  Result Decide(const command::Commit& command, const Moment& moment) const;
  Result Decide(const command::StartAt& command, const Moment& moment) const;
  Result Decide(const command::SeekMember& command, const Moment& moment) const;
  Result Decide(const command::SeekGroup& command, const Moment& moment) const;
  Result Decide(const command::DeleteGroup& command, const Moment& moment) const;
  Result Decide(const command::Rebalance& command, const Moment& moment) const;
  Result Decide(const command::ExpireRevocations& command, const Moment& moment) const;
  Result Decide(const command::ExpireGroups& command, const Moment& moment) const;

  absl::Status CheckJoin(const command::Join& command, const Moment& moment) const;
  // Whether one more group may be made.
  absl::Status CheckRoom(const Moment& moment) const;
  absl::StatusOr<const Group*> GroupToCommit(const command::Commit& command,
                                             const Moment& moment) const;
  // `decide` decides about the positions in partitions that the member owns under the assignment
  // named; the others are refused.
  Result DecideOwned(const MemberRef& member, const std::vector<Position>& positions,
                     const Moment& moment, DecideOne decide) const;

  absl::Status ApplyCreated(const std::string& name, const internal::GroupCreated& record);
  absl::Status ApplySnapshotPart(const internal::GroupSnapshotPart& record);
  absl::Status ApplyToGroup(const internal::GroupRecord& record, Group& group);
  absl::Status ApplyOwners(const internal::OwnersChanged& record, Group& group);

  GroupLimits limits_;
  uint64_t last_assignment_epoch_ = 0;
  Groups groups_;
};

}  // namespace leat::group

#endif  // LEAT_SERVER_GROUP_GROUP_STATE_H_
