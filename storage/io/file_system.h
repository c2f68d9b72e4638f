// Files, as the storage sees them: the few operations it needs, each with a promise about crashes.
//
// Every call here blocks. It is used at start, by offline tools, and on the background threads of
// an `EventLoop` (`Offload`); a shard's thread reads and writes through its `EventLoop` instead.
// Implementations: `PosixFileSystem` and, for tests, `SimulatedFileSystem`. Thread safety: all of
// it may be called from any thread; two calls on overlapping bytes of one file at once are the
// caller's mistake.
//
// Errors: `absl::Status` whose message names the operation, the path and errno. Codes: NOT_FOUND
// (ENOENT), ALREADY_EXISTS (EEXIST), RESOURCE_EXHAUSTED (ENOSPC, EDQUOT, EFBIG, EMFILE, ENFILE,
// ENOMEM), PERMISSION_DENIED (EACCES, EPERM, EROFS), FAILED_PRECONDITION (a lock that is held),
// OUT_OF_RANGE (a read past the end), INVALID_ARGUMENT (direct I/O off the blocks), else DATA_LOSS
// (EIO) or INTERNAL.

#ifndef LEAT_STORAGE_IO_FILE_SYSTEM_H_
#define LEAT_STORAGE_IO_FILE_SYSTEM_H_

#include <compare>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"

namespace leat::io {

// A place in a file, in bytes from its beginning. Not to be confused with a record's offset in a
// log.
struct FilePosition {
  uint64_t bytes = 0;

  friend auto operator<=>(FilePosition, FilePosition) = default;
  friend FilePosition operator+(FilePosition position, uint64_t bytes) {
    return {position.bytes + bytes};
  }
  friend uint64_t operator-(FilePosition a, FilePosition b) { return a.bytes - b.bytes; }
};

enum class OpenMode {
  kRead,        // Must exist. Buffered.
  kReadWrite,   // Must exist. Buffered.
  kCreate,      // Must not exist. Buffered.
  kReadDirect,  // Must exist. Past the page cache where the file system allows it, else buffered
                // (`File::direct()` tells).
  kReadWriteDirect,  // As kReadDirect, for reading and writing.
  kCreateDirect,     // Must not exist. As kReadWriteDirect.
};

// An open file. Closed when destroyed, after every operation on it has completed.
class File {
 public:
  virtual ~File() = default;

  virtual const std::string& path() const = 0;

  // Whether reads and writes go past the page cache; positions, lengths and addresses must then be
  // multiples of `kBlockBytes`.
  virtual bool direct() const = 0;

  // For event loops on real files; -1 when simulated.
  virtual int descriptor() const = 0;

  // Size in bytes.
  virtual absl::StatusOr<uint64_t> Size() const = 0;

  // Fills `data` from `position`. OUT_OF_RANGE when the file ends first.
  virtual absl::Status ReadAt(FilePosition position, absl::Span<char> data) const = 0;

  // Writes all of `data`. Nothing is promised about a crash until `Sync` has returned OK.
  virtual absl::Status WriteAt(FilePosition position, absl::Span<const char> data) = 0;

  // Makes all that was written, and the size, durable. After an error nothing is known of what was
  // written since the last success: never call it again in the hope of another answer.
  virtual absl::Status Sync() = 0;

  // Reserves `length` bytes from `position`, which then read as zeros; the file grows to cover
  // them. RESOURCE_EXHAUSTED when the disk is full.
  virtual absl::Status Allocate(FilePosition position, uint64_t length) = 0;

  // Cuts or extends the file to `size` bytes.
  virtual absl::Status Truncate(uint64_t size) = 0;
};

// Held while alive. Released when destroyed or when the process dies.
class FileLock {
 public:
  virtual ~FileLock() = default;
};

struct SpaceInfo {
  uint64_t total_bytes = 0;
  uint64_t available_bytes = 0;
};

class FileSystem {
 public:
  virtual ~FileSystem() = default;

  // A file created is durable only after its own `Sync` and a `SyncDirectory` of the directory that
  // names it.
  virtual absl::StatusOr<std::unique_ptr<File>> Open(const std::string& path, OpenMode mode) = 0;

  // Creates one directory; OK when it is there already. Durable after `SyncDirectory` of its
  // parent.
  virtual absl::Status CreateDirectory(const std::string& path) = 0;

  // Names in a directory, without `.` and `..`, sorted. Subdirectories end with '/'.
  virtual absl::StatusOr<std::vector<std::string>> List(const std::string& path) = 0;

  // Replaces `to` if it is there; the two must be in one file system. Durable after `SyncDirectory`
  // of both parents.
  virtual absl::Status Rename(const std::string& from, const std::string& to) = 0;

  // Removes a file. Durable after `SyncDirectory` of its parent.
  virtual absl::Status Remove(const std::string& path) = 0;

  // Removes an empty directory. Durable after `SyncDirectory` of its parent.
  virtual absl::Status RemoveDirectory(const std::string& path) = 0;

  // Makes creations, renames and removals in this directory durable.
  virtual absl::Status SyncDirectory(const std::string& path) = 0;

  // Takes an exclusive lock on a file, creating it if need be. FAILED_PRECONDITION at once when
  // another process, or another `FileLock` of this one, has it.
  virtual absl::StatusOr<std::unique_ptr<FileLock>> Lock(const std::string& path) = 0;

  // Space of the file system that holds `path`.
  virtual absl::StatusOr<SpaceInfo> Space(const std::string& path) = 0;
};

// Joins with one '/'.
std::string JoinPath(std::string_view directory, std::string_view name);

// The directory that names `path`: all before the last '/', "/" for a name in the root, "." for a
// bare name.
std::string ParentDirectory(std::string_view path);

// Whole content of a file of at most `max_bytes`. RESOURCE_EXHAUSTED when it is larger.
absl::StatusOr<std::string> ReadFile(FileSystem& files, const std::string& path,
                                     uint64_t max_bytes);

// Replaces `path` by `content` so that after a crash it is the old content or the new one, and
// durably the new one once this returns OK: a sibling `path.tmp` is written and synced, renamed,
// and the directory synced.
absl::Status ReplaceFile(FileSystem& files, const std::string& path, std::string_view content);

}  // namespace leat::io

#endif  // LEAT_STORAGE_IO_FILE_SYSTEM_H_
