// Files that can be changed without changing them: for code that repairs what it finds, when it is
// only to be told what it would do.
//
// Cuts and removals are remembered, so that a file opened again is as it was left; what is written
// to a new file is dropped, and locks are granted to everybody. Not to be used for more than that.
// One thread.

#ifndef LEAT_STORAGE_INSPECT_DRY_RUN_FILES_H_
#define LEAT_STORAGE_INSPECT_DRY_RUN_FILES_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "storage/io/file_system.h"

namespace leat::inspect {

class DryRunFiles : public io::FileSystem {
 public:
  // `files`, of which nothing is changed, must outlive it and what it opens.
  explicit DryRunFiles(io::FileSystem& files) : files_(files) {}

  absl::StatusOr<std::unique_ptr<io::File>> Open(const std::string& path,
                                                 io::OpenMode mode) override;
  absl::Status CreateDirectory(const std::string& path) override;
  absl::StatusOr<std::vector<std::string>> List(const std::string& path) override;
  absl::Status Rename(const std::string& from, const std::string& to) override;
  absl::Status Remove(const std::string& path) override;
  absl::Status RemoveDirectory(const std::string& path) override;
  absl::Status SyncDirectory(const std::string& path) override;
  absl::StatusOr<std::unique_ptr<io::FileLock>> Lock(const std::string& path) override;
  absl::StatusOr<io::SpaceInfo> Space(const std::string& path) override;

 private:
  io::FileSystem& files_;
  absl::flat_hash_set<std::string> made_;  // Directories.
  absl::flat_hash_set<std::string> gone_;
  absl::flat_hash_map<std::string, uint64_t> sizes_;  // Of files that were cut.
};

}  // namespace leat::inspect

#endif  // LEAT_STORAGE_INSPECT_DRY_RUN_FILES_H_
