// How records become state, and state a snapshot.

#include <algorithm>
#include <utility>

#include "fmt/format.h"
#include "server/group/group_codec.h"
#include "server/group/group_state.h"

namespace leat::group {
namespace {

// A part of a snapshot is about this large.
constexpr size_t kSnapshotPartBytes = 256 << 10;

// No epoch that was given is larger.
constexpr uint64_t kMaxAssignmentEpoch = INT64_MAX;

absl::Status DoesNotFit(std::string_view what) {
  return absl::DataLossError(fmt::format("a record does not follow on those before it: {}", what));
}

absl::Status ApplyMember(const internal::MemberPut& record, Group& group) {
  absl::StatusOr<Member> member = DecodeMember(record);
  if (!member.ok()) return member.status();
  auto present = group.members.find(record.member_id());
  if (present != group.members.end() && (present->second.epoch >= member->epoch ||
                                         present->second.instance_id != member->instance_id)) {
    return DoesNotFit("a member goes back");
  }
  if (!member->instance_id.empty()) {
    const auto [instance, added] =
        group.instances.try_emplace(member->instance_id, record.member_id());
    if (instance->second != record.member_id()) return DoesNotFit("an instance is there twice");
  }
  group.members.insert_or_assign(record.member_id(), *std::move(member));
  return absl::OkStatus();
}

absl::Status ApplyRemoved(const internal::MemberRemoved& record, Group& group) {
  auto member = group.members.find(record.member_id());
  if (member == group.members.end()) return DoesNotFit("an unknown member is removed");
  for (const auto& [place, partition] : group.partitions) {
    if (partition.owner == record.member_id() || partition.next_owner == record.member_id()) {
      return DoesNotFit("a member is removed that owns a partition");
    }
  }
  if (!member->second.instance_id.empty()) group.instances.erase(member->second.instance_id);
  group.members.erase(member);
  group.active_time_ms = record.time_ms();
  return absl::OkStatus();
}

enum class Direction : uint8_t { kForward, kAny };

absl::Status ApplyOffsets(const internal::OffsetsCommitted& record, Direction direction,
                          Group& group) {
  for (const internal::CommittedOffset& offset : record.offsets()) {
    absl::StatusOr<TopicId> id = DecodeTopicId(offset.topic_id());
    if (!id.ok()) return id.status();
    Partition& partition = group.partitions[{*id, offset.partition()}];
    if (offset.next_offset() < 0 || (direction == Direction::kForward &&
                                     offset.next_offset() < partition.committed.value_or(-1))) {
      return DoesNotFit("a committed offset goes back");
    }
    partition.committed = offset.next_offset();
    partition.metadata = record.metadata();
    partition.commit_time_ms = record.time_ms();
  }
  group.active_time_ms = record.time_ms();
  return absl::OkStatus();
}

absl::Status ApplyDropped(const internal::TopicsDropped& record, Group& group) {
  for (const std::string& encoded : record.topic_ids()) {
    absl::StatusOr<TopicId> id = DecodeTopicId(encoded);
    if (!id.ok()) return id.status();
    auto end = group.partitions.lower_bound({*id, 0});
    const auto begin = end;
    while (end != group.partitions.end() && end->first.topic_id == *id) ++end;
    if (begin == end) return DoesNotFit("an unknown topic is dropped");
    group.partitions.erase(begin, end);
  }
  return absl::OkStatus();
}

// Whether an owner's fields fit together and name members of the group.
bool IsSound(const Partition& partition, const Group& group) {
  const auto is_member = [&group](const std::string& id) { return group.members.contains(id); };
  if (partition.assignment_epoch > kMaxAssignmentEpoch) return false;
  if (partition.owner.empty()) return !partition.revoking && partition.next_owner.empty();
  if (partition.assignment_epoch == 0 || !is_member(partition.owner)) return false;
  return partition.next_owner.empty() || (partition.revoking && is_member(partition.next_owner));
}

}  // namespace

absl::Status GroupState::Apply(const internal::GroupRecord& record) {
  switch (record.kind_case()) {
    case internal::GroupRecord::kGroupCreated:
      return ApplyCreated(record.group(), record.group_created());
    case internal::GroupRecord::kGroupDeleted:
      return groups_.erase(record.group()) == 1 ? absl::OkStatus()
                                                : DoesNotFit("an unknown group is deleted");
    case internal::GroupRecord::kSnapshotPart:
      return ApplySnapshotPart(record.snapshot_part());
    default:
      break;
  }
  auto group = groups_.find(record.group());
  if (group == groups_.end()) {
    return DoesNotFit(fmt::format("there is no group '{}'", record.group()));
  }
  return ApplyToGroup(record, group->second);
}

absl::Status GroupState::ApplyToGroup(const internal::GroupRecord& record, Group& group) {
  switch (record.kind_case()) {
    case internal::GroupRecord::kMemberPut:
      return ApplyMember(record.member_put(), group);
    case internal::GroupRecord::kMemberRemoved:
      return ApplyRemoved(record.member_removed(), group);
    case internal::GroupRecord::kOwnersChanged:
      return ApplyOwners(record.owners_changed(), group);
    case internal::GroupRecord::kOffsetsCommitted:
      return ApplyOffsets(record.offsets_committed(), Direction::kForward, group);
    case internal::GroupRecord::kOffsetsMoved:
      return ApplyOffsets(record.offsets_moved(), Direction::kAny, group);
    case internal::GroupRecord::kTopicsDropped:
      return ApplyDropped(record.topics_dropped(), group);
    default:
      return absl::DataLossError("a record of a kind that this program does not know");
  }
}

absl::Status GroupState::ApplyCreated(const std::string& name,
                                      const internal::GroupCreated& record) {
  Group group{.create_time_ms = record.time_ms(), .active_time_ms = record.time_ms()};
  const bool added = groups_.try_emplace(name, std::move(group)).second;
  return added && !name.empty() ? absl::OkStatus() : DoesNotFit("a group is made twice");
}

absl::Status GroupState::ApplyOwners(const internal::OwnersChanged& record, Group& group) {
  if (record.group_epoch() != group.epoch + 1) return DoesNotFit("a group's epoch jumps");
  group.epoch = record.group_epoch();
  for (const internal::Owner& owner : record.owners()) {
    absl::StatusOr<TopicId> id = DecodeTopicId(owner.topic_id());
    if (!id.ok()) return id.status();
    Partition& partition = group.partitions[{*id, owner.partition()}];
    Partition changed = DecodeOwner(owner);
    const bool renewed = changed.assignment_epoch > last_assignment_epoch_;
    const bool kept = changed.assignment_epoch == partition.assignment_epoch &&
                      (changed.owner.empty() || changed.owner == partition.owner);
    if (!IsSound(changed, group) || (!renewed && !kept)) {
      return DoesNotFit("an owner is no member or its assignment epoch is not new");
    }
    last_assignment_epoch_ = std::max(last_assignment_epoch_, changed.assignment_epoch);
    changed.committed = partition.committed;
    changed.metadata = std::move(partition.metadata);
    changed.commit_time_ms = partition.commit_time_ms;
    partition = std::move(changed);
  }
  return absl::OkStatus();
}

absl::Status GroupState::ApplySnapshotPart(const internal::GroupSnapshotPart& record) {
  if (record.last_assignment_epoch() > kMaxAssignmentEpoch)
    return DoesNotFit("an epoch is too high");
  last_assignment_epoch_ = std::max(last_assignment_epoch_, record.last_assignment_epoch());
  for (const internal::GroupSnapshotPart::Group& kept : record.groups()) {
    if (kept.has_create_time_ms()) {
      Group& group = groups_[kept.name()];
      group.create_time_ms = kept.create_time_ms();
      group.active_time_ms = kept.active_time_ms();
      group.epoch = kept.epoch();
    }
    auto group = groups_.find(kept.name());
    if (group == groups_.end()) return DoesNotFit("a snapshot lacks the beginning of a group");
    for (const internal::MemberPut& member : kept.members()) {
      absl::Status applied = ApplyMember(member, group->second);
      if (!applied.ok()) return applied;
    }
    for (const internal::GroupSnapshotPart::Partition& message : kept.partitions()) {
      absl::StatusOr<TopicId> id = DecodeTopicId(message.owner().topic_id());
      if (!id.ok()) return id.status();
      Partition partition = DecodeOwner(message.owner());
      if (message.has_committed()) partition.committed = message.committed();
      partition.metadata = message.metadata();
      partition.commit_time_ms = message.commit_time_ms();
      if (!IsSound(partition, group->second)) return DoesNotFit("an owner is no member");
      if (partition.assignment_epoch > last_assignment_epoch_)
        return DoesNotFit("an epoch is too high");
      group->second.partitions[{*id, message.owner().partition()}] = std::move(partition);
    }
  }
  return absl::OkStatus();
}

namespace {

// Cuts a snapshot into parts.
class SnapshotWriter {
 public:
  explicit SnapshotWriter(uint64_t last_assignment_epoch)
      : last_assignment_epoch_(last_assignment_epoch) {}

