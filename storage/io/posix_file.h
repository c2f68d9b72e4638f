// One open file of the machine.
//
// Private to storage/io; made by `PosixFileSystem`. Threads and crash promises: file_system.h.

#ifndef LEAT_STORAGE_IO_POSIX_FILE_H_
#define LEAT_STORAGE_IO_POSIX_FILE_H_

#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "storage/io/descriptor.h"
#include "storage/io/file_system.h"

namespace leat::io {

class PosixFile : public File {
 public:
  static absl::StatusOr<std::unique_ptr<File>> Open(const std::string& path, OpenMode mode);

  const std::string& path() const override { return path_; }
  bool direct() const override { return direct_; }
  int descriptor() const override { return descriptor_.value(); }
  absl::StatusOr<uint64_t> Size() const override;
  absl::Status ReadAt(FilePosition position, absl::Span<char> data) const override;
  absl::Status WriteAt(FilePosition position, absl::Span<const char> data) override;
  absl::Status Sync() override;
  absl::Status Allocate(FilePosition position, uint64_t length) override;
  absl::Status Truncate(uint64_t size) override;

 private:
  PosixFile(std::string path, Descriptor descriptor, bool direct)
      : path_(std::move(path)), descriptor_(std::move(descriptor)), direct_(direct) {}

  const std::string path_;
  const Descriptor descriptor_;
  const bool direct_;
};

}  // namespace leat::io

#endif  // LEAT_STORAGE_IO_POSIX_FILE_H_
