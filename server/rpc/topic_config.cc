#include "server/rpc/topic_config.h"

#include <fmt/format.h>
#include <google/protobuf/util/time_util.h>

#include <array>
#include <string>

#include "absl/time/time.h"

namespace leat::rpc {
namespace {

using broker::TopicSettings;
using google::protobuf::util::TimeUtil;

constexpr int64_t kMiB = int64_t{1} << 20;
constexpr int64_t kGiB = int64_t{1} << 30;
constexpr int64_t kSecondsPerYear = 366LL * 24 * 3'600;

absl::Duration FromProto(const google::protobuf::Duration& duration) {
  return absl::Seconds(duration.seconds()) + absl::Nanoseconds(duration.nanos());
}

google::protobuf::Duration ToProto(absl::Duration duration) {
  google::protobuf::Duration result;
  absl::Duration rest;
  result.set_seconds(absl::IDivDuration(duration, absl::Seconds(1), &rest));
  result.set_nanos(static_cast<int32_t>(absl::ToInt64Nanoseconds(rest)));
  return result;
}

void CheckDuration(std::string_view field, const google::protobuf::Duration& value,
                   int64_t least_seconds, int64_t most_seconds, FieldErrors& errors) {
  if (value.nanos() < 0 || value.nanos() > 999'999'999 || value.seconds() < least_seconds ||
      value.seconds() >= most_seconds) {
    errors.Add(field, fmt::format("must be from {} s to {} s", least_seconds, most_seconds));
  }
}

// One field: how it is checked, whether it is set, and how it is taken over.
struct Field {
  std::string_view name;
  bool (*is_set)(const v1::TopicConfig&);
  void (*check)(const v1::TopicConfig&, const ServerLimits&, FieldErrors&);
  void (*apply)(const v1::TopicConfig&, TopicSettings&);
  void (*reset)(TopicSettings&);
};

using Config = v1::TopicConfig;

constexpr std::array kFields = {
    Field{
        "retention_time", [](const Config& c) { return c.has_retention_time(); },
        [](const Config& c, const ServerLimits&, FieldErrors& errors) {
          CheckDuration("config.retention_time", c.retention_time(), 0, 100 * kSecondsPerYear,
                        errors);
        },
        [](const Config& c, TopicSettings& s) { s.retention_time = FromProto(c.retention_time()); },
        [](TopicSettings& s) { s.retention_time = TopicSettings().retention_time; }},
    Field{"retention_bytes", [](const Config& c) { return c.has_retention_bytes(); },
          [](const Config& c, const ServerLimits&, FieldErrors& errors) {
            errors.CheckRange("config.retention_bytes", c.retention_bytes(), 0, INT64_MAX);
          },
          [](const Config& c, TopicSettings& s) { s.retention_bytes = c.retention_bytes(); },
          [](TopicSettings& s) { s.retention_bytes = TopicSettings().retention_bytes; }},
    Field{"segment_bytes", [](const Config& c) { return c.has_segment_bytes(); },
          [](const Config& c, const ServerLimits&, FieldErrors& errors) {
            errors.CheckRange("config.segment_bytes", c.segment_bytes(), kMiB, 64 * kGiB);
          },
          [](const Config& c, TopicSettings& s) { s.segment_bytes = c.segment_bytes(); },
          [](TopicSettings& s) { s.segment_bytes = TopicSettings().segment_bytes; }},
    Field{"segment_age", [](const Config& c) { return c.has_segment_age(); },
          [](const Config& c, const ServerLimits&, FieldErrors& errors) {
            CheckDuration("config.segment_age", c.segment_age(), 1, 10 * kSecondsPerYear, errors);
          },
          [](const Config& c, TopicSettings& s) { s.segment_age = FromProto(c.segment_age()); },
          [](TopicSettings& s) { s.segment_age = TopicSettings().segment_age; }},
    Field{"durability", [](const Config& c) { return c.has_durability(); },
          [](const Config& c, const ServerLimits&, FieldErrors& errors) {
            errors.CheckRange("config.durability", c.durability(), v1::DURABILITY_UNSPECIFIED,
                              v1::DURABILITY_SYNCED);
          },
          [](const Config& c, TopicSettings& s) {
            s.durability = c.durability() == v1::DURABILITY_WRITTEN ? broker::Durability::kWritten
                                                                    : broker::Durability::kSynced;
          },
          [](TopicSettings& s) { s.durability = TopicSettings().durability; }},
    Field{"max_record_bytes", [](const Config& c) { return c.has_max_record_bytes(); },
          [](const Config& c, const ServerLimits& limits, FieldErrors& errors) {
            errors.CheckRange("config.max_record_bytes", c.max_record_bytes(), 1,
                              limits.max_record_bytes);
          },
          [](const Config& c, TopicSettings& s) { s.max_record_bytes = c.max_record_bytes(); },
          [](TopicSettings& s) { s.max_record_bytes = TopicSettings().max_record_bytes; }},
    Field{"max_batch_bytes", [](const Config& c) { return c.has_max_batch_bytes(); },
          [](const Config& c, const ServerLimits& limits, FieldErrors& errors) {
            errors.CheckRange("config.max_batch_bytes", c.max_batch_bytes(), 1,
                              limits.max_message_bytes);
          },
          [](const Config& c, TopicSettings& s) { s.max_batch_bytes = c.max_batch_bytes(); },
          [](TopicSettings& s) { s.max_batch_bytes = TopicSettings().max_batch_bytes; }},
    Field{"timestamp_type", [](const Config& c) { return c.has_timestamp_type(); },
          [](const Config& c, const ServerLimits&, FieldErrors& errors) {
            errors.CheckRange("config.timestamp_type", c.timestamp_type(),
                              v1::TIMESTAMP_TYPE_UNSPECIFIED, v1::TIMESTAMP_TYPE_APPEND);
          },
          [](const Config& c, TopicSettings& s) {
            s.timestamp_type = c.timestamp_type() == v1::TIMESTAMP_TYPE_APPEND
                                   ? record::TimestampType::kAppend
                                   : record::TimestampType::kCreate;
          },
          [](TopicSettings& s) { s.timestamp_type = TopicSettings().timestamp_type; }},
    Field{"cleanup", [](const Config& c) { return c.has_cleanup(); },
          [](const Config& c, const ServerLimits&, FieldErrors& errors) {
            errors.CheckRange("config.cleanup", c.cleanup(), v1::CLEANUP_UNSPECIFIED,
                              v1::CLEANUP_BOTH);
          },
          [](const Config& c, TopicSettings& s) {
            s.cleanup = c.cleanup() == v1::CLEANUP_UNSPECIFIED
                            ? TopicSettings().cleanup
                            : static_cast<broker::Cleanup>(c.cleanup());
          },
          [](TopicSettings& s) { s.cleanup = TopicSettings().cleanup; }},
    Field{"tombstone_retention", [](const Config& c) { return c.has_tombstone_retention(); },
          [](const Config& c, const ServerLimits&, FieldErrors& errors) {
            CheckDuration("config.tombstone_retention", c.tombstone_retention(), 0,
                          100 * kSecondsPerYear, errors);
          },
          [](const Config& c, TopicSettings& s) {
            s.tombstone_retention = FromProto(c.tombstone_retention());
          },
          [](TopicSettings& s) { s.tombstone_retention = TopicSettings().tombstone_retention; }},
    Field{"deduplication_time", [](const Config& c) { return c.has_deduplication_time(); },
          [](const Config& c, const ServerLimits&, FieldErrors& errors) {
            const auto& time = c.deduplication_time();
            const int64_t least_seconds = time.seconds() == 0 && time.nanos() == 0 ? 0 : 1;
            CheckDuration("config.deduplication_time", time, least_seconds, 100 * kSecondsPerYear,
                          errors);
          },
          [](const Config& c, TopicSettings& s) {
            s.deduplication_time = FromProto(c.deduplication_time());
          },
          [](TopicSettings& s) { s.deduplication_time = TopicSettings().deduplication_time; }},
    Field{"deduplication_ids", [](const Config& c) { return c.has_deduplication_ids(); },
          [](const Config& c, const ServerLimits&, FieldErrors& errors) {
            errors.CheckRange("config.deduplication_ids", c.deduplication_ids(), 1, 1'000'000);
          },
          [](const Config& c, TopicSettings& s) { s.deduplication_ids = c.deduplication_ids(); },
          [](TopicSettings& s) { s.deduplication_ids = TopicSettings().deduplication_ids; }},
    Field{"checked_keys", [](const Config& c) { return c.has_checked_keys(); },
          [](const Config& c, const ServerLimits&, FieldErrors& errors) {
            errors.CheckRange("config.checked_keys", c.checked_keys(), 0, 1'000'000);
          },
          [](const Config& c, TopicSettings& s) { s.checked_keys = c.checked_keys(); },
          [](TopicSettings& s) { s.checked_keys = TopicSettings().checked_keys; }},
};

}  // namespace

void CheckTopicConfig(const v1::TopicConfig& config, const ServerLimits& limits,
                      FieldErrors& errors) {
  for (const Field& field : kFields) {
    if (field.is_set(config)) field.check(config, limits, errors);
  }
}

bool IsTopicConfigField(std::string_view name) {
  for (const Field& field : kFields) {
    if (field.name == name) return true;
  }
  return false;
}

void ApplyTopicConfig(const v1::TopicConfig& config, TopicSettings& settings) {
  for (const Field& field : kFields) {
    if (field.is_set(config)) field.apply(config, settings);
  }
}

void ApplyTopicConfigField(std::string_view name, const v1::TopicConfig& config,
                           TopicSettings& settings) {
  for (const Field& field : kFields) {
    if (field.name != name) continue;
    field.is_set(config) ? field.apply(config, settings) : field.reset(settings);
  }
}

v1::Topic ToProto(const broker::Topic& topic) {
  v1::Topic result;
  result.set_name(topic.name);
  result.set_topic_id(broker::FormatUuid(topic.id));
  result.set_partition_count(topic.partition_count);
  const TopicSettings& settings = topic.settings;
  v1::TopicConfig& config = *result.mutable_config();
  *config.mutable_retention_time() = ToProto(settings.retention_time);
  config.set_retention_bytes(static_cast<int64_t>(settings.retention_bytes));
  config.set_segment_bytes(static_cast<int64_t>(settings.segment_bytes));
  *config.mutable_segment_age() = ToProto(settings.segment_age);
  config.set_durability(static_cast<v1::Durability>(settings.durability));
  config.set_max_record_bytes(settings.max_record_bytes);
  config.set_max_batch_bytes(settings.max_batch_bytes);
  config.set_timestamp_type(static_cast<v1::TimestampType>(settings.timestamp_type));
  config.set_cleanup(static_cast<v1::Cleanup>(settings.cleanup));
  *config.mutable_tombstone_retention() = ToProto(settings.tombstone_retention);
  *config.mutable_deduplication_time() = ToProto(settings.deduplication_time);
  config.set_deduplication_ids(settings.deduplication_ids);
  config.set_checked_keys(settings.checked_keys);
  *result.mutable_create_time() = TimeUtil::MillisecondsToTimestamp(topic.create_time_ms);
  return result;
}

v1::Partition ToProto(const broker::PartitionStatus& status) {
  v1::Partition result;
  result.set_partition(status.partition);
  result.set_log_start_offset(status.log_start.value);
  result.set_high_watermark(status.high_watermark.value);
  result.set_bytes_on_disk(static_cast<int64_t>(status.bytes_on_disk));
  result.set_segment_count(status.segment_count);
  switch (status.state) {
    case log::LogState::kOnline:
      result.set_state(v1::PARTITION_STATE_ONLINE);
      break;
    case log::LogState::kOffline:
      result.set_state(v1::PARTITION_STATE_OFFLINE);
      break;
    case log::LogState::kCorrupt:
      result.set_state(v1::PARTITION_STATE_CORRUPT);
      break;
  }
  result.set_state_detail(status.state_detail);
  return result;
}

}  // namespace leat::rpc
