#include "server/group/group_codec.h"

#include <cstring>

#include "absl/status/status.h"

namespace leat::group {

std::string EncodeTopicId(const TopicId& id) {
  return std::string(reinterpret_cast<const char*>(id.data()), id.size());
}

internal::MemberPut EncodeMember(const std::string& id, const Member& member) {
  internal::MemberPut message;
  message.set_member_id(id);
  message.set_instance_id(member.instance_id);
  message.set_client_name(member.client_name);
  message.set_epoch(member.epoch);
  for (const std::string& topic : member.subscription.topics) message.add_topics(topic);
  for (const std::string& pattern : member.subscription.patterns) message.add_patterns(pattern);
  message.set_start_kind(static_cast<uint32_t>(member.start.kind));
  message.set_start_value(member.start.value);
  message.set_session_timeout_ms(member.session_timeout_ms);
  message.set_subscribe_time_ms(member.subscribe_time_ms);
  message.set_join_time_ms(member.join_time_ms);
  message.set_claim_epoch(member.claim_epoch);
  return message;
}

internal::Owner EncodeOwner(const TopicPartition& place, const Partition& partition) {
  internal::Owner message;
  message.set_topic_id(EncodeTopicId(place.topic_id));
  message.set_partition(place.partition);
  message.set_assignment_epoch(partition.assignment_epoch);
  message.set_member_id(partition.owner);
  message.set_revoking(partition.revoking);
  message.set_next_member_id(partition.next_owner);
  message.set_from_log_start(partition.from_log_start);
  return message;
}

internal::GroupSnapshotPart::Partition EncodePartition(const TopicPartition& place,
                                                       const Partition& partition) {
  internal::GroupSnapshotPart::Partition message;
  *message.mutable_owner() = EncodeOwner(place, partition);
  if (partition.committed.has_value()) message.set_committed(*partition.committed);
  message.set_metadata(partition.metadata);
  message.set_commit_time_ms(partition.commit_time_ms);
  return message;
}

absl::StatusOr<TopicId> DecodeTopicId(std::string_view bytes) {
  TopicId id;
  if (bytes.size() != id.size()) return absl::DataLossError("a topic id is not 16 bytes long");
  std::memcpy(id.data(), bytes.data(), id.size());
  return id;
}

absl::StatusOr<Member> DecodeMember(const internal::MemberPut& message) {
  if (message.member_id().empty() || message.epoch() == 0) {
    return absl::DataLossError("a member has no id or no epoch");
  }
  if (message.start_kind() < static_cast<uint32_t>(StartPolicy::Kind::kEarliest) ||
      message.start_kind() > static_cast<uint32_t>(StartPolicy::Kind::kLastRecords)) {
    return absl::DataLossError("unknown start policy");
  }
  return Member{
      .instance_id = message.instance_id(),
      .client_name = message.client_name(),
      .epoch = message.epoch(),
      .claim_epoch = message.claim_epoch(),
      .subscription = {.topics = {message.topics().begin(), message.topics().end()},
                       .patterns = {message.patterns().begin(), message.patterns().end()}},
      .start = {.kind = static_cast<StartPolicy::Kind>(message.start_kind()),
                .value = message.start_value()},
      .session_timeout_ms = message.session_timeout_ms(),
      .join_time_ms = message.join_time_ms(),
      .subscribe_time_ms = message.subscribe_time_ms()};
}

Partition DecodeOwner(const internal::Owner& message) {
  return Partition{.assignment_epoch = message.assignment_epoch(),
                   .owner = message.member_id(),
                   .revoking = message.revoking(),
                   .next_owner = message.next_member_id(),
                   .from_log_start = message.from_log_start()};
}

}  // namespace leat::group
