// A data directory, or a part of it, as a tool sees it that runs while no server does: which logs
// there are, and what is wrong with the files beside them. Blocks; changes nothing.

#ifndef LEAT_SERVER_SURVEY_SURVEY_H_
#define LEAT_SERVER_SURVEY_SURVEY_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "storage/inspect/fault.h"
#include "storage/io/file_system.h"
#include "storage/log/recovery.h"

namespace leat::survey {

struct SurveyedLog {
  std::string topic;  // "orders", "__meta", "__groups"; its id when no name is known.
  log::RecoveryInput place;
};

struct Survey {
  std::string data_directory;          // Empty for a partition's directory that lies elsewhere.
  std::vector<inspect::Fault> faults;  // Of files that are no segments.
  std::vector<log::Finding> at_start;  // What the next start would move aside.
  std::vector<SurveyedLog> logs;
};

// `path`, absolute, is a data directory, the directory of one log, or a segment: then the logs are
// the one that it is of. NOT_FOUND when there is nothing, INVALID_ARGUMENT when it is none of
// these, else fails when the file system does.
absl::StatusOr<Survey> SurveyPath(io::FileSystem& files, const std::string& path);

// Keeps servers out of the data directory that `path` is or lies in; before anything is read that
// they change. FAILED_PRECONDITION when one is there. Null when there is no data directory, or none
// that a server has ever used.
absl::StatusOr<std::unique_ptr<io::FileLock>> LockForTool(io::FileSystem& files,
                                                          const std::string& path);

}  // namespace leat::survey

#endif  // LEAT_SERVER_SURVEY_SURVEY_H_
