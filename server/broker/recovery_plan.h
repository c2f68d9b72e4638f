// Which partitions the start must recover, from what is on disk and what metadata knows.
//
// Run once, at start; blocks. What metadata does not know is moved aside, never deleted. After a
// crash amid that, the next start does the rest.

#ifndef LEAT_SERVER_BROKER_RECOVERY_PLAN_H_
#define LEAT_SERVER_BROKER_RECOVERY_PLAN_H_

#include <vector>

#include "absl/status/statusor.h"
#include "server/broker/data_directory.h"
#include "server/broker/recovery_summary.h"
#include "server/broker/topic_state.h"
#include "storage/io/file_system.h"
#include "storage/log/checkpoint.h"
#include "storage/log/recovery.h"

namespace leat::broker {

struct RecoveryPlan {
  // Partitions that have a directory, or of which checkpoint or metadata say that they must have
  // one. All others are empty and cost nothing.
  std::vector<log::RecoveryInput> partitions;
  std::vector<RecoverySummary::Entry> findings;  // What was moved to quarantine.
};

// Fails when the file system does.
absl::StatusOr<RecoveryPlan> PlanRecovery(io::FileSystem& files, DataDirectory& directory,
                                          const TopicState& state,
                                          const log::Checkpoint& checkpoint);

}  // namespace leat::broker

#endif  // LEAT_SERVER_BROKER_RECOVERY_PLAN_H_
