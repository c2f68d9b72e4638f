// Rot and truncation of every place of a small log: what is damaged is found when the log is opened
// or when it is read, and never given out.

#include <gtest/gtest.h>

#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "storage/io/aligned_buffer.h"
#include "storage/io/simulated_file_system.h"
#include "storage/log/recovery.h"
#include "tests/storage/log/test_log.h"

namespace leat::log {
namespace {

class DamageTest : public testing::Test {
 protected:
  // Sealed [0, 1), active [1, 3) with a control frame and a prepared block.
  DamageTest() {
    MakeDirectories(disk_);
    TestLog log(disk_, history_, 1);
    Must(log.Open());
    Must(log.CreateSegment());
    Must(log.Append({10}));
    Must(log.Seal());
    Must(log.CreateSegment());
    Must(log.Append({20}));
    Must(log.Append({30}));
    records_end_ = log.segment().frames_end.bytes;
    Must(log.WriteControlFrame());
    std::unique_ptr<io::File> file = *disk_.Open(SegmentPath(1), io::OpenMode::kReadWrite);
    Must(file->Truncate(records_end_ + 2 * io::kBlockBytes));
    Must(file->Sync());
    Must(log.SaveCheckpoint());
    input_ = *ReadRecoveryInput(disk_);
  }

  static void Must(const absl::Status& status) { ASSERT_TRUE(status.ok()) << status; }

  uint64_t SizeOf(const std::string& path) {
    return io::ReadFile(disk_, path, uint64_t{1} << 30)->size();
  }

  enum class Outcome { kUnharmed, kFound, kWrong };

  // Opens and reads a damaged disk.
  Outcome Judge(io::SimulatedFileSystem& disk, bool with_checkpoint) {
    RecoveryInput input = input_;
    if (!with_checkpoint) input.checkpoint.reset();
    const absl::StatusOr<RecoveredLog> log = RecoverLog(disk, input);
    if (!log.ok()) return Outcome::kWrong;
    const bool found = !log->findings.empty();
    const absl::StatusOr<std::map<int64_t, std::string>> batches = ReadAll(disk, *log);
    if (!batches.ok()) return Outcome::kFound;
    for (const auto& [offset, payload] : *batches) {
      if (history_.acknowledged.at(offset) != payload) return Outcome::kWrong;
    }
    if (batches->size() != history_.acknowledged.size() && !log->corrupt.has_value()) {
      return Outcome::kWrong;
    }
    return found ? Outcome::kFound : Outcome::kUnharmed;
  }

  // Every bit of what was written, and one in every fourth byte of padding.
  void FlipEveryBit(const std::string& path, bool with_checkpoint) {
    const std::string content = *io::ReadFile(disk_, path, uint64_t{1} << 30);
    for (uint64_t position = 0; position < content.size(); ++position) {
      for (uint64_t bit = 0; bit < 8; ++bit) {
        const bool padding = content[position] == 0 && position % io::kBlockBytes >= 256;
        if (padding && (position % 4 != 0 || bit != position / 4 % 8)) continue;
        const std::unique_ptr<io::SimulatedFileSystem> rotten = disk_.Kill();
        Must(rotten->Corrupt(path, {position}, static_cast<uint8_t>(1 << bit)));
        ASSERT_EQ(Judge(*rotten, with_checkpoint), Outcome::kFound)
            << path << " byte " << position << " bit " << bit;
      }
    }
  }

  void TruncateEverywhere(const std::string& path, uint64_t needed) {
    for (uint64_t size = 0; size < SizeOf(path); size += 512) {
      const std::unique_ptr<io::SimulatedFileSystem> cut = disk_.Kill();
      std::unique_ptr<io::File> file = *cut->Open(path, io::OpenMode::kReadWrite);
      Must(file->Truncate(size));
      Must(file->Sync());
      const Outcome outcome = Judge(*cut, true);
      const bool may_go = size >= needed && size % io::kBlockBytes == 0;
      EXPECT_EQ(outcome, may_go ? Outcome::kUnharmed : Outcome::kFound) << path << " " << size;
    }
  }

  io::SimulatedFileSystem disk_;
  History history_;
  RecoveryInput input_;
  uint64_t records_end_ = 0;  // Of the active segment.
};

TEST_F(DamageTest, IsNotThereToBeginWith) {
  EXPECT_EQ(Judge(*disk_.Kill(), true), Outcome::kUnharmed);
  EXPECT_EQ(Judge(*disk_.Kill(), false), Outcome::kUnharmed);
}

TEST_F(DamageTest, EveryBitOfASealedSegmentCounts) { FlipEveryBit(SegmentPath(0), true); }

TEST_F(DamageTest, EveryBitOfAnActiveSegmentCounts) { FlipEveryBit(SegmentPath(1), false); }

TEST_F(DamageTest, EveryCutOfASealedSegmentIsFound) {
  TruncateEverywhere(SegmentPath(0), SizeOf(SegmentPath(0)));
}

TEST_F(DamageTest, EveryCutOfWhatTheCheckpointVouchesForIsFound) {
  TruncateEverywhere(SegmentPath(1), records_end_);
}

}  // namespace
}  // namespace leat::log
