// Opens a log's last segment, or one that should be sealed and is not: finds the end of its chain
// of frames and does what the opening table says of the rest.
//
// Part of recovery; blocks.

#ifndef LEAT_STORAGE_LOG_ACTIVE_RECOVERY_H_
#define LEAT_STORAGE_LOG_ACTIVE_RECOVERY_H_

#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "storage/io/file_system.h"
#include "storage/log/recovery.h"
#include "storage/log/segment_file.h"
#include "storage/record/ids.h"

namespace leat::log {

struct ActiveRecovery {
  std::optional<ActiveSegment> active;  // For reading alone when its finding is that it is corrupt.
  std::optional<SealedSegment> sealed;  // Instead, when its sealing was finished.
  std::optional<Finding> finding;
  uint64_t bytes_checked = 0;
};

// `path` must have the header of `expected` topic, partition and base offset; without it there is a
// finding and no segment. Fails when the file system does.
absl::StatusOr<ActiveRecovery> RecoverActiveSegment(io::FileSystem& files,
                                                    const RecoveryInput& input,
                                                    const std::string& path,
                                                    const SegmentHeader& expected,
                                                    bool followed_by_segment);

}  // namespace leat::log

#endif  // LEAT_STORAGE_LOG_ACTIVE_RECOVERY_H_
