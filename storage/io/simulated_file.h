// One open file of a simulated disk.
//
// Private to storage/io; made by `SimulatedFileSystem`, used further by `SimulatedEventLoop`; one
// thread.

#ifndef LEAT_STORAGE_IO_SIMULATED_FILE_H_
#define LEAT_STORAGE_IO_SIMULATED_FILE_H_

#include <cstdint>
#include <memory>
#include <string>

#include "absl/functional/any_invocable.h"
#include "storage/io/file_system.h"
#include "storage/io/simulated_bytes.h"
#include "storage/io/simulated_file_system.h"

namespace leat::io {

class SimulatedFile : public File {
 public:
  SimulatedFile(SimulatedFileSystem& disk, std::shared_ptr<SimulatedBytes> bytes, std::string path,
                OpenMode mode);

  // Begins the operation; the function returned ends it, and may be called after this file is
  // closed. Until then a power cut tears a write.
  using Finish = absl::AnyInvocable<absl::Status() &&>;
  Finish BeginDurableWrite(FilePosition position, absl::Span<const char> data);
  Finish BeginRead(FilePosition position, absl::Span<char> data);

  const std::string& path() const override { return path_; }
  bool direct() const override { return direct_; }
  int descriptor() const override { return -1; }
  absl::StatusOr<uint64_t> Size() const override { return bytes_->size(); }
  absl::Status ReadAt(FilePosition position, absl::Span<char> data) const override;
  absl::Status WriteAt(FilePosition position, absl::Span<const char> data) override;
  absl::Status Sync() override;
  absl::Status Allocate(FilePosition position, uint64_t length) override;
  absl::Status Truncate(uint64_t size) override;

 private:
  using Verdict = SimulatedFaults::Verdict;

  // Counts an operation that writes; how it must end.
  Verdict BeginWrite(OperationKind kind, FilePosition position, uint64_t length);
  // What the disk writes in truth.
  struct Written {
    FilePosition position;
    std::string data;
  };
  Written Falsify(SilentFault fault, FilePosition position, absl::Span<const char> data);

  SimulatedFileSystem& disk_;
  const std::shared_ptr<SimulatedBytes> bytes_;
  const std::string path_;
  const bool writable_;
  const bool direct_;
};

}  // namespace leat::io

#endif  // LEAT_STORAGE_IO_SIMULATED_FILE_H_
