// Commands that move committed offsets.

#include <optional>
#include <string>
#include <utility>

#include "absl/container/btree_set.h"
#include "absl/functional/function_ref.h"
#include "fmt/format.h"
#include "server/group/group_draft.h"
#include "server/group/group_error.h"
#include "server/group/group_state.h"
#include "storage/record/error.h"

namespace leat::group {
namespace {

// Well below the time after which a group without members and commits counts as dead.
constexpr int64_t kRenewalMs = 60 * 60 * 1'000;

const Partition& PartitionOf(const Group& group, const TopicPartition& place) {
  static const Partition kNone;
  auto found = group.partitions.find(place);
  return found == group.partitions.end() ? kNone : found->second;
}

// The group, if it has this member on this stream. kFencedMemberEpoch.
absl::StatusOr<const Group*> GroupOf(const GroupState& state, const MemberRef& ref) {
  const Group* group = state.Find(ref.group);
  if (group == nullptr || !group->members.contains(ref.member_id)) {
    return Fenced("there is no such member", std::nullopt);
  }
  const uint64_t epoch = group->members.find(ref.member_id)->second.epoch;
  if (epoch != ref.member_epoch) return Fenced("the member goes on elsewhere", epoch);
  return group;
}

absl::Status CheckRange(const Position& position) {
  const bool inside = 0 <= position.next_offset && position.next_offset <= position.high_watermark;
  return inside ? absl::OkStatus() : OffsetOutOfRange(position);
}

// Whether it is this member's, under the assignment named.
absl::Status CheckOwner(const Partition& partition, const std::string& member_id,
                        const Position& position) {
  if (partition.owner != member_id) return Fenced("the partition is another's", std::nullopt);
  if (partition.assignment_epoch != position.assignment.epoch) {
    return Fenced("the partition was assigned anew", partition.assignment_epoch);
  }
  return absl::OkStatus();
}

// Who is no member names the present assignment, and none where there is no owner.
absl::Status CheckOutsider(const Partition& partition, const Position& position) {
  const uint64_t epoch = partition.owner.empty() ? 0 : partition.assignment_epoch;
  if (position.assignment.epoch != epoch) {
    return Fenced(epoch == 0 ? "the partition has no owner" : "the partition is a member's", epoch);
  }
  return absl::OkStatus();
}

PositionResult Done(const Partition& partition, int64_t committed) {
  return {.assignment_epoch = partition.assignment_epoch, .committed = committed};
}

PositionResult Refused(absl::Status why) { return {.status = std::move(why)}; }

// Commits `position`. What is committed already can be said again, also where the log has lost its
// end since.
PositionResult CommitForward(const Partition& partition, const Position& position,
                             GroupDraft& draft) {
  if (position.next_offset >= 0 && position.next_offset <= partition.committed) {
    return Done(partition, *partition.committed);
  }
  if (absl::Status inside = CheckRange(position); !inside.ok()) return Refused(std::move(inside));
  draft.Commit(position.assignment.partition, position.next_offset);
  return Done(partition, position.next_offset);
}

// Whether an offset that is committed already is to be written again: with other metadata, or since
// it tells after a while that the group, though its topics are quiet, is not dead.
bool IsNews(const command::Commit& command, const Partition& partition, int64_t wall_ms) {
  return command.metadata != partition.metadata || wall_ms - partition.commit_time_ms >= kRenewalMs;
}

// Decides about each position by itself; one that names a partition again is refused.
Outcome DecideEach(const Group& group, const std::vector<Position>& positions,
                   absl::FunctionRef<PositionResult(const Partition&, const Position&)> decide) {
  Outcome outcome;
  absl::btree_set<TopicPartition> seen;
  for (const Position& position : positions) {
    const TopicPartition& place = position.assignment.partition;
    outcome.push_back(seen.insert(place).second ? decide(PartitionOf(group, place), position)
                                                : Refused(NamedTwice()));
  }
  return outcome;
}

// Room for partitions that a command adds to a group.
class Room {
 public:
  Room(const Group& group, const GroupLimits& limits) : group_(group), limits_(limits) {}

  // kLimitReached.
  absl::Status Take(const TopicPartition& place) {
    if (group_.partitions.contains(place)) return absl::OkStatus();
    if (group_.partitions.size() + taken_ >= limits_.max_partitions) {
      return LimitReached("partitions in a group", limits_.max_partitions);
    }
    ++taken_;
    return absl::OkStatus();
  }

