#include "server/broker/recovery_plan.h"

#include <charconv>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "absl/container/btree_map.h"
#include "fmt/format.h"
#include "server/broker/topic.h"

namespace leat::broker {
namespace {

// "17/" as a listing has it, and nothing spelt otherwise.
std::optional<uint32_t> ParsePartitionDirectory(std::string_view name) {
  uint32_t number = 0;
  std::from_chars(name.data(), name.data() + name.size(), number);
  if (fmt::format("{}/", number) != name) return std::nullopt;
  return number;
}

std::optional<log::Uuid> ParseTopicDirectory(std::string_view name) {
  if (!name.ends_with('/')) return std::nullopt;
  return ParseUuid(name.substr(0, name.size() - 1));
}

class Planner {
 public:
  Planner(io::FileSystem& files, DataDirectory& directory, const TopicState& state,
          const log::Checkpoint& checkpoint)
      : files_(files), directory_(directory), state_(state), checkpoint_(checkpoint) {}

  absl::StatusOr<RecoveryPlan> Plan() {
    absl::Status surveyed = SurveyTopics();
    if (!surveyed.ok()) return surveyed;
    AddWitnessed();
    for (auto& [key, input] : inputs_) plan_.partitions.push_back(std::move(input));
    return std::move(plan_);
  }

 private:
  absl::Status SurveyTopics() {
    absl::StatusOr<std::vector<std::string>> names = files_.List(directory_.TopicsDirectory());
    if (!names.ok()) return names.status();
    for (const std::string& name : *names) {
      const std::optional<log::Uuid> id = ParseTopicDirectory(name);
      const TopicHandle topic = id.has_value() ? state_.FindId(*id) : nullptr;
      absl::Status surveyed;
      if (topic != nullptr) {
        surveyed = SurveyPartitions(*topic);
      } else if (!id.has_value() || !state_.deleted().contains(*id)) {
        surveyed = Quarantine(name, name);
      }
      if (!surveyed.ok()) return surveyed;
    }
    return absl::OkStatus();
  }

  absl::Status SurveyPartitions(const Topic& topic) {
    absl::StatusOr<std::vector<std::string>> names =
        files_.List(directory_.TopicDirectory(topic.id));
    if (!names.ok()) return names.status();
    for (const std::string& name : *names) {
      const std::optional<uint32_t> partition = ParsePartitionDirectory(name);
      if (partition.has_value() && *partition < topic.partition_count) {
        Add({topic.id, *partition});
        continue;
      }
      absl::Status moved = Quarantine(fmt::format("{}/{}", FormatUuid(topic.id), name), topic.name);
      if (!moved.ok()) return moved;
    }
    return absl::OkStatus();
  }

  // Partitions of which something is known; that their directory is there is for recovery to check.
  void AddWitnessed() {
    for (const auto& [key, entry] : checkpoint_.partitions) {
      const TopicHandle topic = state_.FindId(key.topic_id);
      if (topic != nullptr && key.partition < topic->partition_count) Add(key);
    }
    for (const TopicHandle& topic : state_.Topics()) {
      for (const auto& [partition, offset] : state_.log_starts(topic->id)) {
        Add({topic->id, partition});
      }
    }
  }

  void Add(const log::PartitionKey& key) {
    auto [at, is_new] = inputs_.try_emplace(key);
    if (!is_new) return;
    log::RecoveryInput& input = at->second;
    input.directory = directory_.PartitionDirectory(key);
    input.quarantine_directory = directory_.QuarantineDirectory(key);
    input.key = key;
    const TopicState::LogStarts& starts = state_.log_starts(key.topic_id);
    if (auto start = starts.find(key.partition); start != starts.end()) {
      input.log_start = start->second;
    }
    auto entry = checkpoint_.partitions.find(key);
    if (entry != checkpoint_.partitions.end()) input.checkpoint = entry->second;
    input.clean_shutdown = checkpoint_.clean_shutdown;
    const TopicSettings& settings = state_.FindId(key.topic_id)->settings;
    input.message_ids = settings.deduplicates() ? settings.deduplication_ids : 0;
  }

  absl::Status Quarantine(std::string name, std::string topic) {
    if (name.ends_with('/')) name.pop_back();
    if (topic.ends_with('/')) topic.pop_back();
    absl::StatusOr<std::string> moved = directory_.Quarantine(name);
    if (!moved.ok()) return moved.status();
    log::Finding finding{.kind = log::Finding::Kind::kQuarantined,
                         .file = io::JoinPath(directory_.TopicsDirectory(), name),
                         .detail = fmt::format("unknown to the topics' log; moved to {}", *moved)};
    plan_.findings.push_back({.topic = std::move(topic), .finding = std::move(finding)});
    return absl::OkStatus();
  }

  io::FileSystem& files_;
  DataDirectory& directory_;
  const TopicState& state_;
  const log::Checkpoint& checkpoint_;
  absl::btree_map<log::PartitionKey, log::RecoveryInput> inputs_;
  RecoveryPlan plan_;
};

}  // namespace

absl::StatusOr<RecoveryPlan> PlanRecovery(io::FileSystem& files, DataDirectory& directory,
                                          const TopicState& state,
                                          const log::Checkpoint& checkpoint) {
  return Planner(files, directory, state, checkpoint).Plan();
}

}  // namespace leat::broker
