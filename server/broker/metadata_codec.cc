#include "server/broker/metadata_codec.h"

#include <cstring>

#include "absl/status/status.h"
#include "absl/time/time.h"

namespace leat::broker {

std::string EncodeUuid(const log::Uuid& id) {
  return std::string(reinterpret_cast<const char*>(id.data()), id.size());
}

internal::TopicSettings EncodeSettings(const TopicSettings& settings) {
  internal::TopicSettings message;
  message.set_retention_time_ms(absl::ToInt64Milliseconds(settings.retention_time));
  message.set_retention_bytes(settings.retention_bytes);
  message.set_segment_bytes(settings.segment_bytes);
  message.set_segment_age_ms(absl::ToInt64Milliseconds(settings.segment_age));
  message.set_durability(static_cast<uint32_t>(settings.durability));
  message.set_max_record_bytes(settings.max_record_bytes);
  message.set_max_batch_bytes(settings.max_batch_bytes);
  message.set_timestamp_type(static_cast<uint32_t>(settings.timestamp_type));
  message.set_cleanup(static_cast<uint32_t>(settings.cleanup));
  message.set_tombstone_retention_ms(absl::ToInt64Milliseconds(settings.tombstone_retention));
  message.set_deduplication_time_ms(absl::ToInt64Milliseconds(settings.deduplication_time));
  message.set_deduplication_ids(settings.deduplication_ids);
  message.set_checked_keys(settings.checked_keys);
  return message;
}

internal::TopicCreated EncodeTopic(const Topic& topic) {
  internal::TopicCreated message;
  message.set_topic_id(EncodeUuid(topic.id));
  message.set_name(topic.name);
  message.set_partition_count(topic.partition_count);
  *message.mutable_settings() = EncodeSettings(topic.settings);
  message.set_create_time_ms(topic.create_time_ms);
  return message;
}

absl::StatusOr<log::Uuid> DecodeUuid(std::string_view bytes) {
  log::Uuid id;
  if (bytes.size() != id.size()) return absl::DataLossError("a topic id is not 16 bytes long");
  std::memcpy(id.data(), bytes.data(), id.size());
  return id;
}

absl::StatusOr<TopicSettings> DecodeSettings(const internal::TopicSettings& message) {
  TopicSettings settings;
  settings.retention_time = absl::Milliseconds(message.retention_time_ms());
  settings.retention_bytes = message.retention_bytes();
  settings.segment_bytes = message.segment_bytes();
  settings.segment_age = absl::Milliseconds(message.segment_age_ms());
  settings.durability = static_cast<Durability>(message.durability());
  settings.max_record_bytes = message.max_record_bytes();
  settings.max_batch_bytes = message.max_batch_bytes();
  settings.checked_keys = message.checked_keys();
  settings.timestamp_type = static_cast<record::TimestampType>(message.timestamp_type());
  if (settings.durability != Durability::kWritten && settings.durability != Durability::kSynced) {
    return absl::DataLossError("unknown durability");
  }
  if (settings.timestamp_type != record::TimestampType::kCreate &&
      settings.timestamp_type != record::TimestampType::kAppend) {
    return absl::DataLossError("unknown timestamp type");
  }
  if (message.cleanup() == 0) return settings;
  if (message.cleanup() > static_cast<uint32_t>(Cleanup::kBoth)) {
    return absl::DataLossError("unknown cleanup");
  }
  settings.cleanup = static_cast<Cleanup>(message.cleanup());
  settings.tombstone_retention = absl::Milliseconds(message.tombstone_retention_ms());
  if (message.deduplication_ids() == 0) return settings;
  settings.deduplication_time = absl::Milliseconds(message.deduplication_time_ms());
  settings.deduplication_ids = message.deduplication_ids();
  return settings;
}

absl::StatusOr<Topic> DecodeTopic(const internal::TopicCreated& message) {
  absl::StatusOr<log::Uuid> id = DecodeUuid(message.topic_id());
  if (!id.ok()) return id.status();
  absl::StatusOr<TopicSettings> settings = DecodeSettings(message.settings());
  if (!settings.ok()) return settings.status();
  if (message.name().empty()) return absl::DataLossError("a topic has no name");
  if (message.partition_count() == 0) return absl::DataLossError("a topic has no partitions");
  return Topic{.id = *id,
               .name = message.name(),
               .partition_count = message.partition_count(),
               .settings = *std::move(settings),
               .create_time_ms = message.create_time_ms()};
}

}  // namespace leat::broker
