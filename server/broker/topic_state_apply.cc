#include <memory>
#include <utility>

#include "fmt/format.h"
#include "server/broker/metadata_codec.h"
#include "server/broker/topic_state.h"

namespace leat::broker {
namespace {

// A part of a snapshot is about this large.
constexpr size_t kSnapshotPartBytes = 256 << 10;

absl::Status DoesNotFit(std::string_view what) {
  return absl::DataLossError(fmt::format("a record does not follow on those before it: {}", what));
}

}  // namespace

absl::StatusOr<TopicChange> TopicState::Apply(const internal::MetadataRecord& record) {
  switch (record.kind_case()) {
    case internal::MetadataRecord::kTopicCreated:
      return ApplyCreated(record.topic_created());
    case internal::MetadataRecord::kSettingsChanged:
      return ApplySettings(record.settings_changed());
    case internal::MetadataRecord::kPartitionsAdded:
      return ApplyPartitions(record.partitions_added());
    case internal::MetadataRecord::kTopicDeleted:
      return ApplyDeleted(record.topic_deleted());
    case internal::MetadataRecord::kTopicsForgotten:
      return ApplyForgotten(record.topics_forgotten());
    case internal::MetadataRecord::kLogStartsMoved:
      return ApplyLogStarts(record.log_starts_moved());
    case internal::MetadataRecord::kSnapshotPart:
      return ApplySnapshotPart(record.snapshot_part());
    case internal::MetadataRecord::kProducerGranted:
      return ApplyProducer(record.producer_granted());
    case internal::MetadataRecord::KIND_NOT_SET:
      break;
  }
  return absl::DataLossError("a record of a kind that this program does not know");
}

absl::StatusOr<TopicChange> TopicState::ApplyCreated(const internal::TopicCreated& record) {
  absl::StatusOr<Topic> decoded = DecodeTopic(record);
  if (!decoded.ok()) return decoded.status();
  auto topic = std::make_shared<const Topic>(*std::move(decoded));
  if (by_name_.contains(topic->name) || by_id_.contains(topic->id) ||
      deleted_.contains(topic->id)) {
    return DoesNotFit(fmt::format("topic '{}' is created twice", topic->name));
  }
  by_name_.emplace(topic->name, topic->id);
  by_id_.emplace(topic->id, Entry{.topic = topic});
  return TopicChange{.put = topic};
}

absl::StatusOr<TopicChange> TopicState::ApplySettings(const internal::SettingsChanged& record) {
  absl::StatusOr<Entry*> entry = EntryOf(record.topic_id());
  if (!entry.ok()) return entry.status();
  absl::StatusOr<TopicSettings> settings = DecodeSettings(record.settings());
  if (!settings.ok()) return settings.status();
  Topic changed = *(*entry)->topic;
  changed.settings = *settings;
  (*entry)->topic = std::make_shared<const Topic>(std::move(changed));
  return TopicChange{.put = (*entry)->topic};
}

absl::StatusOr<TopicChange> TopicState::ApplyPartitions(const internal::PartitionsAdded& record) {
  absl::StatusOr<Entry*> entry = EntryOf(record.topic_id());
  if (!entry.ok()) return entry.status();
  Topic changed = *(*entry)->topic;
  if (record.partition_count() <= changed.partition_count) {
    return DoesNotFit(fmt::format("topic '{}' loses partitions", changed.name));
  }
  changed.partition_count = record.partition_count();
  (*entry)->topic = std::make_shared<const Topic>(std::move(changed));
  return TopicChange{.put = (*entry)->topic};
}

absl::StatusOr<TopicChange> TopicState::ApplyDeleted(const internal::TopicDeleted& record) {
  absl::StatusOr<Entry*> entry = EntryOf(record.topic_id());
  if (!entry.ok()) return entry.status();
  TopicHandle topic = (*entry)->topic;
  by_name_.erase(topic->name);
  by_id_.erase(topic->id);
  deleted_.insert(topic->id);
  return TopicChange{.removed = std::move(topic)};
}

absl::StatusOr<TopicChange> TopicState::ApplyForgotten(const internal::TopicsForgotten& record) {
  for (const std::string& encoded : record.topic_ids()) {
    absl::StatusOr<log::Uuid> id = DecodeUuid(encoded);
    if (!id.ok()) return id.status();
    if (deleted_.erase(*id) == 0) return DoesNotFit("a topic is forgotten that was not deleted");
  }
  return TopicChange{};
}

absl::StatusOr<TopicChange> TopicState::ApplyLogStarts(const internal::LogStartsMoved& record) {
  TopicChange change;
  for (const internal::LogStartsMoved::Topic& moved : record.topics()) {
    absl::StatusOr<Entry*> entry = EntryOf(moved.topic_id());
    if (!entry.ok()) return entry.status();
    const Topic& topic = *(*entry)->topic;
    for (const internal::LogStart& start : moved.log_starts()) {
      record::Offset& present = (*entry)->log_starts[start.partition()];
      const record::Offset offset{start.offset()};
      if (start.partition() >= topic.partition_count || offset <= present) {
        return DoesNotFit(fmt::format("the start of topic '{}', partition {} moves to {}",
                                      topic.name, start.partition(), start.offset()));
      }
      present = offset;
      change.log_starts.push_back({{topic.id, start.partition()}, offset});
    }
  }
  return change;
}

absl::StatusOr<TopicChange> TopicState::ApplySnapshotPart(const internal::SnapshotPart& record) {
  for (const internal::SnapshotPart::Topic& kept : record.topics()) {
    absl::StatusOr<TopicChange> created = ApplyCreated(kept.topic());
    if (!created.ok()) return created.status();
    internal::LogStartsMoved moved;
    moved.add_topics()->set_topic_id(kept.topic().topic_id());
    *moved.mutable_topics(0)->mutable_log_starts() = kept.log_starts();
    absl::StatusOr<TopicChange> started = ApplyLogStarts(moved);
    if (!started.ok()) return started.status();
    absl::Status loaded = LoadProducers(kept);
    if (!loaded.ok()) return loaded;
  }
  for (const std::string& encoded : record.deleted_topic_ids()) {
    absl::StatusOr<log::Uuid> id = DecodeUuid(encoded);
    if (!id.ok()) return id.status();
    deleted_.insert(*id);
  }
  return TopicChange{};
}

std::vector<internal::MetadataRecord> TopicState::Snapshot() const {
  std::vector<internal::MetadataRecord> parts(1);
  size_t part_bytes = 0;
  for (const TopicHandle& topic : Topics()) {
    if (part_bytes >= kSnapshotPartBytes) {
      parts.emplace_back();
      part_bytes = 0;
    }
    internal::SnapshotPart::Topic* kept = parts.back().mutable_snapshot_part()->add_topics();
    *kept->mutable_topic() = EncodeTopic(*topic);
    for (const auto& [partition, offset] : log_starts(topic->id)) {
      internal::LogStart* start = kept->add_log_starts();
      start->set_partition(partition);
      start->set_offset(offset.value);
    }
    SaveProducers(topic->id, *kept);
    part_bytes += kept->ByteSizeLong();
  }
  for (const log::Uuid& id : deleted_) {
    parts.back().mutable_snapshot_part()->add_deleted_topic_ids(EncodeUuid(id));
  }
  for (size_t i = 0; i < parts.size(); ++i) parts[i].mutable_snapshot_part()->set_index(i);
  parts.back().mutable_snapshot_part()->set_last(true);
  return parts;
}

absl::StatusOr<TopicState::Entry*> TopicState::EntryOf(std::string_view encoded_id) {
  absl::StatusOr<log::Uuid> id = DecodeUuid(encoded_id);
  if (!id.ok()) return id.status();
  auto found = by_id_.find(*id);
  if (found == by_id_.end()) {
    return DoesNotFit(fmt::format("there is no topic with id {}", FormatUuid(*id)));
  }
  return &found->second;
}

}  // namespace leat::broker
