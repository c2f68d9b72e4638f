#include "storage/io/posix_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <cerrno>

#include "absl/strings/str_cat.h"
#include "storage/io/aligned_buffer.h"
#include "storage/io/alignment.h"
#include "storage/io/posix_error.h"
#include "storage/io/posix_file_system.h"

namespace leat::io {
namespace {

constexpr mode_t kFilePermissions = 0640;

int OpenFlags(OpenMode mode) {
  switch (mode) {
    case OpenMode::kRead:
    case OpenMode::kReadDirect:
      return O_RDONLY | O_CLOEXEC;
    case OpenMode::kReadWrite:
    case OpenMode::kReadWriteDirect:
      return O_RDWR | O_CLOEXEC;
    case OpenMode::kCreate:
    case OpenMode::kCreateDirect:
      return O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC;
  }
  return O_RDONLY | O_CLOEXEC;
}

bool WantsDirect(OpenMode mode) {
  return mode == OpenMode::kReadDirect || mode == OpenMode::kReadWriteDirect ||
         mode == OpenMode::kCreateDirect;
}

// Such a file system moves every block it writes: there, direct I/O saves nothing and may break its
// checksums.
bool CopiesOnWrite(int descriptor) {
  constexpr uint64_t kBtrfs = 0x9123683E;
  constexpr uint64_t kZfs = 0x2FC12FC1;
  constexpr uint64_t kBcachefs = 0xCA451A4E;
  struct statfs info;
  if (fstatfs(descriptor, &info) != 0) return false;
  const auto type = static_cast<uint32_t>(info.f_type);
  return type == kBtrfs || type == kZfs || type == kBcachefs;
}

// Whether the file reports that our blocks suit it, or (an older kernel, tmpfs) does not say.
bool MayTakeOurBlocks(int descriptor) {
  struct statx info;
  if (statx(descriptor, "", AT_EMPTY_PATH, STATX_DIOALIGN, &info) != 0) return true;
  if ((info.stx_mask & STATX_DIOALIGN) == 0) return true;
  return info.stx_dio_offset_align != 0 && info.stx_dio_offset_align <= kBlockBytes &&
         info.stx_dio_mem_align <= kBlockBytes;
}

// Switches direct I/O on after opening, since an open that is refused for O_DIRECT may leave a new
// file behind.
bool TurnDirect(int descriptor) {
  if (CopiesOnWrite(descriptor) || !MayTakeOurBlocks(descriptor)) return false;
  const int flags = fcntl(descriptor, F_GETFL);
  return flags >= 0 && fcntl(descriptor, F_SETFL, flags | O_DIRECT) == 0;
}

// Calls `write(position, data)` until all of `data` is written.
template <typename Write>
absl::Status WriteAll(const File& file, FilePosition position, absl::Span<const char> data,
                      Write write) {
  absl::Status aligned = CheckAlignment(file, position, data.data(), data.size());
  if (!aligned.ok()) return aligned;
  while (!data.empty()) {
    const ssize_t written = write(position, data);
    if (written < 0 && IsTransient(errno)) continue;
    if (written < 0) return PosixError(errno, "write", file.path());
    if (written == 0) return absl::InternalError(absl::StrCat("write ", file.path(), ": stalled"));
    data.remove_prefix(written);
    position = position + written;
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::unique_ptr<File>> PosixFile::Open(const std::string& path, OpenMode mode) {
  const int value = open(path.c_str(), OpenFlags(mode), kFilePermissions);
  if (value < 0) return PosixError(errno, "open", path);
  const bool direct = WantsDirect(mode) && TurnDirect(value);
  return std::unique_ptr<File>(new PosixFile(path, Descriptor(value), direct));
}

absl::StatusOr<uint64_t> PosixFile::Size() const {
  struct stat info;
  if (fstat(descriptor(), &info) != 0) return PosixError(errno, "stat", path_);
  return static_cast<uint64_t>(info.st_size);
}

absl::Status PosixFile::ReadAt(FilePosition position, absl::Span<char> data) const {
  absl::Status aligned = CheckAlignment(*this, position, data.data(), data.size());
  if (!aligned.ok()) return aligned;
  while (!data.empty()) {
    const ssize_t read = pread(descriptor(), data.data(), data.size(), position.bytes);
    if (read < 0 && IsTransient(errno)) continue;
    if (read < 0) return PosixError(errno, "read", path_);
    data.remove_prefix(read);
    position = position + read;
    if (data.empty()) break;
    // A direct read that stops inside a block has met the end, and could not go on from there.
    if (read == 0 || (direct_ && position.bytes % kBlockBytes != 0)) return PastTheEnd(path_);
  }
  return absl::OkStatus();
}

absl::Status PosixFile::WriteAt(FilePosition position, absl::Span<const char> data) {
  return WriteAll(*this, position, data, [this](FilePosition at, absl::Span<const char> rest) {
    return pwrite(descriptor(), rest.data(), rest.size(), at.bytes);
  });
}

absl::Status PosixFile::Sync() {
  if (fsync(descriptor()) != 0) return PosixError(errno, "fsync", path_);
  return absl::OkStatus();
}

absl::Status PosixFile::Allocate(FilePosition position, uint64_t length) {
  int result;
  do {
    result = fallocate(descriptor(), 0, position.bytes, length);
  } while (result != 0 && errno == EINTR);
  if (result == 0) return absl::OkStatus();
  if (errno != EOPNOTSUPP) return PosixError(errno, "allocate", path_);
  // The file system cannot reserve; the size is what callers rely on, a full disk then shows when
  // they write.
  absl::StatusOr<uint64_t> size = Size();
  if (!size.ok()) return size.status();
  const uint64_t end = position.bytes + length;
  return end > *size ? Truncate(end) : absl::OkStatus();
}

absl::Status PosixFile::Truncate(uint64_t size) {
  int result;
  do {
    result = ftruncate(descriptor(), size);
  } while (result != 0 && errno == EINTR);
  if (result != 0) return PosixError(errno, "truncate", path_);
  return absl::OkStatus();
}

absl::Status WriteDurablyAt(File& file, FilePosition position, absl::Span<const char> data) {
  bool flushes = true;
  absl::Status written =
      WriteAll(file, position, data, [&](FilePosition at, absl::Span<const char> rest) {
        const iovec part{const_cast<char*>(rest.data()), rest.size()};
        const ssize_t result = pwritev2(file.descriptor(), &part, 1, at.bytes, RWF_DSYNC);
        if (result >= 0 || (errno != EOPNOTSUPP && errno != ENOSYS)) return result;
        flushes = false;
        return pwrite(file.descriptor(), rest.data(), rest.size(), at.bytes);
      });
  if (!written.ok() || flushes) return written;
  if (fdatasync(file.descriptor()) != 0) return PosixError(errno, "fdatasync", file.path());
  return absl::OkStatus();
}

}  // namespace leat::io
