#include "storage/log/segment_file.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "storage/io/aligned_buffer.h"
#include "storage/io/simulated_file_system.h"
#include "storage/record/error.h"
#include "tests/storage/log/test_log.h"

namespace leat::log {
namespace {

TEST(SegmentFileNameTest, SortsLikeOffsets) {
  EXPECT_EQ(SegmentFileName({0}), "00000000000000000000.log");
  EXPECT_EQ(SegmentFileName({1234}), "00000000000000001234.log");
  EXPECT_EQ(SegmentFileName({INT64_MAX}), "09223372036854775807.log");
}

TEST(SegmentFileNameTest, ComesBack) {
  for (int64_t offset : {int64_t{0}, int64_t{1}, int64_t{1234}, INT64_MAX}) {
    EXPECT_EQ(ParseSegmentFileName(SegmentFileName({offset})), record::Offset{offset});
  }
}

TEST(SegmentFileNameTest, RefusesAnyOther) {
  for (const char* name :
       {"", "0.log", "00000000000000001234", "00000000000000001234.log.tmp",
        "0000000000000000123x.log", "-0000000000000001234.log", "99999999999999999999.log",
        "000000000000000001234.log", "00000000000000001234.LOG", "00000000000000001234.log/"}) {
    EXPECT_EQ(ParseSegmentFileName(name), std::nullopt) << name;
  }
}

class SegmentFileTest : public testing::Test {
 protected:
  SegmentFileTest() { MakeDirectories(disk_); }

  static SegmentHeader Header(int64_t base_offset) {
    return {.topic_id = LogKey().topic_id,
            .partition = LogKey().partition,
            .segment_id = 99,
            .base_offset = {base_offset}};
  }

  absl::StatusOr<SealedSegment> OpenAsSealed(const SegmentHeader& expected) {
    return OpenSealedSegment(disk_, SegmentPath(0), expected);
  }

  // A sealed segment with a frame and the header `Header(0)` but for the segment id.
  void MakeSealed() {
    TestLog log(disk_, history_, 1);
    ASSERT_TRUE(log.Open().ok());
    ASSERT_TRUE(log.CreateSegment().ok());
    ASSERT_TRUE(log.Append({10, 5000}).ok());
    ASSERT_TRUE(log.Seal().ok());
  }

