// Repairs of the files of a data directory that are no segments. Blocks; each durable once it
// returns OK, and as before or as after when a crash comes amid it. The lock must be held.

#ifndef LEAT_SERVER_SURVEY_REPAIR_H_
#define LEAT_SERVER_SURVEY_REPAIR_H_

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "storage/io/file_system.h"
#include "storage/log/checkpoint.h"

namespace leat::survey {

// Moves the checkpoint to `quarantine/`; gives its new path.
absl::StatusOr<std::string> PutCheckpointAside(io::FileSystem& files,
                                               const std::string& data_directory);

// Makes the checkpoint say nothing of one log: it bore witness of records that are gone. Safe to
// repeat.
absl::Status ForgetWitness(io::FileSystem& files, const std::string& data_directory,
                           const log::PartitionKey& key);

}  // namespace leat::survey

#endif  // LEAT_SERVER_SURVEY_REPAIR_H_
