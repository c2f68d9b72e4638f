#include "storage/log/recovery.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/types/span.h"
#include "storage/io/aligned_buffer.h"
#include "storage/io/simulated_file_system.h"
#include "storage/log/footer.h"
#include "storage/log/frame.h"
#include "storage/record/batch.h"
#include "storage/record/little_endian.h"
#include "tests/storage/log/batches.h"
#include "tests/storage/log/test_log.h"

namespace leat::log {
namespace {

constexpr uint64_t kBlock = io::kBlockBytes;

class RecoveryTest : public testing::Test {
 protected:
  RecoveryTest() : log_(disk_, history_, 1) {
    MakeDirectories(disk_);
    Must(log_.Open());
  }

  static void Must(const absl::Status& status) { ASSERT_TRUE(status.ok()) << status; }

  // What a process finds that starts after this one was killed.
  RecoveredLog Restart() {
    absl::StatusOr<RecoveredLog> log = Recover(disk_);
    EXPECT_TRUE(log.ok()) << log.status();
    return *std::move(log);
  }

  void ExpectAllThere() {
    const absl::Status verified = RecoverAndVerify(disk_, history_);
    EXPECT_TRUE(verified.ok()) << verified;
  }

  // Nothing was touched, writes are refused, and reads end at `offset`.
  void ExpectCorruptAt(int64_t offset) {
    const std::map<std::string, std::string> before = Snapshot(disk_);
    const RecoveredLog log = Restart();
    ASSERT_TRUE(log.corrupt.has_value());
    EXPECT_EQ(log.findings.back().kind, Finding::Kind::kCorrupt);
    EXPECT_EQ(log.next_offset.value, offset) << log.corrupt->detail;
    EXPECT_TRUE(before == Snapshot(disk_)) << "files were changed";
    const absl::StatusOr<std::map<int64_t, std::string>> readable = ReadAll(disk_, log);
    ASSERT_TRUE(readable.ok()) << readable.status();
    EXPECT_EQ(readable->size(), static_cast<size_t>(offset));
  }

  void Overwrite(const std::string& path, uint64_t position, std::string_view bytes) {
    auto file = disk_.Open(path, io::OpenMode::kReadWrite);
    Must(file.status());
    Must((*file)->WriteAt({position}, bytes));
    Must((*file)->Sync());
  }

  void Truncate(const std::string& path, uint64_t size) {
    auto file = disk_.Open(path, io::OpenMode::kReadWrite);
    Must(file.status());
    Must((*file)->Truncate(size));
    Must((*file)->Sync());
  }

  std::string Content(const std::string& path) {
    return *io::ReadFile(disk_, path, uint64_t{1} << 30);
  }

  void WriteFile(const std::string& path, std::string_view content) {
    Must(io::ReplaceFile(disk_, path, content));
  }

  // Sealed [0, 3), sealed [3, 5), active [5, 7).
  void MakeThreeSegments() {
    Must(log_.CreateSegment());
    Must(log_.Append({10, 20, 30}));
    Must(log_.Seal());
    Must(log_.CreateSegment());
    Must(log_.Append({40, 50}));
    Must(log_.Seal());
    Must(log_.CreateSegment());
    Must(log_.Append({60, 70}));
  }

  // One active segment, a block a frame: a record at 4096, 8192, 12288 each.
  void MakeActive() {
    Must(log_.CreateSegment());
    Must(log_.Append({10}));
    Must(log_.Append({20}));
    Must(log_.Append({30}));
  }

