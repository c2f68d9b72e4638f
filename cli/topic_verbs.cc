#include "cli/topic_verbs.h"

#include <google/protobuf/util/time_util.h>

#include "cli/failure.h"
#include "cli/list_format.h"
#include "cli/quantity.h"
#include "cli/table.h"
#include "cli/topic_settings.h"
#include "client/admin.h"
#include "fmt/format.h"

namespace leat::cli {
namespace {

std::string CreatedAt(const v1::Topic& topic) {
  return FormatTimestamp(
      google::protobuf::util::TimeUtil::TimestampToMilliseconds(topic.create_time()));
}

std::string StateName(v1::PartitionState state) {
  switch (state) {
    case v1::PARTITION_STATE_ONLINE:
      return "online";
    case v1::PARTITION_STATE_OFFLINE:
      return "offline";
    case v1::PARTITION_STATE_CORRUPT:
      return "corrupt";
    default:
      return "unknown";
  }
}

Table TableOf(const std::vector<v1::Topic>& topics, ListFormat format) {
  const bool wide = format != ListFormat::kTable;
  std::vector<std::string> columns = {"TOPIC", ">PARTITIONS"};
  if (wide && !topics.empty()) {
    for (const auto& [name, value] : DescribeSettings(topics[0].config())) columns.push_back(name);
  } else {
    columns.push_back("RETENTION");
  }
  if (wide) columns.insert(columns.end(), {"CREATED", "ID"});
  Table table(std::move(columns));
  for (const v1::Topic& topic : topics) {
    std::vector<std::string> row = {topic.name(), std::to_string(topic.partition_count())};
    for (const auto& [name, value] : DescribeSettings(topic.config())) {
      if (wide || name == "retention_time") row.push_back(value);
    }
    if (wide) row.insert(row.end(), {CreatedAt(topic), topic.topic_id()});
    table.Add(std::move(row));
  }
  return table;
}

Table TableOf(const v1::GetTopicResponse& described) {
  Table table({">PARTITION", ">LOG START", ">HIGH WATERMARK", ">RECORDS", ">ON DISK", ">SEGMENTS",
               "STATE"});
  for (const v1::Partition& partition : described.partitions()) {
    std::string state = StateName(partition.state());
    if (!partition.state_detail().empty()) state += ": " + partition.state_detail();
    table.Add({std::to_string(partition.partition()), std::to_string(partition.log_start_offset()),
               std::to_string(partition.high_watermark()),
               std::to_string(partition.high_watermark() - partition.log_start_offset()),
               FormatBytes(partition.bytes_on_disk()), std::to_string(partition.segment_count()),
               std::move(state)});
  }
  return table;
}

// For programs: numbers as they are, and the topic in each row.
Table CsvOf(const std::vector<v1::GetTopicResponse>& described) {
  Table table({"topic", "partition", "log_start", "high_watermark", "bytes_on_disk", "segments",
               "state", "detail"});
  for (const v1::GetTopicResponse& answer : described) {
    for (const v1::Partition& partition : answer.partitions()) {
      table.Add(
          {answer.topic().name(), std::to_string(partition.partition()),
           std::to_string(partition.log_start_offset()), std::to_string(partition.high_watermark()),
           std::to_string(partition.bytes_on_disk()), std::to_string(partition.segment_count()),
           StateName(partition.state()), partition.state_detail()});
    }
  }
  return table;
}

std::string TextOf(const v1::GetTopicResponse& described) {
  const v1::Topic& topic = described.topic();
  std::string text = fmt::format("topic {}\n  id={}\n  created={}\n", topic.name(),
                                 topic.topic_id(), CreatedAt(topic));
  for (const auto& [name, value] : DescribeSettings(topic.config())) {
    text += fmt::format("  {}={}\n", name, value);
  }
  return text + TableOf(described).ToText();
}

absl::Status ApplySettings(const std::vector<std::string>& settings, v1::TopicConfig* config,
                           google::protobuf::FieldMask* mask) {
  for (const std::string& setting : settings) {
    if (absl::Status status = ApplySetting(setting, config, mask); !status.ok()) return status;
  }
  return absl::OkStatus();
}

}  // namespace

ExitCode CreateTopics(const GlobalOptions& globals, const TopicFlags& flags) {
  v1::CreateTopicRequest request;
  google::protobuf::FieldMask mask;
  if (absl::Status status = ApplySettings(flags.settings, request.mutable_config(), &mask);
      !status.ok()) {
    return Fail(status, {});
  }
  request.set_partition_count(flags.partition_count);
  const client::Admin admin(globals.Connect());
  for (size_t i = 0; i < flags.topics.size(); ++i) {
    request.set_topic(flags.topics[i]);
    const auto topic = admin.CreateTopic(request);
    if (!topic.ok()) {
      const ExitCode code = Fail(topic.status(), {globals.server, flags.topics[i]});
      return i == 0 ? code : kPartlyDone;
    }
    globals.Tell(fmt::format("created topic {} with {}", topic->name(),
                             Count(topic->partition_count(), "partition")));
  }
  return kOk;
}

ExitCode ListTopics(const GlobalOptions& globals, const TopicFlags& flags) {
  const absl::StatusOr<ListFormat> format = ParseListFormat(flags.format);
  if (!format.ok()) return Fail(format.status(), {});
  const auto topics = client::Admin(globals.Connect()).ListTopics(flags.prefix);
  if (!topics.ok()) return Fail(topics.status(), {.server = globals.server, .topic = {}});
  if (IsJson(*format)) return PrintOrFail(ToJsonList(*topics, *format));
  const Table table = TableOf(*topics, *format);
  return PrintOrFail(*format == ListFormat::kCsv ? table.ToCsv() : table.ToText());
}

ExitCode DescribeTopics(const GlobalOptions& globals, const TopicFlags& flags) {
  const absl::StatusOr<ListFormat> format = ParseListFormat(flags.format);
  if (!format.ok()) return Fail(format.status(), {});
  const client::Admin admin(globals.Connect());
  std::vector<v1::GetTopicResponse> described;
  for (const std::string& topic : flags.topics) {
    auto answer = admin.GetTopic(topic);
    if (!answer.ok()) return Fail(answer.status(), {globals.server, topic});
    described.push_back(*std::move(answer));
  }
  if (*format == ListFormat::kCsv) return PrintOrFail(CsvOf(described).ToCsv());
  std::string text;
  for (const v1::GetTopicResponse& answer : described) {
    if (*format == ListFormat::kJsonLines) {
      text += ToJson(answer, JsonLayout::kLine);
    } else if (*format == ListFormat::kJson) {
      text += ToJson(answer, JsonLayout::kIndented);
    } else {
      text += (text.empty() ? "" : "\n") + TextOf(answer);
    }
  }
  return PrintOrFail(text);
}

ExitCode SetTopic(const GlobalOptions& globals, const TopicFlags& flags) {
  v1::UpdateTopicRequest request;
  request.set_topic(flags.topics[0]);
  if (absl::Status status =
          ApplySettings(flags.settings, request.mutable_config(), request.mutable_update_mask());
      !status.ok()) {
    return Fail(status, {});
  }
  const auto topic = client::Admin(globals.Connect()).UpdateTopic(request);
  if (!topic.ok()) return Fail(topic.status(), {globals.server, flags.topics[0]});
  for (const auto& [name, value] : DescribeSettings(topic->config())) {
    for (const std::string& path : request.update_mask().paths()) {
      if (path == name) globals.Tell(fmt::format("{} {}={}", topic->name(), name, value));
    }
  }
  return kOk;
}

ExitCode AddPartitions(const GlobalOptions& globals, const TopicFlags& flags) {
  v1::AddPartitionsRequest request;
  request.set_topic(flags.topics[0]);
  request.set_partition_count(flags.partition_count);
  const auto topic = client::Admin(globals.Connect()).AddPartitions(request);
  if (!topic.ok()) return Fail(topic.status(), {globals.server, flags.topics[0]});
  globals.Tell(fmt::format("{} has {}; from now on keys may map to other ones", topic->name(),
                           Count(topic->partition_count(), "partition")));
  return kOk;
}

}  // namespace leat::cli
