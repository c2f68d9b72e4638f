// Commands that move committed offsets.

#include <optional>

#include "absl/container/btree_set.h"
#include "fmt/format.h"
#include "server/group/group_draft.h"
#include "server/group/group_error.h"
#include "server/group/group_state.h"
#include "storage/record/error.h"

namespace leat::group {
namespace {

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

// What is committed already can be said again, also where the log has lost its end since.
absl::Status CheckForward(const Partition& partition, const Position& position) {
  const bool again = position.next_offset >= 0 && position.next_offset <= partition.committed;
  return again ? absl::OkStatus() : CheckRange(position);
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

// Commits `position` unless more is committed already.
PositionResult CommitForward(const Partition& partition, const Position& position,
                             GroupDraft& draft) {
  const int64_t committed = partition.committed.value_or(-1);
  if (position.next_offset <= committed) return Done(partition, committed);
  draft.Commit(position.assignment.partition, position.next_offset);
  return Done(partition, position.next_offset);
}

}  // namespace

GroupState::Result GroupState::Decide(const command::Commit& command, const Moment& moment) const {
  if (command.metadata.size() > limits_.max_metadata_bytes) {
    const std::string what = fmt::format("more than {} bytes", limits_.max_metadata_bytes);
    return record::MakeError(record::Reason::kInvalidField, "metadata: " + what,
                             {{"metadata", what}});
  }
  static const Group kNoGroup;
  const Group* group = Find(command.group);
  const bool create = group == nullptr && !command.member.has_value();
  if (command.member.has_value()) {
    absl::StatusOr<const Group*> found = GroupOf(*this, *command.member);
    if (!found.ok()) return found.status();
  } else if (create) {
    if (absl::Status room = CheckRoom(moment); !room.ok()) return room;
    group = &kNoGroup;
  }
  GroupDraft draft(command.group, *group, last_assignment_epoch_, moment);
  draft.set_metadata(command.metadata);
  Outcome outcome;
  absl::btree_set<TopicPartition> seen;
  bool committed = false;
  for (const Position& position : command.positions) {
    const TopicPartition& place = position.assignment.partition;
    const Partition& partition = PartitionOf(*group, place);
    PositionResult& result = outcome.emplace_back();
    result.status = CheckExists(place, *moment.topics);
    if (!seen.insert(place).second) result.status = NamedTwice();
    if (!result.status.ok()) continue;
    result.status = command.member.has_value()
                        ? CheckOwner(partition, command.member->member_id, position)
                        : CheckOutsider(partition, position);
    if (result.status.ok()) result.status = CheckForward(partition, position);
    if (!result.status.ok()) continue;
    result = CommitForward(partition, position, draft);
    committed = true;
  }
  if (create && committed) draft.Create();
  return draft.Take(std::move(outcome));
}

GroupState::Result GroupState::Decide(const command::StartAt& command, const Moment& moment) const {
  absl::StatusOr<const Group*> group = GroupOf(*this, command.member);
  if (!group.ok()) return group.status();
  GroupDraft draft(command.member.group, **group, last_assignment_epoch_, moment);
  Outcome outcome;
  absl::btree_set<TopicPartition> seen;
  for (const Position& position : command.positions) {
    const Partition& partition = PartitionOf(**group, position.assignment.partition);
    PositionResult& result = outcome.emplace_back();
    result.status = CheckOwner(partition, command.member.member_id, position);
    if (result.status.ok()) result.status = CheckForward(partition, position);
    if (!seen.insert(position.assignment.partition).second) result.status = NamedTwice();
    if (!result.status.ok()) continue;
    result = partition.committed.has_value() ? Done(partition, *partition.committed)
                                             : CommitForward(partition, position, draft);
  }
  return draft.Take(std::move(outcome));
}

GroupState::Result GroupState::Decide(const command::Release& command, const Moment& moment) const {
  absl::StatusOr<const Group*> group = GroupOf(*this, command.member);
  if (!group.ok()) return group.status();
  GroupDraft draft(command.member.group, **group, last_assignment_epoch_, moment);
  Outcome outcome;
  absl::btree_set<TopicPartition> seen;
  for (const Position& position : command.positions) {
    const TopicPartition& place = position.assignment.partition;
    const Partition& partition = PartitionOf(**group, place);
    PositionResult& result = outcome.emplace_back();
    result.status = CheckOwner(partition, command.member.member_id, position);
    if (result.status.ok()) result.status = CheckForward(partition, position);
    if (result.status.ok() && !partition.revoking) {
      result.status = record::MakeError(record::Reason::kPartitionNotRevoked,
                                        "the partition was not asked for");
    }
    if (!seen.insert(place).second) result.status = NamedTwice();
    if (!result.status.ok()) continue;
    result = CommitForward(partition, position, draft);
    draft.HandOver(place, partition);
  }
  return draft.Take(std::move(outcome));
}

GroupState::Result GroupState::Decide(const command::SeekMember& command,
                                      const Moment& moment) const {
  absl::StatusOr<const Group*> group = GroupOf(*this, command.member);
  if (!group.ok()) return group.status();
  GroupDraft draft(command.member.group, **group, last_assignment_epoch_, moment);
  Outcome outcome;
  absl::btree_set<TopicPartition> seen;
  for (const Position& position : command.positions) {
    const TopicPartition& place = position.assignment.partition;
    const Partition& partition = PartitionOf(**group, place);
    PositionResult& result = outcome.emplace_back();
    result.status = CheckOwner(partition, command.member.member_id, position);
    if (result.status.ok()) result.status = CheckRange(position);
    if (result.status.ok() && partition.revoking) {
      result.status = Fenced("the partition is to be released", partition.assignment_epoch);
    }
    if (!seen.insert(place).second) result.status = NamedTwice();
    if (!result.status.ok()) continue;
    draft.Seek(place, position.next_offset);
    result.assignment_epoch = draft.Renew(place, partition);
    result.committed = position.next_offset;
  }
  return draft.Take(std::move(outcome));
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
  for (const Position& position : command.positions) {
    const TopicPartition& place = position.assignment.partition;
    absl::Status checked = CheckExists(place, *moment.topics);
    if (checked.ok()) checked = CheckRange(position);
    if (!seen.insert(place).second) checked = NamedTwice();
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
