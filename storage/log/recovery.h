// Recovery: what a partition's directory holds, decided by the table in docs/disk_format.md
// ("Opening a log"). Blocks; run before the log takes any call.
//
// Cuts only what bears no witness of an acknowledgement, keeps aside what it cuts, and otherwise
// leaves the files alone and says what is wrong. Running it twice changes nothing more.

#ifndef LEAT_STORAGE_LOG_RECOVERY_H_
#define LEAT_STORAGE_LOG_RECOVERY_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "storage/io/file_system.h"
#include "storage/log/checkpoint.h"
#include "storage/log/producer_snapshot.h"
#include "storage/log/segment_file.h"
#include "storage/record/ids.h"

namespace leat::log {

struct Finding {
  enum class Kind {
    kTailCut,
    kCorrupt,
    kQuarantined,
    kMissing,
    kLeftoverRemoved,
    kProducersRebuilt,
  };
  Kind kind = Kind::kTailCut;
  std::string file;
  io::FilePosition position;
  uint64_t bytes = 0;
  record::Offset offset;  // First offset not vouched for.
  std::string detail;
};

struct RecoveryInput {
  std::string directory;             // Of the partition. Need not exist: then the log is empty.
  std::string quarantine_directory;  // Where cut bytes and stray files go. Made if need be.
  PartitionKey key;
  record::Offset log_start;  // As metadata has it; segments wholly before it are removed.
  std::optional<CheckpointEntry> checkpoint;
  bool clean_shutdown = false;  // The checkpoint's mark.
  size_t message_ids = 0;       // How many are remembered; 0: records are not looked into.
};

struct RecoveredLog {
  std::vector<SealedSegment> sealed;  // In order of offset.
  // Opened for writing unless the log is corrupt; nullopt when the next append makes a new one.
  std::optional<ActiveSegment> active;
  record::Offset log_start;
  record::Offset next_offset;
  int64_t last_append_timestamp_ms = 0;
  RecoveredProducers producers;    // Nothing when it is corrupt.
  std::optional<Finding> corrupt;  // Reads go up to `next_offset`; writes are refused.
  std::vector<Finding> findings;   // All of them, the above included.
  uint64_t bytes_checked = 0;
};

// Fails only when the file system does: damage is a finding, not an error.
absl::StatusOr<RecoveredLog> RecoverLog(io::FileSystem& files, const RecoveryInput& input);

}  // namespace leat::log

#endif  // LEAT_STORAGE_LOG_RECOVERY_H_