  io::SimulatedFileSystem disk_;
  History history_;
};

TEST_F(SegmentFileTest, CreatedSegmentIsPreparedAndEmpty) {
  const absl::StatusOr<ActiveSegment> segment =
      CreateSegment(disk_, kLogDirectory, Header(7), 10'000);
  ASSERT_TRUE(segment.ok()) << segment.status();
  EXPECT_EQ(segment->file->path(), SegmentPath(7));
  EXPECT_EQ(segment->frames_end.bytes, io::kBlockBytes);
  EXPECT_EQ(segment->prepared_end.bytes, 4 * io::kBlockBytes);
  EXPECT_EQ(segment->next_offset.value, 7);
  EXPECT_EQ(segment->last_frame_crc, segment->header_crc);
  EXPECT_TRUE(segment->index.empty());
  EXPECT_EQ(*disk_.List(kLogDirectory), std::vector<std::string>{SegmentFileName({7})});
}

TEST_F(SegmentFileTest, CreatedSegmentSurvivesAPowerCut) {
  ASSERT_TRUE(CreateSegment(disk_, kLogDirectory, Header(0), 4096).ok());
  for (uint64_t seed = 0; seed < 20; ++seed) {
    const auto after = disk_.Crash(seed);
    const absl::StatusOr<RecoveredLog> log = Recover(*after);
    ASSERT_TRUE(log.ok()) << log.status();
    ASSERT_TRUE(log->active.has_value()) << seed;
    EXPECT_EQ(log->active->header, Header(0));
  }
}

TEST_F(SegmentFileTest, NeverReplacesASegment) {
  ASSERT_TRUE(CreateSegment(disk_, kLogDirectory, Header(0), 0).ok());
  EXPECT_TRUE(absl::IsAlreadyExists(CreateSegment(disk_, kLogDirectory, Header(0), 0).status()));
}

TEST_F(SegmentFileTest, LeavesNothingBehindWhenTheDiskIsFull) {
  disk_.SetCapacity(10'000);
  const absl::Status full = CreateSegment(disk_, kLogDirectory, Header(0), 100'000).status();
  EXPECT_TRUE(absl::IsResourceExhausted(full)) << full;
  EXPECT_TRUE(disk_.List(kLogDirectory)->empty());
  disk_.SetCapacity(1'000'000);
  EXPECT_TRUE(CreateSegment(disk_, kLogDirectory, Header(0), 100'000).ok());
}

TEST_F(SegmentFileTest, LeavesNothingBehindAfterAnyError) {
  for (uint64_t nth = 1;; ++nth) {
    io::SimulatedFileSystem disk;
    MakeDirectories(disk);
    disk.FailNth(nth, absl::DataLossError("EIO"), io::FaultRepeat::kOnce);
    if (CreateSegment(disk, kLogDirectory, Header(0), 4096).ok()) break;
    const absl::StatusOr<std::vector<std::string>> names = disk.List(kLogDirectory);
    EXPECT_TRUE(!names.ok() || names->empty()) << "operation " << nth << ": " << names->front();
    EXPECT_TRUE(CreateSegment(disk, kLogDirectory, Header(0), 4096).ok()) << "operation " << nth;
  }
}

TEST_F(SegmentFileTest, PreparedBlocksAreZeroAndDurable) {
  absl::StatusOr<ActiveSegment> segment = CreateSegment(disk_, kLogDirectory, Header(0), 0);
  ASSERT_TRUE(segment.ok());
  constexpr uint64_t kBytes = (2 << 20) + io::kBlockBytes;  // More than one write.
  for (Preparation preparation : {Preparation::kAllocate, Preparation::kAllocateAndZero}) {
    ASSERT_TRUE(PrepareBlocks(*segment->file, segment->prepared_end, kBytes, preparation).ok());
    segment->prepared_end = segment->prepared_end + kBytes;
    const auto after = disk_.Crash(1);
    const std::string content = *io::ReadFile(*after, SegmentPath(0), 1 << 30);
    ASSERT_EQ(content.size(), segment->prepared_end.bytes);
    EXPECT_EQ(content.find_first_not_of('\0', io::kBlockBytes), std::string::npos);
  }
}

TEST_F(SegmentFileTest, SealedSegmentComesBack) {
  TestLog log(disk_, history_, 1);
  ASSERT_TRUE(log.Open().ok());
  ASSERT_TRUE(log.CreateSegment().ok());
  ASSERT_TRUE(log.Append({10, 5000, 200'000}).ok());
  ActiveSegment& active = log.segment();
  const absl::StatusOr<SealedSegment> sealed = SealSegment(active);
  ASSERT_TRUE(sealed.ok()) << sealed.status();

  const absl::StatusOr<SealedSegment> opened = OpenAsSealed(Header(0));
  ASSERT_TRUE(opened.ok()) << opened.status();
  EXPECT_EQ(opened->path, SegmentPath(0));
  EXPECT_EQ(opened->header, active.header);
  EXPECT_EQ(opened->file_bytes, sealed->file_bytes);
  EXPECT_EQ(opened->file_bytes, io::ReadFile(disk_, SegmentPath(0), 1 << 30)->size());
  EXPECT_EQ(opened->footer.next_offset.value, 3);
  EXPECT_EQ(opened->footer.frames_end, active.frames_end);
  EXPECT_EQ(opened->footer.last_frame_crc, active.last_frame_crc);
  EXPECT_EQ(opened->footer.payload_bytes, active.payload_bytes);
  EXPECT_EQ(opened->footer.first_append_timestamp_ms + 2, opened->footer.last_append_timestamp_ms);
  EXPECT_EQ(opened->footer.index.entries(), active.index.entries());
}

TEST_F(SegmentFileTest, SealingAFullDiskMayBeRepeated) {
  TestLog log(disk_, history_, 1);
  ASSERT_TRUE(log.Open().ok());
  ASSERT_TRUE(log.CreateSegment().ok());
  ASSERT_TRUE(log.Append({10, 5000, 5000}).ok());  // Takes up all that was prepared.
  ActiveSegment& active = log.segment();
  ASSERT_TRUE(active.file->Truncate(active.frames_end.bytes).ok());
  active.prepared_end = active.frames_end;
  disk_.SetCapacity(1);
  EXPECT_TRUE(absl::IsResourceExhausted(SealSegment(active).status()));
  disk_.SetCapacity(1 << 30);
  EXPECT_TRUE(SealSegment(active).ok());
  EXPECT_TRUE(OpenAsSealed(Header(0)).ok());
}

TEST_F(SegmentFileTest, RefusesASegmentOfAnotherPlace) {
  MakeSealed();
  SegmentHeader another_topic = Header(0);
  another_topic.topic_id[15] ^= 1;
  SegmentHeader another_partition = Header(0);
  ++another_partition.partition;
  for (const SegmentHeader& expected : {another_topic, another_partition, Header(1)}) {
    const absl::Status status = OpenAsSealed(expected).status();
    EXPECT_EQ(record::ReasonOf(status), record::Reason::kLogCorrupt) << status;
  }
  EXPECT_TRUE(OpenAsSealed(Header(0)).ok());
}

TEST_F(SegmentFileTest, DamageNamesFileAndPosition) {
  MakeSealed();
  ASSERT_TRUE(disk_.Corrupt(SegmentPath(0), {20}, 1).ok());
  const absl::Status status = OpenAsSealed(Header(0)).status();
  EXPECT_TRUE(absl::IsDataLoss(status));
  EXPECT_EQ(record::MetadataOf(status),
            (record::ErrorMetadata{{"file", SegmentPath(0)}, {"position", "0"}}));
}

TEST_F(SegmentFileTest, AnActiveSegmentHasNoFooter) {
  const absl::StatusOr<ActiveSegment> segment =
      CreateSegment(disk_, kLogDirectory, Header(0), 8192);
  ASSERT_TRUE(segment.ok());
  EXPECT_TRUE(absl::IsNotFound(ReadFooter(*segment->file, 99).status()));
  EXPECT_EQ(record::ReasonOf(OpenAsSealed(Header(0)).status()), record::Reason::kLogCorrupt);
}

TEST_F(SegmentFileTest, ErrorsOfTheDiskAreNotDamage) {
  MakeSealed();
  for (uint64_t nth = 1; nth <= 4; ++nth) {
    disk_.FailNth(nth, absl::DataLossError("EIO"), io::FaultRepeat::kOnce);
    const absl::Status status = OpenAsSealed(Header(0)).status();
    EXPECT_EQ(status.message(), "EIO");
    EXPECT_EQ(record::ReasonOf(status), std::nullopt);
    disk_.ClearFaults();
  }
}

}  // namespace
}  // namespace leat::log
