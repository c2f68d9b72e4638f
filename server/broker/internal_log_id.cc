#include "server/broker/internal_log_id.h"

#include "fmt/format.h"

namespace leat::broker {
namespace {

// Ids of topics are random UUIDs, which these are not.
constexpr log::Uuid kTopicsLogUuid = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1};
constexpr log::Uuid kGroupLogUuid = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2};

}  // namespace

InternalLogId TopicsLog() { return {"__meta", "meta", {kTopicsLogUuid, 0}}; }

InternalLogId GroupsLog(uint32_t number) {
  return {"__groups", fmt::format("groups/{}", number), {kGroupLogUuid, number}};
}

bool IsInternal(const log::PartitionKey& key) {
  return key == log::PartitionKey{kTopicsLogUuid, 0} ||
         (key.topic_id == kGroupLogUuid && key.partition < kGroupLogs);
}

absl::StatusOr<log::RecoveryInput> InternalLogPlace(const InternalLogId& id,
                                                    const DataDirectory& directory,
                                                    const log::Checkpoint& checkpoint) {
  absl::StatusOr<record::Offset> log_start = directory.ReadInternalLogStart(id.name);
  if (!log_start.ok()) return log_start.status();
  log::RecoveryInput place{.directory = directory.InternalLogDirectory(id.name),
                           .quarantine_directory = directory.InternalQuarantineDirectory(id.name),
                           .key = id.key,
                           .log_start = *log_start,
                           .clean_shutdown = checkpoint.clean_shutdown};
  auto entry = checkpoint.partitions.find(id.key);
  if (entry != checkpoint.partitions.end()) place.checkpoint = entry->second;
  return place;
}

}  // namespace leat::broker