  void Add(const std::string& name, const Group& group) {
    internal::GroupSnapshotPart::Group* kept = Open(name);
    kept->set_create_time_ms(group.create_time_ms);
    kept->set_active_time_ms(group.active_time_ms);
    kept->set_epoch(group.epoch);
    for (const auto& [id, member] : group.members) {
      if (part_bytes_ >= kSnapshotPartBytes) kept = Open(name);
      *kept->add_members() = EncodeMember(id, member);
      part_bytes_ += kept->members().rbegin()->ByteSizeLong();
    }
    for (const auto& [place, partition] : group.partitions) {
      if (part_bytes_ >= kSnapshotPartBytes) kept = Open(name);
      *kept->add_partitions() = EncodePartition(place, partition);
      part_bytes_ += kept->partitions().rbegin()->ByteSizeLong();
    }
  }

  std::vector<internal::GroupRecord> Take() {
    if (parts_.empty()) AddPart();
    parts_.back().mutable_snapshot_part()->set_last(true);
    return std::move(parts_);
  }

 private:
  void AddPart() {
    internal::GroupSnapshotPart* part = parts_.emplace_back().mutable_snapshot_part();
    part->set_index(static_cast<uint32_t>(parts_.size() - 1));
    part->set_last_assignment_epoch(last_assignment_epoch_);
    part_bytes_ = 0;
  }

  internal::GroupSnapshotPart::Group* Open(const std::string& name) {
    if (parts_.empty() || part_bytes_ >= kSnapshotPartBytes) AddPart();
    internal::GroupSnapshotPart::Group* group = parts_.back().mutable_snapshot_part()->add_groups();
    group->set_name(name);
    part_bytes_ += name.size();
    return group;
  }

  const uint64_t last_assignment_epoch_;
  std::vector<internal::GroupRecord> parts_;
  size_t part_bytes_ = 0;
};

}  // namespace

std::vector<internal::GroupRecord> GroupState::Snapshot() const {
  SnapshotWriter writer(last_assignment_epoch_);
  for (const auto& [name, group] : groups_) writer.Add(name, group);
  return writer.Take();
}

}  // namespace leat::group
