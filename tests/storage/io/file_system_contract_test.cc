// What file_system.h promises, on the machine's files and on the simulated ones.

#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "gtest/gtest.h"
#include "storage/io/aligned_buffer.h"
#include "storage/io/file_system.h"
#include "tests/storage/io/backends.h"

namespace leat::io {
namespace {

using std::string_view_literals::operator""sv;

class FileSystemContract : public testing::TestWithParam<BackendKind> {
 protected:
  void SetUp() override {
    absl::StatusOr<std::unique_ptr<Backend>> backend = MakeBackend(GetParam());
    ASSERT_TRUE(backend.ok()) << backend.status();
    backend_ = *std::move(backend);
  }

  bool simulated() const { return GetParam() == BackendKind::kSimulated; }
  FileSystem& files() { return backend_->files(); }
  std::string Path(const std::string& name) const { return backend_->Path(name); }

  std::unique_ptr<File> Open(const std::string& name, OpenMode mode) {
    auto file = files().Open(Path(name), mode);
    EXPECT_TRUE(file.ok()) << file.status();
    return file.ok() ? *std::move(file) : nullptr;
  }

  void Write(const std::string& name, const std::string& content) {
    EXPECT_TRUE(Open(name, OpenMode::kCreate)->WriteAt(FilePosition{0}, content).ok());
  }

  std::string Content(const std::string& name) {
    auto content = ReadFile(files(), Path(name), 1 << 20);
    return content.ok() ? *content : content.status().ToString();
  }

