// What holds of recovery, whatever lies in the directory of a partition.

#ifndef LEAT_TESTS_FUZZ_RECOVERY_CHECK_H_
#define LEAT_TESTS_FUZZ_RECOVERY_CHECK_H_

#include "storage/io/simulated_file_system.h"
#include "storage/log/recovery.h"

namespace leat::fuzz {

// Recovers the log; if it is not corrupt, appends to it and recovers again. Stops the process
// unless
//   - recovery succeeds: the disk works, and damage is a finding;
//   - a corrupt log's files are as they were, and it is as corrupt the second time;
//   - of any other, what is cut lies in quarantine or holds no frame of the log, nothing that the
//     checkpoint or the log start vouch for is gone, and recovering once more changes nothing;
//   - what is appended then is found, and nothing is cut.
// Returns what the first recovery found.
log::RecoveredLog CheckRecovery(io::SimulatedFileSystem& disk, const log::RecoveryInput& input);

}  // namespace leat::fuzz

#endif  // LEAT_TESTS_FUZZ_RECOVERY_CHECK_H_
