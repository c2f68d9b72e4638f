// Whether a real flush reaches the device, as far as it can be seen: which pages of a file are
// dirty, and whether the kernel was asked.

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "gtest/gtest.h"
#include "storage/io/event_loop.h"
#include "storage/io/file_system.h"
#include "tests/storage/io/backends.h"

// Takes the place of the C library's: what was flushed, and then flushes it.
static dev_t last_flushed_device;
static ino_t last_flushed_inode;

extern "C" int fsync(int descriptor) {
  struct stat info;
  if (fstat(descriptor, &info) == 0) {
    last_flushed_device = info.st_dev;
    last_flushed_inode = info.st_ino;
  }
  return static_cast<int>(syscall(SYS_fsync, descriptor));
}

namespace leat::io {
namespace {

constexpr uint64_t kFileBytes = 64 << 10;

// Pages of the first `bytes` of the file that the device does not have; -1 when the kernel
// (before 6.5) cannot tell.
int64_t PagesNotWritten(const File& file, uint64_t bytes) {
  constexpr long kCachestat = 451;
  struct {
    uint64_t offset, length;
  } range = {0, bytes};
  struct {
    uint64_t cache, dirty, writeback, evicted, recently_evicted;
  } pages = {};
  if (syscall(kCachestat, file.descriptor(), &range, &pages, 0) != 0) return -1;
  return static_cast<int64_t>(pages.dirty + pages.writeback);
}

bool WasFlushedLast(const std::string& path) {
  struct stat info;
  return stat(path.c_str(), &info) == 0 && info.st_dev == last_flushed_device &&
         info.st_ino == last_flushed_inode;
}

class Durability : public testing::TestWithParam<BackendKind> {
 protected:
  void SetUp() override {
    absl::StatusOr<std::unique_ptr<Backend>> backend = MakeBackend(GetParam());
    if (!backend.ok()) GTEST_SKIP() << backend.status();
    backend_ = *std::move(backend);
    file_ = *backend_->files().Open(backend_->Path("file"), OpenMode::kCreate);
    ASSERT_TRUE(file_->WriteAt(FilePosition{0}, std::string(kFileBytes, 'o')).ok());
    if (PagesNotWritten(*file_, kFileBytes) <= 0) GTEST_SKIP() << "dirty pages are not to be seen";
    struct statfs info;
    ASSERT_EQ(fstatfs(file_->descriptor(), &info), 0);
    if (info.f_type == TMPFS_MAGIC) GTEST_SKIP() << "no device behind " << file_->path();
  }

  std::unique_ptr<Backend> backend_;
  std::unique_ptr<File> file_;
};

TEST_P(Durability, SyncLeavesNothingDirty) {
  EXPECT_TRUE(file_->Sync().ok());
  EXPECT_EQ(PagesNotWritten(*file_, kFileBytes), 0);
}

TEST_P(Durability, AFlushedWriteLeavesNothingDirty) {
  const std::string data(kFileBytes, 'n');
  int64_t dirty = -1;
  backend_->loop().WriteDurably(*file_, FilePosition{0}, data, [&](absl::Status status) {
    EXPECT_TRUE(status.ok()) << status;
    dirty = PagesNotWritten(*file_, kFileBytes);
    backend_->loop().Stop();
  });
  backend_->loop().Run();
  EXPECT_EQ(dirty, 0);
}

TEST_P(Durability, DirectMeansThatTheKernelAgreed) {
  for (const OpenMode mode :
       {OpenMode::kRead, OpenMode::kReadDirect, OpenMode::kReadWrite, OpenMode::kReadWriteDirect}) {
    const std::unique_ptr<File> file = *backend_->files().Open(file_->path(), mode);
    const bool direct = (fcntl(file->descriptor(), F_GETFL) & O_DIRECT) != 0;
    EXPECT_EQ(file->direct(), direct);
  }
}

class FlushCalls : public testing::Test {
 protected:
  std::unique_ptr<Backend> backend_ = *MakeBackend(BackendKind::kPosix);
};

TEST_F(FlushCalls, OfAFile) {
  const auto file = *backend_->files().Open(backend_->Path("file"), OpenMode::kCreate);
  EXPECT_TRUE(file->Sync().ok());
  EXPECT_TRUE(WasFlushedLast(file->path()));
}

TEST_F(FlushCalls, OfADirectory) {
  EXPECT_TRUE(backend_->files().SyncDirectory(backend_->directory()).ok());
  EXPECT_TRUE(WasFlushedLast(backend_->directory()));
}

INSTANTIATE_TEST_SUITE_P(Real, Durability,
                         testing::Values(BackendKind::kUring, BackendKind::kPosix),
                         [](const auto& info) { return BackendName(info.param); });

}  // namespace
}  // namespace leat::io