  std::unique_ptr<Backend> backend_;
};

TEST_P(FileSystemContract, OpensByMode) {
  EXPECT_TRUE(absl::IsNotFound(files().Open(Path("a"), OpenMode::kRead).status()));
  EXPECT_TRUE(absl::IsNotFound(files().Open(Path("a"), OpenMode::kReadWriteDirect).status()));
  EXPECT_TRUE(absl::IsNotFound(files().Open(Path("no/a"), OpenMode::kCreate).status()));
  Write("a", "content");
  EXPECT_TRUE(absl::IsAlreadyExists(files().Open(Path("a"), OpenMode::kCreate).status()));
  EXPECT_TRUE(absl::IsAlreadyExists(files().Open(Path("a"), OpenMode::kCreateDirect).status()));
  EXPECT_EQ(Open("a", OpenMode::kRead)->path(), Path("a"));
  EXPECT_FALSE(Open("a", OpenMode::kReadWrite)->direct());
}

TEST_P(FileSystemContract, ErrorsNameOperationAndPath) {
  const absl::Status status = files().Open(Path("missing"), OpenMode::kRead).status();
  EXPECT_NE(status.message().find(Path("missing")), absl::string_view::npos) << status;
  EXPECT_NE(status.message().find("ENOENT"), absl::string_view::npos) << status;
}

TEST_P(FileSystemContract, ReadsWhatWasWritten) {
  Write("a", "0123456789");
  EXPECT_TRUE(Open("a", OpenMode::kReadWrite)->WriteAt(FilePosition{3}, "abc"sv).ok());
  EXPECT_EQ(Content("a"), "012abc6789");
}

TEST_P(FileSystemContract, AWritePastTheEndLeavesZerosBetween) {
  Write("a", "x");
  EXPECT_TRUE(Open("a", OpenMode::kReadWrite)->WriteAt(FilePosition{3}, "y"sv).ok());
  EXPECT_EQ(Content("a"), std::string("x\0\0y", 4));
}

TEST_P(FileSystemContract, ReadingPastTheEndIsOutOfRange) {
  Write("a", "0123456789");
  std::string data(5, '\0');
  const std::unique_ptr<File> file = Open("a", OpenMode::kRead);
  EXPECT_TRUE(file->ReadAt(FilePosition{5}, absl::MakeSpan(data)).ok());
  EXPECT_TRUE(absl::IsOutOfRange(file->ReadAt(FilePosition{6}, absl::MakeSpan(data))));
  EXPECT_TRUE(absl::IsOutOfRange(file->ReadAt(FilePosition{100}, absl::MakeSpan(data))));
}

TEST_P(FileSystemContract, AFileOpenedForReadingIsNotWritten) {
  Write("a", "old");
  EXPECT_FALSE(Open("a", OpenMode::kRead)->WriteAt(FilePosition{0}, "new"sv).ok());
  EXPECT_EQ(Content("a"), "old");
}

TEST_P(FileSystemContract, DirectFilesWorkInBlocks) {
  std::unique_ptr<File> file = Open("a", OpenMode::kCreateDirect);
  if (!file->direct()) GTEST_SKIP() << "no direct I/O on " << file->path();
  AlignedBuffer data(8192);
  std::fill_n(data.data(), data.size(), 'd');
  EXPECT_TRUE(file->WriteAt(FilePosition{4096}, data.span()).ok());
  const auto block = data.span().subspan(0, 4096);
  EXPECT_TRUE(absl::IsInvalidArgument(file->WriteAt(FilePosition{512}, block)));
  EXPECT_TRUE(absl::IsInvalidArgument(file->WriteAt(FilePosition{0}, block.subspan(0, 512))));
  EXPECT_TRUE(
      absl::IsInvalidArgument(file->WriteAt(FilePosition{0}, data.span().subspan(512, 4096))));
  EXPECT_TRUE(absl::IsInvalidArgument(file->ReadAt(FilePosition{512}, block)));
  EXPECT_EQ(Content("a"), std::string(4096, '\0') + std::string(8192, 'd'));
  EXPECT_TRUE(file->Truncate(5000).ok());
  EXPECT_TRUE(absl::IsOutOfRange(file->ReadAt(FilePosition{0}, data.span())));
}

TEST_P(FileSystemContract, AllocateGrowsWithZerosAndKeepsContent) {
  Write("a", "content");
  std::unique_ptr<File> file = Open("a", OpenMode::kReadWrite);
  EXPECT_TRUE(file->Allocate(FilePosition{0}, 100).ok());
  EXPECT_EQ(*file->Size(), 100);
  EXPECT_TRUE(file->Allocate(FilePosition{10}, 20).ok());
  EXPECT_EQ(*file->Size(), 100);
  EXPECT_EQ(Content("a"), "content" + std::string(93, '\0'));
}

TEST_P(FileSystemContract, TruncateCutsAndExtendsWithZeros) {
  Write("a", "content");
  std::unique_ptr<File> file = Open("a", OpenMode::kReadWrite);
  EXPECT_TRUE(file->Truncate(3).ok());
  EXPECT_EQ(Content("a"), "con");
  EXPECT_TRUE(file->Truncate(5).ok());
  EXPECT_EQ(Content("a"), std::string("con\0\0", 5));
  EXPECT_TRUE(file->Sync().ok());
}

TEST_P(FileSystemContract, ListsSortedWithDirectoriesMarked) {
  Write("b", "");
  Write("a.log", "");
  EXPECT_TRUE(files().CreateDirectory(Path("a")).ok());
  auto names = files().List(backend_->directory());
  ASSERT_TRUE(names.ok()) << names.status();
  EXPECT_EQ(*names, (std::vector<std::string>{"a.log", "a/", "b"}));
  EXPECT_TRUE(absl::IsNotFound(files().List(Path("none")).status()));
}

TEST_P(FileSystemContract, CreatesDirectoriesTwiceButNotOverFiles) {
  EXPECT_TRUE(files().CreateDirectory(Path("d")).ok());
  EXPECT_TRUE(files().CreateDirectory(Path("d")).ok());
  Write("d/file", "inside");
  EXPECT_EQ(Content("d/file"), "inside");
  EXPECT_TRUE(absl::IsAlreadyExists(files().CreateDirectory(Path("d/file"))));
  EXPECT_TRUE(absl::IsNotFound(files().CreateDirectory(Path("none/d"))));
}

TEST_P(FileSystemContract, RenameReplaces) {
  Write("a", "new");
  Write("b", "old");
  EXPECT_TRUE(files().Rename(Path("a"), Path("b")).ok());
  EXPECT_EQ(Content("b"), "new");
  EXPECT_TRUE(absl::IsNotFound(files().Rename(Path("a"), Path("b"))));
  EXPECT_TRUE(absl::IsNotFound(files().Rename(Path("b"), Path("none/b"))));
}

TEST_P(FileSystemContract, RenameMovesDirectoriesWithTheirContent) {
  EXPECT_TRUE(files().CreateDirectory(Path("d")).ok());
  Write("d/a", "content");
  EXPECT_TRUE(files().Rename(Path("d"), Path("e")).ok());
  EXPECT_EQ(Content("e/a"), "content");
}

TEST_P(FileSystemContract, RemovesFilesAndEmptyDirectories) {
  EXPECT_TRUE(files().CreateDirectory(Path("d")).ok());
  Write("d/a", "content");
  EXPECT_FALSE(files().RemoveDirectory(Path("d")).ok());
  EXPECT_FALSE(files().Remove(Path("d")).ok());
  EXPECT_TRUE(files().Remove(Path("d/a")).ok());
  EXPECT_TRUE(absl::IsNotFound(files().Remove(Path("d/a"))));
  EXPECT_TRUE(files().RemoveDirectory(Path("d")).ok());
  EXPECT_TRUE(absl::IsNotFound(files().RemoveDirectory(Path("d"))));
}

TEST_P(FileSystemContract, ARemovedFileStaysReadableWhileOpen) {
  Write("a", "content");
  std::unique_ptr<File> file = Open("a", OpenMode::kRead);
  EXPECT_TRUE(files().Remove(Path("a")).ok());
  std::string data(7, '\0');
  EXPECT_TRUE(file->ReadAt(FilePosition{0}, absl::MakeSpan(data)).ok());
  EXPECT_EQ(data, "content");
}

TEST_P(FileSystemContract, SyncsDirectories) {
  EXPECT_TRUE(files().SyncDirectory(backend_->directory()).ok());
  EXPECT_TRUE(absl::IsNotFound(files().SyncDirectory(Path("none"))));
}

TEST_P(FileSystemContract, ALockExcludesOthersUntilItGoes) {
  auto lock = files().Lock(Path("LOCK"));
  ASSERT_TRUE(lock.ok()) << lock.status();
  EXPECT_TRUE(absl::IsFailedPrecondition(files().Lock(Path("LOCK")).status()));
  lock->reset();
  EXPECT_TRUE(files().Lock(Path("LOCK")).ok());
  EXPECT_TRUE(absl::IsNotFound(files().Lock(Path("none/LOCK")).status()));
}

TEST_P(FileSystemContract, ALockExcludesOtherProcesses) {
  if (simulated()) GTEST_SKIP() << "one process only";
  auto lock = files().Lock(Path("LOCK"));
  ASSERT_TRUE(lock.ok()) << lock.status();
  const pid_t child = fork();
  if (child == 0) _exit(absl::IsFailedPrecondition(files().Lock(Path("LOCK")).status()) ? 0 : 1);
  int status = -1;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
}

TEST_P(FileSystemContract, SpaceIsWithinTheTotal) {
  const auto space = files().Space(backend_->directory());
  ASSERT_TRUE(space.ok()) << space.status();
  EXPECT_GT(space->total_bytes, 0);
  EXPECT_LE(space->available_bytes, space->total_bytes);
}

TEST_P(FileSystemContract, AFullDiskIsResourceExhausted) {
  std::unique_ptr<File> file = Open("a", OpenMode::kCreate);
  absl::Status fits, beyond, allocated, overwritten;
  {
    std::unique_ptr<FileSizeLimit> limit;
    if (simulated()) {
      backend_->disk()->SetCapacity(1000);
    } else {
      limit = std::make_unique<FileSizeLimit>(1000);
    }
    fits = file->WriteAt(FilePosition{0}, std::string(1000, 'x'));
    beyond = file->WriteAt(FilePosition{1000}, "y"sv);
    allocated = file->Allocate(FilePosition{0}, 2000);
    overwritten = file->WriteAt(FilePosition{0}, "z"sv);
  }
  EXPECT_TRUE(fits.ok()) << fits;
  EXPECT_TRUE(absl::IsResourceExhausted(beyond)) << beyond;
  EXPECT_TRUE(absl::IsResourceExhausted(allocated)) << allocated;
  EXPECT_TRUE(overwritten.ok()) << overwritten;
  EXPECT_EQ(Content("a"), "z" + std::string(999, 'x'));
}

INSTANTIATE_TEST_SUITE_P(All, FileSystemContract,
                         testing::Values(BackendKind::kPosix, BackendKind::kSimulated),
                         [](const auto& info) { return BackendName(info.param); });

}  // namespace
}  // namespace leat::io
