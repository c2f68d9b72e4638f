#include "storage/io/posix_file_system.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "storage/io/descriptor.h"
#include "storage/io/posix_error.h"
#include "storage/io/posix_file.h"

namespace leat::io {
namespace {

constexpr mode_t kDirectoryPermissions = 0750;
constexpr mode_t kLockPermissions = 0640;

class PosixFileLock : public FileLock {
 public:
  explicit PosixFileLock(Descriptor descriptor) : descriptor_(std::move(descriptor)) {}

 private:
  const Descriptor descriptor_;
};

bool IsDirectory(DIR* directory, const dirent& entry) {
  if (entry.d_type != DT_UNKNOWN) return entry.d_type == DT_DIR;
  struct stat info;
  return fstatat(dirfd(directory), entry.d_name, &info, AT_SYMLINK_NOFOLLOW) == 0 &&
         S_ISDIR(info.st_mode);
}

// The status of a call that answers 0 on success.
absl::Status Check(int result, absl::string_view operation, absl::string_view path) {
  return result == 0 ? absl::OkStatus() : PosixError(errno, operation, path);
}

class Files : public FileSystem {
 public:
  absl::StatusOr<std::unique_ptr<File>> Open(const std::string& path, OpenMode mode) override {
    return PosixFile::Open(path, mode);
  }

  absl::Status CreateDirectory(const std::string& path) override {
    if (mkdir(path.c_str(), kDirectoryPermissions) == 0) return absl::OkStatus();
    const int error = errno;
    struct stat info;
    if (error == EEXIST && stat(path.c_str(), &info) == 0 && S_ISDIR(info.st_mode)) {
      return absl::OkStatus();
    }
    return PosixError(error, "create directory", path);
  }

  absl::StatusOr<std::vector<std::string>> List(const std::string& path) override {
    const std::unique_ptr<DIR, int (*)(DIR*)> directory(opendir(path.c_str()), closedir);
    if (directory == nullptr) return PosixError(errno, "list", path);
    std::vector<std::string> names;
    while (true) {
      errno = 0;
      const dirent* entry = readdir(directory.get());
      if (entry == nullptr) break;
      const absl::string_view name = entry->d_name;
      if (name == "." || name == "..") continue;
      names.push_back(absl::StrCat(name, IsDirectory(directory.get(), *entry) ? "/" : ""));
    }
    if (errno != 0) return PosixError(errno, "list", path);
    std::sort(names.begin(), names.end());
    return names;
  }

  absl::Status Rename(const std::string& from, const std::string& to) override {
    return Check(rename(from.c_str(), to.c_str()), absl::StrCat("rename ", from, " to"), to);
  }

  absl::Status Remove(const std::string& path) override {
    return Check(unlink(path.c_str()), "remove", path);
  }

  absl::Status RemoveDirectory(const std::string& path) override {
    return Check(rmdir(path.c_str()), "remove directory", path);
  }

  absl::Status SyncDirectory(const std::string& path) override {
    const Descriptor directory(open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (directory.value() < 0) return PosixError(errno, "open directory", path);
    return Check(fsync(directory.value()), "fsync directory", path);
  }

  absl::StatusOr<std::unique_ptr<FileLock>> Lock(const std::string& path) override {
    Descriptor file(open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, kLockPermissions));
    if (file.value() < 0) return PosixError(errno, "open", path);
    // Unlike a lock of fcntl, one of flock belongs to this opening of the file and not to the
    // process.
    if (flock(file.value(), LOCK_EX | LOCK_NB) != 0) {
      if (errno == EWOULDBLOCK) {
        return absl::FailedPreconditionError(absl::StrCat("lock ", path, ": held by another"));
      }
      return PosixError(errno, "lock", path);
    }
    return std::make_unique<PosixFileLock>(std::move(file));
  }

  absl::StatusOr<SpaceInfo> Space(const std::string& path) override {
    struct statvfs info;
    if (statvfs(path.c_str(), &info) != 0) return PosixError(errno, "statvfs", path);
    const uint64_t unit = info.f_frsize;
    return SpaceInfo{.total_bytes = info.f_blocks * unit, .available_bytes = info.f_bavail * unit};
  }
};

}  // namespace

FileSystem& PosixFileSystem() {
  static FileSystem& files = *new Files;
  return files;
}

}  // namespace leat::io
