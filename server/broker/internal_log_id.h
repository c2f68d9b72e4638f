// The logs that the server keeps for itself: that of the topics, and those of the groups. Where
// they lie is told in docs/disk_format.md. Pure, but for `InternalLogPlace`; any thread.

#ifndef LEAT_SERVER_BROKER_INTERNAL_LOG_ID_H_
#define LEAT_SERVER_BROKER_INTERNAL_LOG_ID_H_

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "server/broker/data_directory.h"
#include "storage/log/checkpoint.h"
#include "storage/log/recovery.h"

namespace leat::broker {

// How many logs the groups are shared out to. Part of the format.
inline constexpr uint32_t kGroupLogs = 16;

struct InternalLogId {
  std::string topic;      // For people: "__meta", "__groups".
  std::string name;       // Of its directory below `internal/`: "meta", "groups/3".
  log::PartitionKey key;  // In the checkpoint and in its segments; no topic has it.
};

InternalLogId TopicsLog();
// `number` is less than `kGroupLogs`.
InternalLogId GroupsLog(uint32_t number);

// Whether it is the key of one of these logs.
bool IsInternal(const log::PartitionKey& key);

// Where recovery finds the log. Blocks. DATA_LOSS when its beginning cannot be told.
absl::StatusOr<log::RecoveryInput> InternalLogPlace(const InternalLogId& id,
                                                    const DataDirectory& directory,
                                                    const log::Checkpoint& checkpoint);

}  // namespace leat::broker

#endif  // LEAT_SERVER_BROKER_INTERNAL_LOG_ID_H_
