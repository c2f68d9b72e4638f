#include "cli/topic_settings.h"

#include <cstdint>
#include <limits>

#include "absl/status/statusor.h"
#include "absl/strings/numbers.h"
#include "cli/quantity.h"
#include "fmt/format.h"

namespace leat::cli {
namespace {

absl::StatusOr<google::protobuf::Duration> ParseDurationOr(std::string_view zero,
                                                           std::string_view text) {
  const absl::StatusOr<absl::Duration> duration =
      text == zero ? absl::ZeroDuration() : ParseDuration(text);
  if (!duration.ok()) return duration.status();
  absl::Duration rest;
  google::protobuf::Duration out;
  out.set_seconds(absl::IDivDuration(*duration, absl::Seconds(1), &rest));
  out.set_nanos(static_cast<int32_t>(absl::ToInt64Nanoseconds(rest)));
  return out;
}

absl::StatusOr<google::protobuf::Duration> ParseProtoDuration(std::string_view text) {
  return ParseDurationOr("forever", text);
}

absl::StatusOr<google::protobuf::Duration> ParseDurationOrOff(std::string_view text) {
  return ParseDurationOr("off", text);
}

absl::StatusOr<uint32_t> ParseCount(std::string_view text) {
  uint32_t count = 0;
  if (!absl::SimpleAtoi(absl::string_view(text.data(), text.size()), &count)) {
    return absl::InvalidArgumentError(fmt::format("'{}' is no count", text));
  }
  return count;
}

absl::StatusOr<int64_t> ParseByteLimit(std::string_view text) {
  return text == "unlimited" ? 0 : ParseBytes(text);
}

absl::StatusOr<uint32_t> ParseBytes32(std::string_view text) {
  const absl::StatusOr<int64_t> bytes = ParseBytes(text);
  if (!bytes.ok()) return bytes.status();
  if (*bytes > std::numeric_limits<uint32_t>::max()) {
    return absl::InvalidArgumentError(fmt::format("size '{}' is too large", text));
  }
  return static_cast<uint32_t>(*bytes);
}

absl::StatusOr<v1::Durability> ParseDurability(std::string_view text) {
  if (text == "synced") return v1::DURABILITY_SYNCED;
  if (text == "written") return v1::DURABILITY_WRITTEN;
  return absl::InvalidArgumentError(fmt::format("durability '{}' must be synced or written", text));
}

absl::StatusOr<v1::TimestampType> ParseTimestampType(std::string_view text) {
  if (text == "create") return v1::TIMESTAMP_TYPE_CREATE;
  if (text == "append") return v1::TIMESTAMP_TYPE_APPEND;
  return absl::InvalidArgumentError(
      fmt::format("timestamp_type '{}' must be create or append", text));
}

absl::StatusOr<v1::Cleanup> ParseCleanup(std::string_view text) {
  if (text == "delete") return v1::CLEANUP_DELETE;
  if (text == "compact") return v1::CLEANUP_COMPACT;
  if (text == "both") return v1::CLEANUP_BOTH;
  return absl::InvalidArgumentError(
      fmt::format("cleanup '{}' must be delete, compact or both", text));
}

std::string_view WriteCleanup(v1::Cleanup cleanup) {
  switch (cleanup) {
    case v1::CLEANUP_COMPACT:
      return "compact";
    case v1::CLEANUP_BOTH:
      return "both";
    default:
      return "delete";
  }
}

// How one setting is read and written.
struct Setting {
  std::string_view name;
  absl::Status (*read)(std::string_view text, v1::TopicConfig* config);
  std::string (*write)(const v1::TopicConfig& config);
};

template <auto parse, auto store>
absl::Status Read(std::string_view text, v1::TopicConfig* config) {
  auto value = parse(text);
  if (!value.ok()) return std::move(value).status();
  store(*config, *value);
  return absl::OkStatus();
}

std::string WriteDuration(const google::protobuf::Duration& duration, std::string_view zero) {
  const absl::Duration value =
      absl::Seconds(duration.seconds()) + absl::Nanoseconds(duration.nanos());
  return value == absl::ZeroDuration() ? std::string(zero) : DescribeDuration(value);
}

constexpr Setting kSettings[] = {
    {"retention_time",
     Read<ParseProtoDuration,
          [](auto& config, auto& value) { *config.mutable_retention_time() = value; }>,
     [](const v1::TopicConfig& config) {
       return WriteDuration(config.retention_time(), "forever");
     }},
    {"retention_bytes",
     Read<ParseByteLimit, [](auto& config, auto& value) { config.set_retention_bytes(value); }>,
     [](const v1::TopicConfig& config) {
       return config.retention_bytes() == 0 ? "unlimited"
                                            : std::to_string(config.retention_bytes());
     }},
    {"segment_bytes",
     Read<ParseBytes, [](auto& config, auto& value) { config.set_segment_bytes(value); }>,
     [](const v1::TopicConfig& config) { return std::to_string(config.segment_bytes()); }},
    {"segment_age",
     Read<ParseProtoDuration,
          [](auto& config, auto& value) { *config.mutable_segment_age() = value; }>,
     [](const v1::TopicConfig& config) { return WriteDuration(config.segment_age(), "0"); }},
    {"durability",
     Read<ParseDurability, [](auto& config, auto& value) { config.set_durability(value); }>,
     [](const v1::TopicConfig& config) -> std::string {
       return config.durability() == v1::DURABILITY_WRITTEN ? "written" : "synced";
     }},
    {"max_record_bytes",
     Read<ParseBytes32, [](auto& config, auto& value) { config.set_max_record_bytes(value); }>,
     [](const v1::TopicConfig& config) { return std::to_string(config.max_record_bytes()); }},
    {"max_batch_bytes",
     Read<ParseBytes32, [](auto& config, auto& value) { config.set_max_batch_bytes(value); }>,
     [](const v1::TopicConfig& config) { return std::to_string(config.max_batch_bytes()); }},
    {"timestamp_type",
     Read<ParseTimestampType, [](auto& config, auto& value) { config.set_timestamp_type(value); }>,
     [](const v1::TopicConfig& config) -> std::string {
       return config.timestamp_type() == v1::TIMESTAMP_TYPE_APPEND ? "append" : "create";
     }},
    {"cleanup", Read<ParseCleanup, [](auto& config, auto& value) { config.set_cleanup(value); }>,
     [](const v1::TopicConfig& config) { return std::string(WriteCleanup(config.cleanup())); }},
    {"tombstone_retention",
     Read<ParseProtoDuration,
          [](auto& config, auto& value) { *config.mutable_tombstone_retention() = value; }>,
     [](const v1::TopicConfig& config) {
       return WriteDuration(config.tombstone_retention(), "0");
     }},
    {"deduplication_time",
     Read<ParseDurationOrOff,
          [](auto& config, auto& value) { *config.mutable_deduplication_time() = value; }>,
     [](const v1::TopicConfig& config) {
       return WriteDuration(config.deduplication_time(), "off");
     }},
    {"deduplication_ids",
     Read<ParseCount, [](auto& config, auto& value) { config.set_deduplication_ids(value); }>,
     [](const v1::TopicConfig& config) { return std::to_string(config.deduplication_ids()); }},
    {"checked_keys",
     Read<ParseCount, [](auto& config, auto& value) { config.set_checked_keys(value); }>,
     [](const v1::TopicConfig& config) { return std::to_string(config.checked_keys()); }},
};

std::string AllNames() {
  std::string names;
  for (const Setting& setting : kSettings) {
    names += fmt::format("{}{}", names.empty() ? "" : ", ", setting.name);
  }
  return names;
}

}  // namespace

absl::Status ApplySetting(std::string_view text, v1::TopicConfig* config,
                          google::protobuf::FieldMask* mask) {
  const size_t equals = text.find('=');
  const std::string_view name = text.substr(0, equals);
  if (equals == text.npos) {
    return absl::InvalidArgumentError(fmt::format("setting '{}' must be NAME=VALUE", text));
  }
  for (const Setting& setting : kSettings) {
    if (setting.name != name) continue;
    mask->add_paths(std::string(name));
    const std::string_view value = text.substr(equals + 1);
    return value.empty() ? absl::OkStatus() : setting.read(value, config);
  }
  return absl::InvalidArgumentError(
      fmt::format("unknown setting '{}': there are {}", name, AllNames()));
}

std::vector<std::pair<std::string, std::string>> DescribeSettings(const v1::TopicConfig& config) {
  std::vector<std::pair<std::string, std::string>> settings;
  for (const Setting& setting : kSettings) {
    settings.emplace_back(setting.name, setting.write(config));
  }
  return settings;
}

}  // namespace leat::cli
