// Finds out what a log knows of its producers, and of its message ids: from its snapshot, and from
// the batches after it.
//
// Part of recovery; blocks. A snapshot that is missing, damaged, or does not fit the log, is told,
// kept in quarantine, and replaced by what all batches that are left say; whoever may have been in
// it alone is refused.

#ifndef LEAT_STORAGE_LOG_PRODUCER_RECOVERY_H_
#define LEAT_STORAGE_LOG_PRODUCER_RECOVERY_H_

#include "absl/status/status.h"
#include "storage/io/file_system.h"
#include "storage/log/recovery.h"

namespace leat::log {

// Sets `producers` of `log`, which is otherwise recovered, not corrupt, and has a snapshot or must
// have one; adds what was read and found. Fails when the file system does.
absl::Status RecoverProducers(io::FileSystem& files, const RecoveryInput& input, RecoveredLog& log);

}  // namespace leat::log

#endif  // LEAT_STORAGE_LOG_PRODUCER_RECOVERY_H_
