#include "server/broker/topic_state.h"

#include <algorithm>
#include <memory>
#include <utility>
#include <variant>

#include "fmt/format.h"
#include "server/broker/metadata_codec.h"
#include "server/broker/topic_error.h"
#include "storage/record/error.h"

namespace leat::broker {
namespace {

using record::MakeError;
using record::Reason;

absl::Status LimitReached(std::string_view limit, uint32_t maximum) {
  return MakeError(Reason::kLimitReached,
                   fmt::format("the limit of {} {} is reached", maximum, limit),
                   {{"limit", std::string(limit)}, {"maximum", fmt::to_string(maximum)}});
}

absl::Status InvalidPartitionCount(std::string_view what) {
  return MakeError(Reason::kInvalidField, fmt::format("partition_count: {}", what),
                   {{"partition_count", std::string(what)}});
}

}  // namespace

absl::StatusOr<TopicState::Decision> TopicState::Handle(const TopicCommand& command, int64_t now_ms,
                                                        const log::Uuid& new_id) const {
  const Moment moment{.now_ms = now_ms, .new_id = new_id};
  return std::visit([&](const auto& one) { return Decide(one, moment); }, command);
}

absl::StatusOr<TopicState::Decision> TopicState::Decide(const command::CreateTopic& command,
                                                        const Moment& moment) const {
  if (by_name_.contains(command.name)) {
    return MakeError(Reason::kTopicAlreadyExists,
                     fmt::format("topic '{}' exists already", command.name),
                     {{"topic", command.name}});
  }
  if (by_id_.size() >= limits_.max_topics) return LimitReached("topics", limits_.max_topics);
  if (command.partition_count == 0) return InvalidPartitionCount("must be at least 1");
  if (command.partition_count > limits_.max_partitions_per_topic) {
    return LimitReached("partitions", limits_.max_partitions_per_topic);
  }
  auto topic = std::make_shared<const Topic>(Topic{.id = moment.new_id,
                                                   .name = command.name,
                                                   .partition_count = command.partition_count,
                                                   .settings = command.settings,
                                                   .create_time_ms = moment.now_ms});
  Decision decision{.topic = topic};
  *decision.records.emplace_back().mutable_topic_created() = EncodeTopic(*topic);
  return decision;
}

absl::StatusOr<TopicState::Decision> TopicState::Decide(const command::UpdateTopic& command,
                                                        const Moment&) const {
  absl::StatusOr<TopicHandle> present = Resolve(command.topic);
  if (!present.ok()) return present.status();
  Topic changed = **present;
  command.change(changed.settings);
  if (changed == **present) return Decision{.topic = *present};
  Decision decision{.topic = std::make_shared<const Topic>(changed)};
  internal::SettingsChanged* record = decision.records.emplace_back().mutable_settings_changed();
  record->set_topic_id(EncodeUuid(changed.id));
  *record->mutable_settings() = EncodeSettings(changed.settings);
  return decision;
}

absl::StatusOr<TopicState::Decision> TopicState::Decide(const command::DeleteTopic& command,
                                                        const Moment&) const {
  absl::StatusOr<TopicHandle> present = Resolve(command.topic);
  if (!present.ok()) return present.status();
  Decision decision{.topic = *present};
  decision.records.emplace_back().mutable_topic_deleted()->set_topic_id(EncodeUuid((*present)->id));
  return decision;
}

absl::StatusOr<TopicState::Decision> TopicState::Decide(const command::AddPartitions& command,
                                                        const Moment&) const {
  absl::StatusOr<TopicHandle> present = Resolve(command.topic);
  if (!present.ok()) return present.status();
  const uint32_t present_count = (*present)->partition_count;
  if (command.partition_count < present_count) {
    return InvalidPartitionCount(fmt::format("the topic has {} already", present_count));
  }
  if (command.partition_count > limits_.max_partitions_per_topic) {
    return LimitReached("partitions", limits_.max_partitions_per_topic);
  }
  if (command.partition_count == present_count) return Decision{.topic = *present};
  Topic changed = **present;
  changed.partition_count = command.partition_count;
  Decision decision{.topic = std::make_shared<const Topic>(changed)};
  internal::PartitionsAdded* record = decision.records.emplace_back().mutable_partitions_added();
  record->set_topic_id(EncodeUuid(changed.id));
  record->set_partition_count(changed.partition_count);
  return decision;
}

absl::StatusOr<TopicState::Decision> TopicState::Decide(const command::MoveLogStarts& command,
                                                        const Moment&) const {
  absl::btree_map<log::PartitionKey, record::Offset> moved;
  for (const LogStart& target : command.targets) {
    const TopicHandle topic = FindId(target.key.topic_id);
    if (topic == nullptr || target.key.partition >= topic->partition_count) continue;
    const LogStarts& starts = log_starts(topic->id);
    auto present = starts.find(target.key.partition);
    const record::Offset floor = present == starts.end() ? record::Offset{} : present->second;
    if (target.offset <= floor) continue;
    record::Offset& offset = moved[target.key];
    offset = std::max(offset, target.offset);
  }
  Decision decision;
  if (moved.empty()) return decision;
  internal::LogStartsMoved* record = decision.records.emplace_back().mutable_log_starts_moved();
  for (const auto& [key, offset] : moved) {
    const std::string id = EncodeUuid(key.topic_id);
    if (record->topics().empty() || record->topics().rbegin()->topic_id() != id) {
      record->add_topics()->set_topic_id(id);
    }
    internal::LogStart* start = record->mutable_topics()->rbegin()->add_log_starts();
    start->set_partition(key.partition);
    start->set_offset(offset.value);
  }
  return decision;
}

absl::StatusOr<TopicState::Decision> TopicState::Decide(const command::ForgetTopics& command,
                                                        const Moment&) const {
  internal::MetadataRecord record;
  for (const log::Uuid& id : command.ids) {
    if (deleted_.contains(id)) record.mutable_topics_forgotten()->add_topic_ids(EncodeUuid(id));
  }
  Decision decision;
  if (record.has_topics_forgotten()) decision.records.push_back(std::move(record));
  return decision;
}

absl::StatusOr<TopicHandle> TopicState::Resolve(const TopicHandle& named) const {
  if (TopicHandle present = FindId(named->id)) return present;
  if (by_name_.contains(named->name)) return TopicRecreated(named->name, FormatUuid(named->id));
  return TopicNotFound(named->name);
}

TopicHandle TopicState::FindName(std::string_view name) const {
  auto found = by_name_.find(name);
  return found == by_name_.end() ? nullptr : FindId(found->second);
}

TopicHandle TopicState::FindId(const log::Uuid& id) const {
  auto found = by_id_.find(id);
  return found == by_id_.end() ? nullptr : found->second.topic;
}

std::vector<TopicHandle> TopicState::Topics() const {
  std::vector<TopicHandle> topics;
  topics.reserve(by_name_.size());
  for (const auto& [name, id] : by_name_) topics.push_back(FindId(id));
  return topics;
}

const TopicState::LogStarts& TopicState::log_starts(const log::Uuid& id) const {
  static const LogStarts kNone;
  auto found = by_id_.find(id);
  return found == by_id_.end() ? kNone : found->second.log_starts;
}

}  // namespace leat::broker
