#include "tests/storage/io/backends.h"

#include <stdlib.h>
#include <sys/resource.h>

#include <csignal>
#include <filesystem>
#include <utility>

#include "gtest/gtest.h"
#include "storage/io/io_backend.h"
#include "storage/io/posix_file_system.h"
#include "storage/io/simulated_clock.h"
#include "storage/io/simulated_event_loop.h"

namespace leat::io {
namespace {

class RealBackend : public Backend {
 public:
  explicit RealBackend(std::unique_ptr<EventLoop> loop) : loop_(std::move(loop)) {
    std::string path = JoinPath(testing::TempDir(), "io_XXXXXX");
    if (mkdtemp(path.data()) == nullptr) abort();
    directory_ = path;
  }
  ~RealBackend() override { std::filesystem::remove_all(directory_); }

  FileSystem& files() override { return PosixFileSystem(); }
  EventLoop& loop() override { return *loop_; }
  void DestroyLoop() override { loop_.reset(); }
  const std::string& directory() const override { return directory_; }

 private:
  std::string directory_;
  std::unique_ptr<EventLoop> loop_;
};

class SimulatedBackend : public Backend {
 public:
  SimulatedBackend() { disk_.CreateDirectory(directory_).IgnoreError(); }

  FileSystem& files() override { return disk_; }
  EventLoop& loop() override { return *loop_; }
  void DestroyLoop() override { loop_.reset(); }
  const std::string& directory() const override { return directory_; }
  SimulatedFileSystem* disk() override { return &disk_; }

 private:
  const std::string directory_ = "/data";
  SimulatedFileSystem disk_;
  SimulatedClock clock_;
  std::unique_ptr<EventLoop> loop_ = std::make_unique<SimulatedEventLoop>(clock_, /*seed=*/1);
};

}  // namespace

std::string BackendName(BackendKind kind) {
  switch (kind) {
    case BackendKind::kUring:
      return "Uring";
    case BackendKind::kPosix:
      return "Posix";
    case BackendKind::kSimulated:
      return "Simulated";
  }
  return "?";
}

absl::StatusOr<std::unique_ptr<Backend>> MakeBackend(BackendKind kind) {
  if (kind == BackendKind::kSimulated) return std::make_unique<SimulatedBackend>();
  const bool uring = kind == BackendKind::kUring;
  absl::StatusOr<IoBackend> backend =
      ChooseIoBackend({.choice = uring ? IoBackendChoice::kUring : IoBackendChoice::kPosix,
                       .operations_max = 8,
                       .background_threads = 2,
                       .transfer_threads = 2});
  if (!backend.ok()) return backend.status();
  absl::StatusOr<std::unique_ptr<EventLoop>> loop = backend->new_event_loop();
  if (!loop.ok()) return loop.status();
  return std::make_unique<RealBackend>(*std::move(loop));
}

FileSizeLimit::FileSizeLimit(uint64_t bytes) {
  // The signal would end the process; without it the call answers EFBIG.
  std::signal(SIGXFSZ, SIG_IGN);
  rlimit limit;
  if (getrlimit(RLIMIT_FSIZE, &limit) != 0) abort();
  before_ = limit.rlim_cur;
  limit.rlim_cur = bytes;
  if (setrlimit(RLIMIT_FSIZE, &limit) != 0) abort();
}

FileSizeLimit::~FileSizeLimit() {
  rlimit limit;
  if (getrlimit(RLIMIT_FSIZE, &limit) != 0) abort();
  limit.rlim_cur = before_;
  if (setrlimit(RLIMIT_FSIZE, &limit) != 0) abort();
}

}  // namespace leat::io