  io::SimulatedFileSystem disk_;
  History history_;
  TestLog log_;
};

TEST_F(RecoveryTest, NoDirectoryIsAnEmptyLog) {
  const RecoveredLog log = Restart();
  EXPECT_TRUE(log.sealed.empty());
  EXPECT_FALSE(log.active.has_value());
  EXPECT_EQ(log.next_offset.value, 0);
  EXPECT_TRUE(log.findings.empty());
}

TEST_F(RecoveryTest, FindsEverything) {
  MakeThreeSegments();
  const RecoveredLog log = Restart();
  EXPECT_TRUE(log.findings.empty());
  ASSERT_EQ(log.sealed.size(), 2u);
  EXPECT_EQ(log.sealed[1].footer.next_offset.value, 5);
  ASSERT_TRUE(log.active.has_value());
  EXPECT_EQ(log.active->header, log_.segment().header);
  EXPECT_EQ(log.active->header_crc, log_.segment().header_crc);
  EXPECT_EQ(log.active->frames_end, log_.segment().frames_end);
  EXPECT_EQ(log.active->last_frame_crc, log_.segment().last_frame_crc);
  EXPECT_EQ(log.active->last_frame_position, log_.segment().last_frame_position);
  EXPECT_EQ(log.active->index.entries(), log_.segment().index.entries());
  EXPECT_EQ(log.active->index.max_timestamp_ms(), log_.segment().index.max_timestamp_ms());
  EXPECT_EQ(log.active->payload_bytes, log_.segment().payload_bytes);
  EXPECT_EQ(log.active->first_append_timestamp_ms, log_.segment().first_append_timestamp_ms);
  EXPECT_EQ(log.active->last_append_timestamp_ms, log_.segment().last_append_timestamp_ms);
  EXPECT_EQ(log.last_append_timestamp_ms, log.active->last_append_timestamp_ms);
  EXPECT_EQ(log.next_offset.value, 7);
  EXPECT_EQ(log.bytes_checked, 2 * kBlock);
  ExpectAllThere();
}

TEST_F(RecoveryTest, GivesBackPreparedBlocks) {
  MakeActive();
  EXPECT_GT(Content(SegmentPath(0)).size(), 4 * kBlock);
  const RecoveredLog log = Restart();
  EXPECT_TRUE(log.findings.empty());
  EXPECT_EQ(Content(SegmentPath(0)).size(), 4 * kBlock);
  EXPECT_EQ(log.active->prepared_end, log.active->frames_end);
}

TEST_F(RecoveryTest, ReadsFramesAcrossItsWindow) {
  Must(log_.CreateSegment());
  for (int i = 0; i < 4; ++i) Must(log_.Append({3 << 20, 5, 1 << 20}));
  ExpectAllThere();
  EXPECT_EQ(Restart().next_offset.value, 12);
}

// --- What the checkpoint is good for.

TEST_F(RecoveryTest, ChecksOnlyWhatTheCheckpointDoesNotVouchFor) {
  Must(log_.CreateSegment());
  for (int i = 0; i < 20; ++i) Must(log_.Append({20'000}));
  Must(log_.SaveCheckpoint());
  Must(log_.Append({10}));
  const RecoveredLog log = Restart();
  EXPECT_EQ(log.bytes_checked, kBlock);
  const ActiveSegment& active = *log.active;
  EXPECT_EQ(active.frames_end, log_.segment().frames_end);
  EXPECT_EQ(active.payload_bytes, log_.segment().payload_bytes);
  EXPECT_EQ(active.first_append_timestamp_ms, log_.segment().first_append_timestamp_ms);
  EXPECT_EQ(active.index.max_timestamp_ms(), log_.segment().index.max_timestamp_ms());
  // Lookups begin at or before the place.
  EXPECT_EQ(active.index.FindOffset({7}).position.bytes, kBlock);
  EXPECT_EQ(active.index.FindOffset({20}).first_offset.value, 20);
  EXPECT_EQ(active.index.FindTimestamp(active.first_append_timestamp_ms + 19).position.bytes,
            kBlock);
  EXPECT_EQ(active.index.FindTimestamp(active.first_append_timestamp_ms + 20).first_offset.value,
            20);
  ExpectAllThere();
}

TEST_F(RecoveryTest, ACheckpointThatDoesNotFitIsNotBelieved) {
  MakeActive();
  Must(log_.SaveCheckpoint());
  absl::StatusOr<RecoveryInput> input = ReadRecoveryInput(disk_);
  Must(input.status());
  const CheckpointEntry right = *input->checkpoint;
  std::vector<CheckpointEntry> wrong(6, right);
  wrong[0].last_frame_crc ^= 1;
  wrong[1].last_frame_position = {kBlock};
  wrong[2].last_frame_position = {};
  wrong[3].last_frame_position = {uint64_t{1} << 40};
  wrong[4].position = {3 * kBlock};
  wrong[5].last_frame_position = {kBlock + 1};
  for (const CheckpointEntry& entry : wrong) {
    input->checkpoint = entry;
    const absl::StatusOr<RecoveredLog> log = RecoverLog(disk_, *input);
    Must(log.status());
    EXPECT_FALSE(log->corrupt.has_value());
    EXPECT_EQ(log->bytes_checked, 3 * kBlock);
    EXPECT_EQ(log->next_offset.value, 3);
  }
  input->checkpoint = right;
  EXPECT_EQ(RecoverLog(disk_, *input)->bytes_checked, 0u);
}

TEST_F(RecoveryTest, AnOrderlyStopLeavesNothingToDo) {
  MakeThreeSegments();
  Must(log_.Close());
  std::vector<io::SimulatedOperation> trace;
  disk_.TraceTo(&trace);
  const RecoveredLog log = Restart();
  disk_.TraceTo(nullptr);
  EXPECT_EQ(log.bytes_checked, 0u);
  EXPECT_TRUE(log.findings.empty());
  for (const io::SimulatedOperation& operation : trace) {
    EXPECT_FALSE(io::ChangesDisk(operation.kind)) << operation;
  }
  ExpectAllThere();
}

// --- The table, row by row.

TEST_F(RecoveryTest, AcknowledgedRecordsThatAreMissingAreCorruption) {
  MakeActive();
  Must(log_.SaveCheckpoint());
  Truncate(SegmentPath(0), 3 * kBlock);
  ExpectCorruptAt(2);
}

TEST_F(RecoveryTest, AMissingLogIsCorruption) {
  MakeActive();
  Must(log_.SaveCheckpoint());
  Must(disk_.Remove(SegmentPath(0)));
  ExpectCorruptAt(0);
}

TEST_F(RecoveryTest, AnEndThatIsNotThatOfTheOrderlyStopIsCorruption) {
  MakeActive();
  Must(log_.Close());
  const BuiltFrame late = log_.BuildNext({log_.NextBatch(10)});
  Overwrite(SegmentPath(0), 4 * kBlock, BytesOf(late));
  ExpectCorruptAt(4);
}

TEST_F(RecoveryTest, BytesAfterAnOrderlyStopAreCorruption) {
  MakeActive();
  Must(log_.Close());
  Overwrite(SegmentPath(0), 4 * kBlock, std::string(kBlock, 'x'));
  ExpectCorruptAt(3);
}

TEST_F(RecoveryTest, AHoleBeforeAcknowledgedRecordsIsCorruption) {
  MakeActive();  // The third frame says that the second was durable.
  Must(disk_.Corrupt(SegmentPath(0), {2 * kBlock + 300}, 1));
  ExpectCorruptAt(1);
}

TEST_F(RecoveryTest, AControlFrameBearsWitnessOfTheLastRecord) {
  MakeActive();
  Must(log_.WriteControlFrame());
  Must(disk_.Corrupt(SegmentPath(0), {3 * kBlock + 300}, 1));
  ExpectCorruptAt(2);
}

TEST_F(RecoveryTest, AWitnessCountsThoughItsPayloadIsGone) {
  Must(log_.CreateSegment());
  Must(log_.Append({10}));
  Must(log_.Append({9000}));
  Must(disk_.Corrupt(SegmentPath(0), {kBlock + 300}, 1));
  Must(disk_.Corrupt(SegmentPath(0), {3 * kBlock}, 1));
  ExpectCorruptAt(0);
}

TEST_F(RecoveryTest, FramesBehindAHoleThatWereNeverAcknowledgedAreCut) {
  MakeActive();
  Must(log_.WriteFrames(
      {log_.BuildNext({log_.NextBatch(10)}), log_.BuildNext({log_.NextBatch(20)})}));
  const std::string before = Content(SegmentPath(0));
  history_.acknowledged.erase(3);  // Both were in flight, and the first one did not arrive.
  history_.acknowledged.erase(4);
  history_.acknowledged_end = 3;
  Overwrite(SegmentPath(0), 4 * kBlock, std::string(kBlock, '\0'));

  const RecoveredLog log = Restart();
  ASSERT_EQ(log.findings.size(), 1u);
  const Finding& finding = log.findings[0];
  EXPECT_EQ(finding.kind, Finding::Kind::kTailCut);
  EXPECT_EQ(finding.file, SegmentPath(0));
  EXPECT_EQ(finding.position.bytes, 4 * kBlock);
  EXPECT_EQ(finding.bytes, 2 * kBlock);
  EXPECT_EQ(finding.offset.value, 3);
  const std::vector<std::string> kept = *disk_.List(kQuarantineDirectory);
  ASSERT_EQ(kept.size(), 1u);
  EXPECT_EQ(Content(io::JoinPath(kQuarantineDirectory, kept[0])),
            std::string(kBlock, '\0') + before.substr(5 * kBlock, kBlock));
  EXPECT_EQ(Content(SegmentPath(0)), before.substr(0, 4 * kBlock));
  ExpectAllThere();
}

TEST_F(RecoveryTest, ATornWriteIsCutAndKept) {
  MakeActive();
  Overwrite(SegmentPath(0), 4 * kBlock, std::string(1000, 'x'));
  const RecoveredLog log = Restart();
  ASSERT_EQ(log.findings.size(), 1u);
  EXPECT_EQ(log.findings[0].bytes, kBlock);
  EXPECT_EQ(disk_.List(kQuarantineDirectory)->size(), 1u);
  ExpectAllThere();
}

TEST_F(RecoveryTest, NothingIsCutBeforeItIsKept) {
  MakeActive();
  const std::string torn(kBlock, 'x');
  Overwrite(SegmentPath(0), 4 * kBlock, torn);
  for (uint64_t nth = 1;; ++nth) {
    const std::unique_ptr<io::SimulatedFileSystem> copy = disk_.Kill();
    copy->FailNth(nth, absl::DataLossError("power cut"), io::FaultRepeat::kForever);
    const bool done = Recover(*copy).ok();
    for (uint64_t seed = 0; seed < 20; ++seed) {
      const std::map<std::string, std::string> left = Snapshot(*copy->Crash(seed));
      const std::string kept =
          io::JoinPath(kQuarantineDirectory,
                       "01020300000000000000000000000000-5-00000000000000000000.log-16384");
      if (left.at(SegmentPath(0)).size() > 4 * kBlock) continue;
      ASSERT_TRUE(left.contains(kept)) << "operation " << nth << ", seed " << seed;
      EXPECT_EQ(left.at(kept), torn);
    }
    if (done) break;
  }
}

TEST_F(RecoveryTest, WhatIsKeptIsNeverReplaced) {
  MakeActive();
  for (size_t copies = 1; copies <= 3; ++copies) {
    Overwrite(SegmentPath(0), 4 * kBlock, std::string(copies, 'x'));
    Restart();
    EXPECT_EQ(disk_.List(kQuarantineDirectory)->size(), copies);
  }
}

TEST_F(RecoveryTest, PartOfABlockAtTheEndIsTorn) {
  MakeActive();
  Truncate(SegmentPath(0), 4 * kBlock + 100);
  const RecoveredLog log = Restart();
  ASSERT_EQ(log.findings.size(), 1u);
  EXPECT_EQ(log.findings[0].bytes, 100u);
  EXPECT_EQ(Content(SegmentPath(0)).size(), 4 * kBlock);
  ExpectAllThere();
}

TEST_F(RecoveryTest, StaleFramesOfAnotherSegmentAreTheEndOfTheLog) {
  MakeActive();
  FrameHeader foreign{.segment_id = 1, .first_offset = {1000}, .stable_offset = {1000}};
  const BuiltFrame frame = BuildFrame(foreign, {MakeBatch(1000, 1, std::string(5000, 'v'), 1)});
  Overwrite(SegmentPath(0), 4 * kBlock, BytesOf(frame));
  const RecoveredLog log = Restart();
  EXPECT_TRUE(log.findings.empty());
  EXPECT_EQ(Content(SegmentPath(0)).size(), 4 * kBlock);
  ExpectAllThere();
}

// A producer may put anything into a payload, but does not know the segment id.
TEST_F(RecoveryTest, AForeignFrameDoesNotHideAWitness) {
  MakeActive();
  Must(log_.Append({10}));
  FrameHeader forged{.segment_id = 1};
  const BuiltFrame frame = BuildFrame(forged, {MakeBatch(0, 1, std::string(100'000, 'v'), 1)});
  Overwrite(SegmentPath(0), 2 * kBlock, BytesOf(frame).substr(0, kBlock));
  ExpectCorruptAt(1);
}

TEST_F(RecoveryTest, FramesOfANewerVersionAreNeverCut) {
  MakeActive();
  std::string newer(kBlock, '\0');
  EncodeFrameHeader({.segment_id = log_.segment().header.segment_id}, "", newer.data());
  record::StoreLittleEndian<uint16_t>(2, newer.data() + 10);
  Overwrite(SegmentPath(0), 4 * kBlock, newer);
  ExpectCorruptAt(3);
}

TEST_F(RecoveryTest, AFooterOfANewerVersionIsNeverCut) {
  MakeActive();
  Must(log_.Seal());
  std::string footer = Content(SegmentPath(0)).substr(4 * kBlock);
  const size_t footer_bytes = record::LoadLittleEndian<uint64_t>(footer.data() + 24);
  record::StoreLittleEndian<uint16_t>(3, footer.data() + 14);
  const uint32_t crc = record::Crc32c(std::string_view(footer).substr(12, footer_bytes - 12));
  record::StoreLittleEndian(crc, footer.data() + 8);
  char* const trailer = footer.data() + footer.size() - FooterTrailer::kEncodedBytes;
  record::StoreLittleEndian(crc, trailer + 12);
  record::StoreLittleEndian(record::Crc32c({trailer + 12, 52}), trailer + 8);
  Overwrite(SegmentPath(0), 4 * kBlock, footer);
  ExpectCorruptAt(3);
}

// Each is whole, and names the frame before.
TEST_F(RecoveryTest, AFrameThatDoesNotFitIsNotTaken) {
  MakeActive();
  const FrameHeader fits{.segment_id = log_.segment().header.segment_id,
                         .previous_crc = log_.segment().last_frame_crc,
                         .first_offset = {3}};
  FrameHeader of_another_segment = fits;
  ++of_another_segment.segment_id;
  FrameHeader after_a_hole = fits;
  after_a_hole.first_offset = {4};
  FrameHeader twice = fits;
  twice.first_offset = {2};
  for (const FrameHeader& header : {of_another_segment, after_a_hole, twice}) {
    const record::Batch batch = MakeBatch(header.first_offset.value, 1, "v", 1);
    Overwrite(SegmentPath(0), 4 * kBlock, BytesOf(BuildFrame(header, {batch})));
    EXPECT_EQ(Restart().next_offset.value, 3);
    ExpectAllThere();
  }
}

// --- Frames that were cut stay cut.

TEST_F(RecoveryTest, ACutFrameDoesNotComeBackEvenIfTheDiskForgetsTheCut) {
  MakeActive();
  // Two frames in flight; the first one is lost, the second one is not.
  const std::vector<BuiltFrame> lost = {log_.BuildNext({log_.NextBatch(10)}),
                                        log_.BuildNext({log_.NextBatch(10)})};
  Overwrite(SegmentPath(0), 5 * kBlock, BytesOf(lost[1]));
  TestLog next_life(disk_, history_, 2);
  Must(next_life.Open());
  // The very same batch again, so that incarnation alone tells the frames apart.
  const BuiltFrame retry = next_life.BuildNext({lost[0].batches[0]});
  Must(next_life.WriteFrames({retry}));
  Overwrite(SegmentPath(0), 5 * kBlock, BytesOf(lost[1]));

  const RecoveredLog log = Restart();
  EXPECT_EQ(log.next_offset.value, 4);
  ASSERT_EQ(log.findings.size(), 1u);
  EXPECT_EQ(log.findings[0].kind, Finding::Kind::kTailCut);
  ExpectAllThere();
}

TEST_F(RecoveryTest, IncarnationsFollowEachOtherInOneChain) {
  MakeActive();
  for (uint64_t seed = 2; seed < 5; ++seed) {
    TestLog next_life(disk_, history_, seed);
    Must(next_life.Open());
    Must(next_life.Append({10}));
  }
  ExpectAllThere();
  EXPECT_EQ(Restart().next_offset.value, 6);
}

// A killed process wrote a frame, up to the end of the file, and did not live to flush it.
TEST_F(RecoveryTest, WhatReadersSeeSurvivesAPowerCut) {
  MakeActive();
  Truncate(SegmentPath(0), 4 * kBlock);
  const BuiltFrame frame = log_.BuildNext({log_.NextBatch(10)});
  auto file = disk_.Open(SegmentPath(0), io::OpenMode::kReadWrite);
  Must(file.status());
  Must((*file)->WriteAt({4 * kBlock}, BytesOf(frame)));
  ExpectAllThere();
  EXPECT_EQ(history_.acknowledged_end, 4);
  for (uint64_t seed = 0; seed < 20; ++seed) {
    History seen = history_;
    Must(RecoverAndVerify(*disk_.Crash(seed), seen));
  }
}

// A killed process gave a segment its name and did not live to flush the directory.
TEST_F(RecoveryTest, TheNameOfASegmentSurvivesAPowerCut) {
  Must(log_.CreateSegment());
  const std::string temporary = SegmentPath(0) + ".tmp";
  Must(disk_.Rename(SegmentPath(0), temporary));
  Must(disk_.SyncDirectory(kLogDirectory));
  Must(disk_.Rename(temporary, SegmentPath(0)));
  TestLog next_life(disk_, history_, 2);
  Must(next_life.Open());
  Must(next_life.Append({10}));
  for (uint64_t seed = 0; seed < 20; ++seed) {
    History seen = history_;
    Must(RecoverAndVerify(*disk_.Crash(seed), seen));
  }
}

// --- Sealing that was interrupted.

TEST_F(RecoveryTest, FinishesSealing) {
  MakeActive();
  Must(log_.Seal());
  const uint64_t sealed_bytes = Content(SegmentPath(0)).size();
  Truncate(SegmentPath(0), sealed_bytes + 5 * kBlock);  // As before the cut.
  const RecoveredLog log = Restart();
  EXPECT_TRUE(log.findings.empty());
  EXPECT_FALSE(log.active.has_value());
  ASSERT_EQ(log.sealed.size(), 1u);
  EXPECT_EQ(log.next_offset.value, 3);
  EXPECT_EQ(Content(SegmentPath(0)).size(), sealed_bytes);
  ExpectAllThere();
}

TEST_F(RecoveryTest, AFooterOfOtherFramesIsNotTaken) {
  MakeActive();
  const uint64_t segment_id = log_.segment().header.segment_id;
  Must(log_.Seal());
  SegmentFooter footer = *DecodeFooter(segment_id, Content(SegmentPath(0)).substr(4 * kBlock));
  ++footer.last_frame_crc;
  Overwrite(SegmentPath(0), 4 * kBlock, EncodeFooter(segment_id, footer));
  Truncate(SegmentPath(0), Content(SegmentPath(0)).size() + kBlock);  // As before the cut.
  const RecoveredLog log = Restart();
  EXPECT_TRUE(log.active.has_value());
  EXPECT_EQ(log.findings.size(), 1u);
  ExpectAllThere();
}

TEST_F(RecoveryTest, UndoesSealingThatWasTorn) {
  MakeActive();
  Must(log_.Seal());
  Must(disk_.Corrupt(SegmentPath(0), {4 * kBlock + 50}, 1));
  const RecoveredLog log = Restart();
  ASSERT_TRUE(log.active.has_value());
  EXPECT_EQ(log.findings.size(), 1u);
  EXPECT_EQ(Content(SegmentPath(0)).size(), 4 * kBlock);
  ExpectAllThere();
}

}  // namespace
}  // namespace leat::log
