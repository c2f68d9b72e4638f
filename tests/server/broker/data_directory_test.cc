#include "server/broker/data_directory.h"

#include <memory>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/broker/directory_meta.h"
#include "server/broker/topic.h"
#include "storage/io/simulated_file_system.h"
#include "tests/server/broker/matchers.h"

namespace leat::broker {
namespace {

using testing::ElementsAre;

constexpr char kPath[] = "/data";
const log::Uuid kId = MakeUuid(1, 2);

absl::StatusOr<std::unique_ptr<DataDirectory>> Open(io::SimulatedFileSystem& disk,
                                                    const log::Uuid& new_id = kId) {
  return DataDirectory::Open(disk, kPath, new_id);
}

void Write(io::SimulatedFileSystem& disk, const std::string& path) {
  ASSERT_THAT(io::ReplaceFile(disk, path, "content"), IsOk());
}

TEST(DirectoryMetaTest, IsReadAsItIsWritten) {
  const DirectoryMeta meta{.format_version = 1, .id = kId, .block_bytes = 4096};
  const std::string text = EncodeDirectoryMeta(meta);
  EXPECT_EQ(*DecodeDirectoryMeta(text, 1), meta);
  EXPECT_THAT(DecodeDirectoryMeta(text, 2),
              FailsWith(absl::StatusCode::kUnimplemented,
                        "format version 1, but this program knows version 2 only"));
}

TEST(DirectoryMetaTest, EveryBitCounts) {
  const std::string meta =
      EncodeDirectoryMeta({.format_version = 1, .id = kId, .block_bytes = 4096});
  const std::string log_start = EncodeLogStart({1234});
  EXPECT_EQ(*DecodeLogStart(log_start), record::Offset{1234});
  for (size_t bit = 0; bit < 8 * meta.size(); ++bit) {
    std::string damaged = meta;
    damaged[bit / 8] ^= 1 << bit % 8;
    EXPECT_FALSE(DecodeDirectoryMeta(damaged, 1).ok()) << damaged;
  }
  for (size_t bit = 0; bit < 8 * log_start.size(); ++bit) {
    std::string damaged = log_start;
    damaged[bit / 8] ^= 1 << bit % 8;
    EXPECT_FALSE(DecodeLogStart(damaged).ok()) << damaged;
  }
  for (size_t size = 0; size < meta.size(); ++size) {
    EXPECT_FALSE(DecodeDirectoryMeta(meta.substr(0, size), 1).ok()) << size;
  }
  EXPECT_FALSE(DecodeDirectoryMeta(meta + "\n", 1).ok());
  EXPECT_FALSE(DecodeLogStart(EncodeLogStart({-1})).ok());
}

TEST(DataDirectoryTest, IsMadeOnceAndKeepsItsId) {
  io::SimulatedFileSystem disk;
  {
    const auto made = Open(disk);
    ASSERT_THAT(made, IsOk());
    EXPECT_EQ((*made)->id(), kId);
    EXPECT_THAT(Open(disk), FailsWith(absl::StatusCode::kFailedPrecondition, "in use"));
  }
  EXPECT_EQ((*Open(disk, MakeUuid(3, 4)))->id(), kId);
}

TEST(DataDirectoryTest, IsMadeWithTheDirectoriesAboveIt) {
  io::SimulatedFileSystem disk;
  EXPECT_THAT(DataDirectory::Open(disk, "/var/lib/leat", kId), IsOk());
  EXPECT_THAT(DataDirectory::Open(*disk.Crash(1), "/var/lib/leat", MakeUuid(3, 4)), IsOk());
  EXPECT_EQ((*DataDirectory::Open(*disk.Crash(2), "/var/lib/leat", MakeUuid(3, 4)))->id(), kId);
}

TEST(DataDirectoryTest, MustNotBeAFile) {
  io::SimulatedFileSystem disk;
  Write(disk, "/file");
  EXPECT_THAT(DataDirectory::Open(disk, "/file", kId),
              FailsWith(absl::StatusCode::kFailedPrecondition, "/file is a file"));
}

TEST(DataDirectoryTest, OfOthersIsNotTouched) {
  io::SimulatedFileSystem disk;
  ASSERT_THAT(disk.CreateDirectory(kPath), IsOk());
  Write(disk, "/data/photo");
  EXPECT_THAT(Open(disk), FailsWith(absl::StatusCode::kFailedPrecondition, "not empty"));
  EXPECT_THAT(*disk.List(kPath), ElementsAre("photo"));
}

TEST(DataDirectoryTest, WithoutItsMetaIsNotTakenForNew) {
  io::SimulatedFileSystem disk;
  ASSERT_THAT(Open(disk), IsOk());
  ASSERT_THAT(disk.Remove("/data/meta"), IsOk());
  EXPECT_THAT(Open(disk), FailsWith(absl::StatusCode::kFailedPrecondition, "no file 'meta'"));
}

TEST(DataDirectoryTest, OnAFreshFileSystemIsMade) {
  io::SimulatedFileSystem disk;
  ASSERT_THAT(disk.CreateDirectory(kPath), IsOk());
  ASSERT_THAT(disk.CreateDirectory("/data/lost+found"), IsOk());
  EXPECT_THAT(Open(disk), IsOk());
}

TEST(DataDirectoryTest, SurvivesAPowerCutWhileItIsMade) {
  uint64_t operations = 1;
  for (uint64_t cut = 1; cut <= operations; ++cut) {
    SCOPED_TRACE(cut);
    io::SimulatedFileSystem disk({.seed = cut});
    disk.FailNth(cut, absl::DataLossError("power cut"), io::FaultRepeat::kForever);
    const bool made = Open(disk).ok();
    operations = disk.operations();
    const std::unique_ptr<io::SimulatedFileSystem> after = disk.Crash(cut);
    const auto again = Open(*after, MakeUuid(3, 4));
    ASSERT_THAT(again, IsOk());
    EXPECT_TRUE(!made || (*again)->id() == kId);
  }
}

TEST(DataDirectoryTest, QuarantineKeepsEverything) {
  io::SimulatedFileSystem disk;
  const auto directory = *Open(disk);
  for (int i = 0; i < 2; ++i) {
    ASSERT_THAT(disk.CreateDirectory("/data/topics/x"), IsOk());
    Write(disk, "/data/topics/x/file");
    ASSERT_THAT(disk.SyncDirectory("/data/topics"), IsOk());
    EXPECT_EQ(*directory->Quarantine("x"), "/data/quarantine/topics-x." + std::to_string(i + 1));
  }
  EXPECT_THAT(*disk.List("/data/topics"), ElementsAre());
  for (uint64_t seed = 1; seed <= 10; ++seed) {
    const auto after = disk.Crash(seed);
    EXPECT_THAT(*after->List("/data/topics"), ElementsAre());
    EXPECT_THAT(*after->List("/data/quarantine"), ElementsAre("topics-x.1/", "topics-x.2/"));
  }
}

TEST(DataDirectoryTest, ATopicIsRemovedWithAllThatItHas) {
  io::SimulatedFileSystem disk;
  const auto directory = *Open(disk);
  const std::string topic = directory->TopicDirectory(kId);
  EXPECT_EQ(topic, "/data/topics/" + FormatUuid(kId));
  EXPECT_THAT(directory->RemoveTopic(kId), IsOk());
  ASSERT_THAT(disk.CreateDirectory(topic), IsOk());
  for (const char* partition : {"/0", "/1"}) {
    ASSERT_THAT(disk.CreateDirectory(topic + partition), IsOk());
    Write(disk, topic + partition + "/file");
  }
  ASSERT_THAT(disk.SyncDirectory("/data/topics"), IsOk());
  ASSERT_THAT(directory->RemoveTopic(kId), IsOk());
  for (uint64_t seed = 1; seed <= 10; ++seed) {
    EXPECT_THAT(*disk.Crash(seed)->List("/data/topics"), ElementsAre());
  }
}

TEST(DataDirectoryTest, RemembersWhereTheLogOfTheTopicsBegins) {
  io::SimulatedFileSystem disk;
  const auto directory = *Open(disk);
  EXPECT_EQ(*directory->ReadInternalLogStart("meta"), record::Offset{0});
  ASSERT_THAT(directory->SaveInternalLogStart("meta", {17}), IsOk());
  EXPECT_EQ(*directory->ReadInternalLogStart("meta"), record::Offset{17});
  ASSERT_THAT(disk.Corrupt("/data/internal/meta.start", {3}, 1), IsOk());
  EXPECT_THAT(directory->ReadInternalLogStart("meta"),
              FailsWith(absl::StatusCode::kDataLoss, "/data/internal/meta.start"));
}

}  // namespace
}  // namespace leat::broker
