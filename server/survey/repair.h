// Repairs of a data directory beside those of a log's segments. Blocks; each durable once it
// returns OK, and as before or as after when a crash comes amid it. The lock must be held.

#ifndef LEAT_SERVER_SURVEY_REPAIR_H_
#define LEAT_SERVER_SURVEY_REPAIR_H_

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "storage/io/event_loop.h"
#include "storage/io/file_system.h"
#include "storage/log/checkpoint.h"
#include "storage/record/ids.h"

namespace leat::survey {

// Moves the checkpoint to `quarantine/`; gives its new path.
absl::StatusOr<std::string> PutCheckpointAside(io::FileSystem& files,
                                               const std::string& data_directory);

// Makes the checkpoint say nothing of one log: it bore witness of records that are gone. Safe to
// repeat.
absl::Status ForgetWitness(io::FileSystem& files, const std::string& data_directory,
                           const log::PartitionKey& key);

// Has the log of the topics say that a partition begins at `log_start`, if it begins before; of a
// topic that is not known nothing is said. Runs `loop`, a new one, until that is done. Safe to
// repeat. DATA_LOSS when the log of the topics is damaged.
absl::Status MoveLogStart(io::FileSystem& files, io::EventLoop& loop,
                          const std::string& data_directory, const log::PartitionKey& key,
                          record::Offset log_start);

}  // namespace leat::survey

#endif  // LEAT_SERVER_SURVEY_REPAIR_H_
