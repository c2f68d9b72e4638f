// Opening logs at the start when damage to one must not keep the others from working. Blocks.

#ifndef LEAT_SERVER_BROKER_LOG_OPENING_H_
#define LEAT_SERVER_BROKER_LOG_OPENING_H_

#include <cstddef>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "storage/io/file_system.h"
#include "storage/log/recovery.h"

namespace leat::broker {

// As `log::RecoverLog`; but files that cannot be read (DATA_LOSS) make the log corrupt.
absl::StatusOr<log::RecoveredLog> RecoverOrMarkCorrupt(io::FileSystem& files,
                                                       const log::RecoveryInput& input);

// The same of many logs, in the same order, by several threads at a time: most of it is waiting for
// the disk. Fails when it fails for one of them; others may then have been left out.
absl::StatusOr<std::vector<log::RecoveredLog>> RecoverAll(
    io::FileSystem& files, const std::vector<log::RecoveryInput>& inputs, size_t threads);

// A log whose files could not even be looked at: nothing is served from it and nothing lost.
log::RecoveredLog Unreadable(const log::RecoveryInput& input, const absl::Status& status);

// What was found, without the open files.
log::RecoveredLog SummaryOf(const log::RecoveredLog& recovered);

}  // namespace leat::broker

#endif  // LEAT_SERVER_BROKER_LOG_OPENING_H_
