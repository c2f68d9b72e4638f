// The implementations that one contract holds for, for tests that run once on each.
//
// One `Backend` a test; removed with all its files at the end.

#ifndef LEAT_TESTS_STORAGE_IO_BACKENDS_H_
#define LEAT_TESTS_STORAGE_IO_BACKENDS_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "storage/io/event_loop.h"
#include "storage/io/file_system.h"
#include "storage/io/simulated_file_system.h"

namespace leat::io {

enum class BackendKind { kUring, kPosix, kSimulated };

std::string BackendName(BackendKind kind);

class Backend {
 public:
  virtual ~Backend() = default;

  virtual FileSystem& files() = 0;

  // The loop comes with its thread unstarted.
  virtual EventLoop& loop() = 0;

  // Ends the loop before the test does.
  virtual void DestroyLoop() = 0;

  // An empty directory.
  virtual const std::string& directory() const = 0;

  // Null unless simulated.
  virtual SimulatedFileSystem* disk() { return nullptr; }

  std::string Path(const std::string& name) const { return JoinPath(directory(), name); }
};

// An error when the machine refuses this kind: skip the test, saying why. The loop keeps at most 8
// operations in the kernel.
absl::StatusOr<std::unique_ptr<Backend>> MakeBackend(BackendKind kind);

// Lets no file of this process grow, or be written, beyond `bytes` while it lives: a full disk for
// those who are not root.
class FileSizeLimit {
 public:
  explicit FileSizeLimit(uint64_t bytes);
  ~FileSizeLimit();

 private:
  uint64_t before_;
};

}  // namespace leat::io

#endif  // LEAT_TESTS_STORAGE_IO_BACKENDS_H_
