#include "server/group/group_state.h"

#include <algorithm>
#include <optional>
#include <variant>

#include "fmt/format.h"
#include "server/group/group_draft.h"
#include "server/group/group_error.h"
#include "server/group/subscription.h"
#include "storage/record/error.h"

namespace leat::group {
namespace {

using record::MakeError;
using record::Reason;

absl::Status Invalid(const std::string& field, const std::string& what) {
  return MakeError(Reason::kInvalidField, fmt::format("{}: {}", field, what), {{field, what}});
}

// The id of the member that a join goes on with; empty when it makes a new one.
absl::StatusOr<std::string> FindExisting(const command::Join& command, const Group* group) {
  if (!command.resume.has_value()) {
    if (group == nullptr || command.instance_id.empty()) return std::string();
    auto found = group->instances.find(command.instance_id);
    return found == group->instances.end() ? std::string() : found->second;
  }
  const auto& [member_id, epoch, positions, attached] = *command.resume;
  const auto* members = group == nullptr ? nullptr : &group->members;
  if (members == nullptr || !members->contains(member_id)) {
    return Fenced("there is no such member; join without resuming", std::nullopt);
  }
  const Member& member = members->find(member_id)->second;
  // Else the older of two would join anew, and take its place back from the newer one.
  if (!member.instance_id.empty() && epoch < member.claim_epoch) return InstanceReplaced(member_id);
  // The answer to an earlier join may have been lost with its stream: the client then names the
  // epoch before.
  const bool answer_lost = !attached && epoch + 1 == member.epoch;
  if (epoch != member.epoch && !answer_lost) {
    return Fenced("the member goes on elsewhere; join without resuming", member.epoch);
  }
  if (command.instance_id != member.instance_id) {
    return Invalid("instance_id", "differs from that of the member to resume");
  }
  return member_id;
}

bool IsSubscribed(const Group* group, const Subscription& subscription) {
  return group != nullptr &&
         std::any_of(group->members.begin(), group->members.end(),
                     [&](const auto& entry) { return entry.second.subscription == subscription; });
}

Member MakeMember(const command::Join& command, const Member* before, int64_t wall_ms) {
  const bool subscribed_before = before != nullptr && before->subscription == command.subscription;
  const uint64_t epoch = before == nullptr ? 1 : before->epoch + 1;
  return Member{.instance_id = command.instance_id,
                .client_name = command.client_name,
                .epoch = epoch,
                .claim_epoch = command.resume.has_value() ? before->claim_epoch : epoch,
                .subscription = command.subscription,
                .start = command.start,
                .session_timeout_ms = command.session_timeout_ms,
                .join_time_ms = before == nullptr ? wall_ms : before->join_time_ms,
                .subscribe_time_ms = subscribed_before ? before->subscribe_time_ms : wall_ms};
}

// Everything of the member begins anew where it says it is; what it was to release needs no more
// waiting, since nothing delivered before counts.
void ResumePartitions(const std::string& member_id, const command::Join& command,
                      const Group& group, GroupDraft& draft) {
  absl::btree_map<TopicPartition, Position> named;
  if (command.resume.has_value()) {
    for (const Position& position : command.resume->positions) {
      named.emplace(position.assignment.partition, position);
    }
  }
  for (const auto& [place, partition] : group.partitions) {
    if (partition.owner != member_id) continue;
    auto position = named.find(place);
    if (position != named.end() &&
        position->second.assignment.epoch == partition.assignment_epoch &&
        position->second.next_offset > partition.committed.value_or(-1) &&
        position->second.next_offset <= position->second.high_watermark) {
      draft.Commit(place, position->second.next_offset);
    }
    if (partition.revoking) {
      draft.HandOver(place, partition);
    } else {
      draft.Assign(place, partition, member_id, ChangeReason::kResumed);
    }
  }
}

}  // namespace

absl::StatusOr<Decision> GroupState::Handle(const GroupCommand& command,
                                            const Moment& moment) const {
  return std::visit([&](const auto& c) { return Decide(c, moment); }, command);
}

const Group* GroupState::Find(std::string_view name) const {
  auto found = groups_.find(name);
  return found == groups_.end() ? nullptr : &found->second;
}

std::vector<std::string> GroupState::GroupsConcernedBy(const TopicId& id,
                                                       std::string_view name) const {
  std::vector<std::string> concerned;
  for (const auto& [group_name, group] : groups_) {
    auto partition = group.partitions.lower_bound({id, 0});
    bool is = partition != group.partitions.end() && partition->first.topic_id == id;
    // Members of a group mostly subscribe to the same.
    const Subscription* checked = nullptr;
    for (auto member = group.members.begin(); !is && member != group.members.end(); ++member) {
      const Subscription& subscription = member->second.subscription;
      if (checked == nullptr || subscription != *checked) is = Matches(subscription, name);
      checked = &subscription;
    }
    if (is) concerned.push_back(group_name);
  }
  return concerned;
}

absl::Status GroupState::CheckJoin(const command::Join& command, const Moment& moment) const {
  absl::Status checked = CheckSubscription(command.subscription, limits_);
  if (!checked.ok()) return checked;
  if (command.instance_id.size() > limits_.max_name_bytes) {
    return Invalid("instance_id", fmt::format("more than {} bytes", limits_.max_name_bytes));
  }
  if (command.client_name.size() > limits_.max_name_bytes) {
    return Invalid("client_name", fmt::format("more than {} bytes", limits_.max_name_bytes));
  }
  // What was within the limit when a member came with it stays welcome: of topics that were made
  // since some are left out.
  if (IsSubscribed(Find(command.group), command.subscription)) return absl::OkStatus();
  uint64_t partitions = 0;
  for (const TopicInfo* topic : TopicsOf(command.subscription, *moment.topics)) {
    partitions += topic->partition_count;
  }
  if (partitions > limits_.max_partitions) {
    return LimitReached("partitions in a group", limits_.max_partitions);
  }
  return absl::OkStatus();
}

absl::Status GroupState::CheckRoom(const Moment& moment) const {
  const bool full = groups_.size() + moment.groups_elsewhere >= limits_.max_groups;
  return full ? LimitReached("groups", limits_.max_groups) : absl::OkStatus();
}

GroupState::Result GroupState::Decide(const command::Join& command, const Moment& moment) const {
  absl::Status checked = CheckJoin(command, moment);
  if (!checked.ok()) return checked;
  static const Group kNoGroup;
  const Group* present = Find(command.group);
  const Group& group = present == nullptr ? kNoGroup : *present;
  absl::StatusOr<std::string> existing = FindExisting(command, present);
  if (!existing.ok()) return existing.status();
  if (absl::Status room = CheckRoom(moment); present == nullptr && !room.ok()) return room;
  if (existing->empty() && group.members.size() >= limits_.max_members) {
    return LimitReached("members in a group", limits_.max_members);
  }
  const Member* before = existing->empty() ? nullptr : &group.members.find(*existing)->second;
  const std::string& member_id = before == nullptr ? moment.new_member_id : *existing;

  GroupDraft draft(command.group, group, last_assignment_epoch_, moment);
  if (present == nullptr) draft.Create();
  draft.Put(member_id, MakeMember(command, before, moment.wall_ms));
  if (before != nullptr) ResumePartitions(member_id, command, group, draft);
  if (before == nullptr || before->subscription != command.subscription) draft.WantRebalance();
  return draft.Take();
}

GroupState::Result GroupState::Decide(const command::Leave& command, const Moment& moment) const {
  const auto& [group_name, member_id, member_epoch] = command.member;
  const Group* group = Find(group_name);
  if (group == nullptr) return GroupNotFound(group_name);
  auto member = group->members.find(member_id);
  if (member == group->members.end()) return Fenced("there is no such member", std::nullopt);
  if (member->second.epoch != member_epoch) {
    return Fenced("the member goes on elsewhere", member->second.epoch);
  }
  GroupDraft draft(group_name, *group, last_assignment_epoch_, moment);
  draft.Remove(member_id, command.why);
  for (const auto& [place, partition] : group->partitions) {
    if (partition.owner == member_id) {
      draft.HandOver(place, partition);
    } else if (partition.next_owner == member_id) {
      draft.Redirect(place, partition, "");
    }
  }
  draft.WantRebalance();
  return draft.Take();
}

GroupState::Result GroupState::Decide(const command::ExpireRevocations& command,
                                      const Moment& moment) const {
  const Group* group = Find(command.group);
  if (group == nullptr) return Decision{};
  GroupDraft draft(command.group, *group, last_assignment_epoch_, moment);
  for (const Assignment& assignment : command.assignments) {
    auto found = group->partitions.find(assignment.partition);
    if (found == group->partitions.end() || !found->second.revoking ||
        found->second.assignment_epoch != assignment.epoch) {
      continue;
    }
    draft.TellLost(found->first, found->second, ChangeReason::kDeadlinePassed);
    draft.HandOver(found->first, found->second);
  }
  return draft.Take();
}

GroupState::Result GroupState::Decide(const command::DeleteGroup& command, const Moment&) const {
  const Group* group = Find(command.group);
  if (group == nullptr) return GroupNotFound(command.group);
  if (!group->members.empty() && !command.force) {
    return GroupHasMembers(command.group, group->members.size());
  }
  Decision decision;
  internal::GroupRecord& record = decision.records.emplace_back();
  record.set_group(command.group);
  record.mutable_group_deleted();
  for (const auto& [id, member] : group->members) {
    decision.events.emplace_back(id, event::Closed{MemberEvicted("the group was deleted")});
  }
  return decision;
}

GroupState::Result GroupState::Decide(const command::ExpireGroups& command,
                                      const Moment& moment) const {
  Decision decision;
  for (const auto& [name, group] : groups_) {
    if (!group.members.empty()) continue;
    if (group.active_time_ms + command.retention_ms > moment.wall_ms) continue;
    internal::GroupRecord& record = decision.records.emplace_back();
    record.set_group(name);
    record.mutable_group_deleted();
  }
  return decision;
}

}  // namespace leat::group
