#include "storage/io/file_system.h"

#include <memory>
#include <string>

#include "gtest/gtest.h"
#include "storage/io/simulated_file_system.h"

namespace leat::io {
namespace {

TEST(JoinPath, PutsOneSlashBetween) {
  EXPECT_EQ(JoinPath("a", "b"), "a/b");
  EXPECT_EQ(JoinPath("a/", "b"), "a/b");
  EXPECT_EQ(JoinPath("a//", "/b"), "a/b");
  EXPECT_EQ(JoinPath("/", "b"), "/b");
  EXPECT_EQ(JoinPath("", "b"), "b");
}

TEST(ParentDirectory, IsWhatNamesThePath) {
  EXPECT_EQ(ParentDirectory("/a/b"), "/a");
  EXPECT_EQ(ParentDirectory("/a/b/"), "/a");
  EXPECT_EQ(ParentDirectory("/a"), "/");
  EXPECT_EQ(ParentDirectory("a/b"), "a");
  EXPECT_EQ(ParentDirectory("a"), ".");
}

TEST(ReadFile, RefusesWhatIsTooLarge) {
  SimulatedFileSystem disk;
  ASSERT_TRUE(ReplaceFile(disk, "/f", "12345").ok());
  EXPECT_EQ(*ReadFile(disk, "/f", 5), "12345");
  EXPECT_TRUE(absl::IsResourceExhausted(ReadFile(disk, "/f", 4).status()));
  EXPECT_TRUE(absl::IsNotFound(ReadFile(disk, "/g", 4).status()));
}

const std::string kOld = std::string(3000, 'o');
const std::string kNew = std::string(5000, 'n');

// A disk on which /d/f holds kOld, and the operation after the next `n` - 1 fails, and all after it
// if so asked.
std::unique_ptr<SimulatedFileSystem> DiskThatFails(uint64_t n, FaultRepeat repeat) {
  auto disk = std::make_unique<SimulatedFileSystem>(SimulatedOptions{.seed = n});
  EXPECT_TRUE(disk->CreateDirectory("/d").ok());
  EXPECT_TRUE(disk->SyncDirectory("/").ok());
  EXPECT_TRUE(ReplaceFile(*disk, "/d/f", kOld).ok());
  disk->FailNth(n, absl::DataLossError("EIO"), repeat);
  return disk;
}

uint64_t OperationsOfReplaceFile() {
  const auto disk = DiskThatFails(0, FaultRepeat::kOnce);
  const uint64_t before = disk->operations();
  EXPECT_TRUE(ReplaceFile(*disk, "/d/f", kNew).ok());
  return disk->operations() - before;
}

TEST(ReplaceFile, IsOldOrNewAfterAPowerCutAtAnyOperation) {
  const uint64_t operations = OperationsOfReplaceFile();
  ASSERT_GE(operations, 5);
  int old_seen = 0;
  int new_seen = 0;
  for (uint64_t n = 1; n <= operations + 1; ++n) {
    const auto disk = DiskThatFails(n, FaultRepeat::kForever);
    const bool replaced = ReplaceFile(*disk, "/d/f", kNew).ok();
    EXPECT_EQ(replaced, n > operations);
    for (uint64_t seed = 0; seed < 50; ++seed) {
      const auto after = disk->Crash(seed);
      const auto content = ReadFile(*after, "/d/f", 1 << 20);
      ASSERT_TRUE(content.ok()) << content.status() << " at " << n << ", seed " << seed;
      ASSERT_TRUE(*content == kNew || (!replaced && *content == kOld)) << n << ", " << seed;
      ++(*content == kNew ? new_seen : old_seen);
      // What the crash left behind is in nobody's way.
      ASSERT_TRUE(ReplaceFile(*after, "/d/f", kOld).ok());
      ASSERT_EQ(*ReadFile(*after->Crash(seed), "/d/f", 1 << 20), kOld);
    }
  }
  EXPECT_GT(old_seen, 0);
  EXPECT_GT(new_seen, 0);
}

TEST(ReplaceFile, ReportsAFailureOfAnyOperation) {
  const uint64_t operations = OperationsOfReplaceFile();
  for (uint64_t n = 1; n <= operations; ++n) {
    const auto disk = DiskThatFails(n, FaultRepeat::kOnce);
    EXPECT_FALSE(ReplaceFile(*disk, "/d/f", kNew).ok()) << n;
    const auto content = ReadFile(*disk, "/d/f", 1 << 20);
    ASSERT_TRUE(content.ok()) << content.status();
    EXPECT_TRUE(*content == kOld || *content == kNew) << n;
    EXPECT_TRUE(ReplaceFile(*disk, "/d/f", kNew).ok()) << n;
  }
}

TEST(ReplaceFile, LeavesNothingBehindOnAFullDisk) {
  SimulatedFileSystem disk({.capacity_bytes = 4000});
  ASSERT_TRUE(ReplaceFile(disk, "/f", kOld).ok());
  EXPECT_TRUE(absl::IsResourceExhausted(ReplaceFile(disk, "/f", kNew)));
  EXPECT_EQ(*ReadFile(disk, "/f", 1 << 20), kOld);
  EXPECT_EQ(disk.List("/")->size(), 1);
}

}  // namespace
}  // namespace leat::io
