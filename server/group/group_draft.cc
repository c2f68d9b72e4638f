#include "server/group/group_draft.h"

#include <algorithm>
#include <optional>

#include "server/group/group_codec.h"

namespace leat::group {

GroupDraft::GroupDraft(std::string name, const Group& group, uint64_t last_assignment_epoch,
                       const Moment& moment)
    : name_(std::move(name)),
      group_(group),
      moment_(moment),
      last_assignment_epoch_(last_assignment_epoch) {}

void GroupDraft::Create() { create_ = true; }

void GroupDraft::Put(const std::string& member_id, Member member) {
  put_.insert_or_assign(member_id, std::move(member));
}

void GroupDraft::Remove(const std::string& member_id, absl::Status why) {
  removed_.emplace_back(member_id, std::move(why));
}

const Member* GroupDraft::FindMember(const std::string& member_id) const {
  const bool removed = std::any_of(removed_.begin(), removed_.end(),
                                   [&](const auto& entry) { return entry.first == member_id; });
  if (removed) return nullptr;
  if (auto put = put_.find(member_id); put != put_.end()) return &put->second;
  auto found = group_.members.find(member_id);
  return found == group_.members.end() ? nullptr : &found->second;
}

// --- Offsets ---

namespace {

void AddOffset(const TopicPartition& place, int64_t offset, internal::OffsetsCommitted& record) {
  internal::CommittedOffset* committed = record.add_offsets();
  committed->set_topic_id(EncodeTopicId(place.topic_id));
  committed->set_partition(place.partition);
  committed->set_next_offset(offset);
}

}  // namespace

void GroupDraft::Commit(const TopicPartition& place, int64_t offset) {
  offsets_[place] = offset;
  AddOffset(place, offset, committed_);
}

void GroupDraft::Seek(const TopicPartition& place, int64_t offset) {
  offsets_[place] = offset;
  AddOffset(place, offset, moved_);
}

std::optional<int64_t> GroupDraft::CommittedOf(const TopicPartition& place,
                                               const Partition& partition) const {
  auto changed = offsets_.find(place);
  return changed == offsets_.end() ? partition.committed : std::optional(changed->second);
}

// --- Owners ---

void GroupDraft::PutOwner(const TopicPartition& place, const Partition& partition) {
  *owners_.add_owners() = EncodeOwner(place, partition);
}

uint64_t GroupDraft::Renew(const TopicPartition& place, Partition partition) {
  partition.assignment_epoch = ++last_assignment_epoch_;
  partition.revoking = false;
  partition.next_owner.clear();
  PutOwner(place, partition);
  return partition.assignment_epoch;
}

uint64_t GroupDraft::Assign(const TopicPartition& place, Partition partition,
                            const std::string& member_id, ChangeReason reason) {
  partition.owner = member_id;
  const uint64_t epoch = Renew(place, partition);
  const TopicInfo* topic = moment_.topics->FindId(place.topic_id);
  if (topic == nullptr) {
    WantRebalance();
    return epoch;
  }
  const Member* member = FindMember(member_id);
  assigned_[{member_id, reason}].partitions.push_back(
      {.assignment = {place, epoch},
       .topic = topic->name,
       .committed = CommittedOf(place, partition),
       .start = partition.from_log_start ? StartPolicy{} : member->start});
  return epoch;
}

void GroupDraft::Revoke(const TopicPartition& place, Partition partition, std::string next_owner,
                        int64_t deadline_ms) {
  event::Revoked& event = revoked_[{partition.owner, ChangeReason::kRebalanced}];
  event.partitions.push_back({place, partition.assignment_epoch});
  event.deadline_ms = deadline_ms;
  partition.revoking = true;
  Redirect(place, std::move(partition), std::move(next_owner));
}

void GroupDraft::Redirect(const TopicPartition& place, Partition partition,
                          std::string next_owner) {
  partition.next_owner = std::move(next_owner);
  PutOwner(place, partition);
}

void GroupDraft::HandOver(const TopicPartition& place, Partition partition) {
  const std::string next_owner = std::exchange(partition.next_owner, "");
  if (FindMember(next_owner) != nullptr) {
    Assign(place, std::move(partition), next_owner, ChangeReason::kRebalanced);
    return;
  }
  partition.owner.clear();
  partition.revoking = false;
  PutOwner(place, partition);
  WantRebalance();
}

void GroupDraft::TellLost(const TopicPartition& place, const Partition& partition,
                          ChangeReason reason) {
  lost_[{partition.owner, reason}].partitions.push_back({place, partition.assignment_epoch});
}

void GroupDraft::DropTopic(const TopicId& id) { dropped_.add_topic_ids(EncodeTopicId(id)); }

// --- The result ---

internal::GroupRecord& GroupDraft::AddRecord() {
  internal::GroupRecord& record = decision_.records.emplace_back();
  record.set_group(name_);
  return record;
}

void GroupDraft::AddRecords() {
  if (create_) AddRecord().mutable_group_created()->set_time_ms(moment_.wall_ms);
  for (const auto& [id, member] : put_) {
    *AddRecord().mutable_member_put() = EncodeMember(id, member);
  }
  committed_.set_time_ms(moment_.wall_ms);
  moved_.set_time_ms(moment_.wall_ms);
  if (!committed_.offsets().empty()) *AddRecord().mutable_offsets_committed() = committed_;
  if (!moved_.offsets().empty()) *AddRecord().mutable_offsets_moved() = moved_;
  if (!dropped_.topic_ids().empty()) *AddRecord().mutable_topics_dropped() = dropped_;
  if (!owners_.owners().empty()) {
    owners_.set_group_epoch(group_.epoch + 1);
    *AddRecord().mutable_owners_changed() = owners_;
  }
  for (const auto& [id, why] : removed_) {
    internal::MemberRemoved* record = AddRecord().mutable_member_removed();
    record->set_member_id(id);
    record->set_time_ms(moment_.wall_ms);
  }
}

void GroupDraft::AddEvents() {
  const uint64_t group_epoch = group_.epoch + (owners_.owners().empty() ? 0 : 1);
  for (const auto& [id, member] : put_) {
    decision_.events.emplace_back(id, event::Joined{.member_id = id,
                                                    .member_epoch = member.epoch,
                                                    .resumed = group_.members.contains(id)});
  }
  // What is lost is told before what is new: it may be the same partition.
  const auto add = [&](auto& events) {
    for (auto& [key, told] : events) {
      const Member* member = FindMember(key.first);
      if (member == nullptr) continue;
      told.reason = key.second;
      told.group_epoch = group_epoch;
      told.member_epoch = member->epoch;
      decision_.events.emplace_back(key.first, std::move(told));
    }
  };
  add(lost_);
  add(revoked_);
  add(assigned_);
  for (auto& [id, why] : removed_) decision_.events.emplace_back(id, event::Closed{why});
}

Decision GroupDraft::Take(Outcome outcome) {
  AddRecords();
  AddEvents();
  decision_.outcome = std::move(outcome);
  return std::move(decision_);
}

}  // namespace leat::group