 private:
  const Group& group_;
  const GroupLimits& limits_;
  size_t taken_ = 0;
};

}  // namespace

GroupState::Result GroupState::Decide(const command::Commit& command, const Moment& moment) const {
  absl::StatusOr<const Group*> found = GroupToCommit(command, moment);
  if (!found.ok()) return found.status();
  static const Group kNoGroup;
  const Group& group = *found == nullptr ? kNoGroup : **found;
  GroupDraft draft(command.group, group, last_assignment_epoch_, moment);
  draft.set_metadata(command.metadata);
  Room room(group, limits_);
  bool committed = false;
  Outcome outcome = DecideEach(
      group, command.positions, [&](const Partition& partition, const Position& position) {
        const TopicPartition& place = position.assignment.partition;
        absl::Status checked = CheckExists(place, *moment.topics);
        if (checked.ok()) {
          checked = command.member.has_value()
                        ? CheckOwner(partition, command.member->member_id, position)
                        : CheckOutsider(partition, position);
        }
        if (checked.ok()) checked = room.Take(place);
        if (!checked.ok()) return Refused(std::move(checked));
        if (position.next_offset == partition.committed &&
            IsNews(command, partition, moment.wall_ms)) {
          draft.Commit(place, position.next_offset);
        }
        PositionResult result = CommitForward(partition, position, draft);
        committed = committed || result.status.ok();
        return result;
      });
  if (*found == nullptr && committed) draft.Create();
  return draft.Take(std::move(outcome));
}

// nullptr when the commit is to make it. kInvalidField, kFencedMemberEpoch, kLimitReached.
absl::StatusOr<const Group*> GroupState::GroupToCommit(const command::Commit& command,
                                                       const Moment& moment) const {
  if (command.metadata.size() > limits_.max_metadata_bytes) {
    const std::string what = fmt::format("more than {} bytes", limits_.max_metadata_bytes);
    return record::MakeError(record::Reason::kInvalidField, "metadata: " + what,
                             {{"metadata", what}});
  }
  if (command.member.has_value()) return GroupOf(*this, *command.member);
  const Group* group = Find(command.group);
  if (absl::Status room = CheckRoom(moment); group == nullptr && !room.ok()) return room;
  return group;
}

GroupState::Result GroupState::DecideOwned(const MemberRef& member,
                                           const std::vector<Position>& positions,
                                           const Moment& moment, DecideOne decide) const {
  absl::StatusOr<const Group*> group = GroupOf(*this, member);
  if (!group.ok()) return group.status();
  GroupDraft draft(member.group, **group, last_assignment_epoch_, moment);
  Outcome outcome =
      DecideEach(**group, positions, [&](const Partition& partition, const Position& position) {
        absl::Status checked = CheckOwner(partition, member.member_id, position);
        return checked.ok() ? decide(partition, position, draft) : Refused(std::move(checked));
      });
  return draft.Take(std::move(outcome));
}

GroupState::Result GroupState::Decide(const command::StartAt& command, const Moment& moment) const {
  return DecideOwned(command.member, command.positions, moment,
                     [](const Partition& partition, const Position& position, GroupDraft& draft) {
                       return partition.committed.has_value()
                                  ? Done(partition, *partition.committed)
                                  : CommitForward(partition, position, draft);
                     });
}

GroupState::Result GroupState::Decide(const command::Release& command, const Moment& moment) const {
  return DecideOwned(command.member, command.positions, moment,
                     [](const Partition& partition, const Position& position, GroupDraft& draft) {
                       if (!partition.revoking) {
                         return Refused(record::MakeError(record::Reason::kPartitionNotRevoked,
                                                          "the partition was not asked for"));
                       }
                       PositionResult result = CommitForward(partition, position, draft);
                       if (result.status.ok()) {
                         draft.HandOver(position.assignment.partition, partition);
                       }
                       return result;
                     });
}

GroupState::Result GroupState::Decide(const command::SeekMember& command,
                                      const Moment& moment) const {
  return DecideOwned(
      command.member, command.positions, moment,
      [](const Partition& partition, const Position& position, GroupDraft& draft) {
        if (partition.revoking) {
          return Refused(Fenced("the partition is to be released", partition.assignment_epoch));
        }
        if (absl::Status inside = CheckRange(position); !inside.ok()) {
          return Refused(std::move(inside));
        }
        const TopicPartition& place = position.assignment.partition;
        draft.Seek(place, position.next_offset);
        return PositionResult{.assignment_epoch = draft.Renew(place, partition),
                              .committed = position.next_offset};
      });
}

GroupState::Result GroupState::Decide(const command::SeekGroup& command,
                                      const Moment& moment) const {
  const Group* group = Find(command.group);
  if (group == nullptr) return GroupNotFound(command.group);
  if (!group->members.empty() && !command.force) {
    return GroupHasMembers(command.group, group->members.size());
  }
  GroupDraft draft(command.group, *group, last_assignment_epoch_, moment);
  Outcome outcome;
  absl::btree_set<TopicPartition> seen;
  Room room(*group, limits_);
  for (const Position& position : command.positions) {
    const TopicPartition& place = position.assignment.partition;
    absl::Status checked = CheckExists(place, *moment.topics);
    if (checked.ok()) checked = CheckRange(position);
    if (!seen.insert(place).second) checked = NamedTwice();
    if (checked.ok()) checked = room.Take(place);
    if (!checked.ok()) return checked;
    const Partition& partition = PartitionOf(*group, place);
    draft.Seek(place, position.next_offset);
    outcome.push_back(Done(partition, position.next_offset));
    if (partition.revoking) {
      draft.TellLost(place, partition, ChangeReason::kSeek);
      draft.HandOver(place, partition);
    } else if (!partition.owner.empty()) {
      outcome.back().assignment_epoch =
          draft.Assign(place, partition, partition.owner, ChangeReason::kSeek);
    }
  }
  return draft.Take(std::move(outcome));
}

}  // namespace leat::group
