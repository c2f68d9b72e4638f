// What recovery makes of a directory whose files are missing, moved, strange or out of date.

#include <gtest/gtest.h>

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "storage/io/aligned_buffer.h"
#include "storage/io/simulated_file_system.h"
#include "storage/log/recovery.h"
#include "tests/storage/log/test_log.h"

namespace leat::log {
namespace {

class RecoveryDirectoryTest : public testing::Test {
 protected:
  // Sealed [0, 3), sealed [3, 5), active [5, 7).
  RecoveryDirectoryTest() {
    MakeDirectories(disk_);
    TestLog log(disk_, history_, 1);
    Must(log.Open());
    for (const std::vector<size_t>& sizes : {std::vector<size_t>{10, 20, 30}, {40, 50}}) {
      Must(log.CreateSegment());
      Must(log.Append(sizes));
      Must(log.Seal());
    }
    Must(log.CreateSegment());
    Must(log.Append({60, 70}));
  }

  static void Must(const absl::Status& status) { ASSERT_TRUE(status.ok()) << status; }

  RecoveredLog RestartFrom(int64_t log_start) {
    absl::StatusOr<RecoveryInput> input = ReadRecoveryInput(disk_);
    Must(input.status());
    input->log_start = {log_start};
    absl::StatusOr<RecoveredLog> log = RecoverLog(disk_, *input);
    EXPECT_TRUE(log.ok()) << log.status();
    EXPECT_EQ(log->log_start.value, log_start);
    return *std::move(log);
  }

  // Nothing was touched, writes are refused, and reads end at `offset`.
  void ExpectCorruptAt(int64_t offset, const std::string& file) {
    const std::map<std::string, std::string> before = Snapshot(disk_);
    const RecoveredLog log = RestartFrom(0);
    ASSERT_TRUE(log.corrupt.has_value());
    EXPECT_EQ(log.corrupt->file, file);
    EXPECT_EQ(log.next_offset.value, offset) << log.corrupt->detail;
    EXPECT_TRUE(before == Snapshot(disk_)) << "files were changed";
    const absl::StatusOr<std::map<int64_t, std::string>> readable = ReadAll(disk_, log);
    ASSERT_TRUE(readable.ok()) << readable.status();
    EXPECT_EQ(readable->size(), static_cast<size_t>(offset));
  }

  std::vector<std::string> Names() { return *disk_.List(kLogDirectory); }

  std::string Content(const std::string& path) {
    return *io::ReadFile(disk_, path, uint64_t{1} << 30);
  }

