// Where bytes and files go that do not belong to a log: kept for people to look at, never read
// again.
//
// Used by recovery; blocks. What a call has kept is durable once it returns OK. A crash may leave a
// copy twice, never half of one under its name.

#ifndef LEAT_STORAGE_LOG_QUARANTINE_H_
#define LEAT_STORAGE_LOG_QUARANTINE_H_

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "storage/io/file_system.h"
#include "storage/log/checkpoint.h"

namespace leat::log {

class Quarantine {
 public:
  // `files` must outlive it. The directory is made when there is something to keep.
  Quarantine(io::FileSystem& files, std::string directory, const PartitionKey& key);

  // Copies the bytes [from, to) of a file. Gives the path of the copy.
  absl::StatusOr<std::string> CopyBytes(const std::string& path, io::FilePosition from,
                                        io::FilePosition to);

  // Moves a file or a directory here. Gives its new path.
  absl::StatusOr<std::string> Move(const std::string& path);

 private:
  // A path here that nothing has: named after partition, file and `suffix`.
  absl::StatusOr<std::string> FreePath(const std::string& path, const std::string& suffix);

  io::FileSystem& files_;
  const std::string directory_;
  const std::string prefix_;
};

}  // namespace leat::log

#endif  // LEAT_STORAGE_LOG_QUARANTINE_H_