  io::SimulatedFileSystem disk_;
  History history_;
};

TEST_F(RecoveryDirectoryTest, MissingSegmentsAreCorruption) {
  Must(disk_.Remove(SegmentPath(3)));
  ExpectCorruptAt(3, SegmentPath(5));
  Must(disk_.Remove(SegmentPath(0)));
  ExpectCorruptAt(0, SegmentPath(5));
}

TEST_F(RecoveryDirectoryTest, AFirstSegmentAfterTheLogStartIsCorruption) {
  Must(disk_.Remove(SegmentPath(0)));
  ExpectCorruptAt(0, SegmentPath(3));
}

TEST_F(RecoveryDirectoryTest, ASegmentThatOverlapsTheOneBeforeIsCorruption) {
  Must(disk_.Rename(SegmentPath(3), SegmentPath(2)));
  ExpectCorruptAt(3, SegmentPath(2));
}

TEST_F(RecoveryDirectoryTest, ASegmentOfAnotherPlaceIsCorruption) {
  Must(io::ReplaceFile(disk_, SegmentPath(3), Content(SegmentPath(0))));
  ExpectCorruptAt(3, SegmentPath(3));
}

TEST_F(RecoveryDirectoryTest, AnotherPartitionsSegmentIsCorruption) {
  absl::StatusOr<RecoveryInput> input = ReadRecoveryInput(disk_);
  Must(input.status());
  ++input->key.partition;
  const absl::StatusOr<RecoveredLog> log = RecoverLog(disk_, *input);
  Must(log.status());
  EXPECT_TRUE(log->corrupt.has_value());
  EXPECT_EQ(log->next_offset.value, 0);
}

TEST_F(RecoveryDirectoryTest, DamageToAHeaderIsCorruption) {
  Must(disk_.Corrupt(SegmentPath(5), {3000}, 1));
  ExpectCorruptAt(5, SegmentPath(5));
  Must(disk_.Corrupt(SegmentPath(3), {20}, 1));
  ExpectCorruptAt(3, SegmentPath(3));
}

// Its frames can still be read, and are, but what follows it cannot.
TEST_F(RecoveryDirectoryTest, DamageToTheFooterOfASegmentBeforeTheLastIsCorruption) {
  const std::string content = Content(SegmentPath(3));
  Must(disk_.Corrupt(SegmentPath(3), {content.size() - 1}, 1));
  ExpectCorruptAt(5, SegmentPath(3));
}

TEST_F(RecoveryDirectoryTest, AnEmptyFileIsCorruption) {
  Must(io::ReplaceFile(disk_, SegmentPath(5), ""));
  ExpectCorruptAt(5, SegmentPath(5));
}

TEST_F(RecoveryDirectoryTest, StrayFilesAreKeptAside) {
  Must(io::ReplaceFile(disk_, std::string(kLogDirectory) + "/notes.txt", "hello"));
  Must(disk_.CreateDirectory(std::string(kLogDirectory) + "/folder"));
  const RecoveredLog log = RestartFrom(0);
  EXPECT_FALSE(log.corrupt.has_value());
  ASSERT_EQ(log.findings.size(), 2u);
  EXPECT_EQ(log.findings[0].kind, Finding::Kind::kQuarantined);
  EXPECT_EQ(Names().size(), 3u);
  const std::vector<std::string> kept = *disk_.List(kQuarantineDirectory);
  ASSERT_EQ(kept.size(), 2u);
  EXPECT_EQ(Content(io::JoinPath(kQuarantineDirectory, kept[1])), "hello");
}

TEST_F(RecoveryDirectoryTest, InterruptedRewritesAreRemovedAndTold) {
  Must(io::ReplaceFile(disk_, ReplacementPath(SegmentPath(3)), "half a segment"));
  const RecoveredLog log = RestartFrom(0);
  ASSERT_EQ(log.findings.size(), 1u);
  EXPECT_EQ(log.findings[0].kind, Finding::Kind::kLeftoverRemoved);
  EXPECT_EQ(log.findings[0].file, ReplacementPath(SegmentPath(3)));
  EXPECT_EQ(Names().size(), 3u);
  EXPECT_TRUE(RestartFrom(0).findings.empty());
}

TEST_F(RecoveryDirectoryTest, ARewriteOfASegmentThatIsNotSoundStays) {
  Must(io::ReplaceFile(disk_, ReplacementPath(SegmentPath(3)), Content(SegmentPath(3))));
  Must(disk_.Remove(SegmentPath(3)));
  ExpectCorruptAt(3, SegmentPath(5));
}

TEST_F(RecoveryDirectoryTest, NoPowerCutChangesWhatIsKeptAside) {
  Must(io::ReplaceFile(disk_, std::string(kLogDirectory) + "/notes.txt", "hello"));
  Must(disk_.Remove(SegmentPath(3)));  // Of a corrupt log recovery flushes nothing more.
  Must(disk_.SyncDirectory(kLogDirectory));
  EXPECT_TRUE(RestartFrom(0).corrupt.has_value());
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    EXPECT_TRUE(Snapshot(*disk_.Crash(seed)) == Snapshot(disk_));
  }
}

TEST_F(RecoveryDirectoryTest, UnfinishedSegmentsAreRemoved) {
  Must(io::ReplaceFile(disk_, SegmentPath(7) + ".tmp", "half a header"));
  const RecoveredLog log = RestartFrom(0);
  EXPECT_TRUE(log.findings.empty());
  EXPECT_EQ(Names().size(), 3u);
}

TEST_F(RecoveryDirectoryTest, SegmentsWhollyBeforeTheLogStartAreRemoved) {
  const RecoveredLog inside = RestartFrom(2);
  EXPECT_EQ(inside.sealed.size(), 2u);
  const RecoveredLog between = RestartFrom(4);
  EXPECT_EQ(between.sealed.size(), 1u);
  const RecoveredLog after = RestartFrom(5);
  EXPECT_TRUE(after.sealed.empty());
  EXPECT_EQ(after.next_offset.value, 7);
  EXPECT_TRUE(after.findings.empty());
  EXPECT_EQ(Names(), std::vector<std::string>{SegmentFileName({5})});
}

TEST_F(RecoveryDirectoryTest, ALastSegmentThatIsSealedGoesToo) {
  Must(disk_.Remove(SegmentPath(5)));
  const RecoveredLog log = RestartFrom(5);
  EXPECT_TRUE(log.sealed.empty());
  EXPECT_FALSE(log.corrupt.has_value());
  EXPECT_EQ(log.next_offset.value, 5);
  EXPECT_TRUE(Names().empty());
}

TEST_F(RecoveryDirectoryTest, ALastSegmentWhoseSealingIsFinishedGoesToo) {
  Must(disk_.Remove(SegmentPath(5)));
  const auto file = *disk_.Open(SegmentPath(3), io::OpenMode::kReadWrite);
  Must(file->Truncate(*file->Size() + io::kBlockBytes));  // As before the cut.
  const RecoveredLog log = RestartFrom(5);
  EXPECT_FALSE(log.corrupt.has_value());
  EXPECT_EQ(log.next_offset.value, 5);
  EXPECT_TRUE(Names().empty());
}

TEST_F(RecoveryDirectoryTest, RemovalThatWasInterruptedLeavesNoHole) {
  Must(disk_.Remove(SegmentPath(3)));  // Before the first one, as a power cut may have it.
  const RecoveredLog log = RestartFrom(5);
  EXPECT_FALSE(log.corrupt.has_value());
  EXPECT_EQ(log.next_offset.value, 7);
  EXPECT_EQ(Names().size(), 1u);
}

// Its name alone would say that the segment before it lies wholly before the log start.
TEST_F(RecoveryDirectoryTest, ACopyUnderAnotherNameRemovesNothing) {
  const std::string copy = Content(SegmentPath(0));
  Must(io::ReplaceFile(disk_, SegmentPath(1), copy));
  const RecoveredLog log = RestartFrom(1);
  ASSERT_TRUE(log.corrupt.has_value());
  EXPECT_EQ(log.corrupt->file, SegmentPath(1));
  EXPECT_EQ(Names().size(), 4u);
}

TEST_F(RecoveryDirectoryTest, ALogThatEndsBeforeItsStartIsCorruption) {
  const RecoveredLog log = RestartFrom(9);
  EXPECT_TRUE(log.corrupt.has_value());
  EXPECT_EQ(log.next_offset.value, 9);
}

TEST_F(RecoveryDirectoryTest, ErrorsOfTheDiskAreNoFinding) {
  const std::map<std::string, std::string> before = Snapshot(disk_);
  for (uint64_t nth = 1;; ++nth) {
    const auto after = disk_.Kill();
    after->FailNth(nth, absl::DataLossError("EIO"), io::FaultRepeat::kOnce);
    const absl::StatusOr<RecoveredLog> log = Recover(*after);
    if (log.ok()) break;
    EXPECT_EQ(log.status().message(), "EIO") << nth;
    History seen = history_;
    const absl::Status verified = RecoverAndVerify(*after, seen);
    EXPECT_TRUE(verified.ok()) << "operation " << nth << ": " << verified;
  }
}

}  // namespace
}  // namespace leat::log
