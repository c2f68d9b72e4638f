// Reads: from memory and from disk, side by side, past damage, by time.

#include <map>
#include <string>
#include <vector>

#include "absl/strings/str_join.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "storage/log/frame.h"
#include "storage/record/error.h"
#include "tests/storage/log/batches.h"
#include "tests/storage/log/log_fixture.h"

namespace leat::log {
namespace {

using io::OperationKind;
using io::SimulatedOperation;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Key;
using ::testing::Not;
using ::testing::SizeIs;
using ::testing::UnorderedElementsAre;

using Values = std::vector<std::string>;

// So that every read is from disk.
LogOptions WithoutTail(LogOptions options = {}) {
  options.tail_bytes = 0;
  return options;
}

// Appends `count` values, each in a frame of its own, over several segments if need be.
Values AppendNumbers(LogFixture& log, int count, size_t value_bytes = 10) {
  Values values;
  for (int i = 0; i < count; ++i) {
    values.push_back(std::to_string(i) + "-" + std::string(value_bytes, 'x'));
    EXPECT_TRUE(log.AppendNow(values.back()).ok());
  }
  return values;
}

// Operations of one kind since tracing began.
size_t Count(const std::vector<SimulatedOperation>& trace, OperationKind kind) {
  size_t count = 0;
  for (const SimulatedOperation& operation : trace) count += operation.kind == kind ? 1 : 0;
  return count;
}

TEST(LogReadTest, TellsTheRangeWhenTheOffsetIsOutsideOfIt) {
  LogFixture log;
  AppendNumbers(log, 3);
  log.TrimTo(1);
  for (const int64_t offset : {0, 4, -1}) {
    const absl::Status status = log.Read(offset).status();
    EXPECT_EQ(record::ReasonOf(status), record::Reason::kOffsetOutOfRange);
    EXPECT_THAT(record::MetadataOf(status),
                ElementsAre(std::pair("logStartOffset", "1"), std::pair("highWatermark", "3")));
  }
}

TEST(LogReadTest, IsEmptyAtTheHighWatermark) {
  LogFixture log;
  EXPECT_THAT(*log.Read(0), IsEmpty());
  AppendNumbers(log, 3);
  const absl::StatusOr<ReadResult> result = log.ReadBatches(3);
  EXPECT_THAT(result->batches, IsEmpty());
  EXPECT_EQ(result->next_offset, record::Offset{3});
}

TEST(LogReadTest, ReadsOnlyWhatIsDurable) {
  LogFixture log({.max_frame_bytes = 1});
  for (int i = 0; i < 30; ++i) log.Append(std::to_string(i));
  size_t looks = 0;
  do {
    const int64_t high_watermark = log.log().high_watermark().value;
    log.log().Read({0}, 1 << 20, [&, high_watermark](absl::StatusOr<ReadResult> result) {
      ASSERT_TRUE(result.ok());
      EXPECT_GE(result->next_offset.value, high_watermark);
      EXPECT_LE(result->next_offset, log.log().high_watermark());
      ++looks;
    });
    for (int i = 0; i < 5; ++i) log.loop().Step();
  } while (log.Acked().size() < 30);
  log.Run();
  EXPECT_GE(looks, 10u);
}

TEST(LogReadTest, TailAndDiskGiveTheSame) {
  LogFixture log(SmallSegments());
  Values values = AppendNumbers(log, 50);
  for (const size_t max_bytes : {size_t{1}, size_t{100}, size_t{1} << 20}) {
    log.options().tail_bytes = 4 << 20;
    EXPECT_EQ(*log.ReadAll(max_bytes), values);
    log.options().tail_bytes = 0;
    log.log().SetOptions(log.options());
    EXPECT_EQ(*log.ReadAll(max_bytes), values);
  }
}

TEST(LogReadTest, TheTailNeedsNoDisk) {
  LogFixture log;
  AppendNumbers(log, 50);
  std::vector<SimulatedOperation> trace;
  log.disk().TraceTo(&trace);
  EXPECT_THAT(*log.ReadAll(100), SizeIs(50));
  EXPECT_EQ(Count(trace, OperationKind::kRead), 0u);
}

TEST(LogReadTest, GivesWhatFitsButAtLeastOne) {
  for (const LogOptions& options : {LogOptions{}, WithoutTail()}) {
    LogFixture log(options);
    AppendNumbers(log, 5, 1000);
    EXPECT_THAT(*log.Read(0, 1), SizeIs(1));
    EXPECT_THAT(*log.Read(0, 2500), SizeIs(2));
    EXPECT_THAT(*log.Read(2, 2500), SizeIs(2));
    EXPECT_THAT(*log.Read(0), SizeIs(5));
  }
}

TEST(LogReadTest, BeginsWithTheBatchThatContainsTheOffset) {
  for (const LogOptions& options : {LogOptions{}, WithoutTail()}) {
    LogFixture log(options);
    ASSERT_TRUE(log.AppendNow("a", 10).ok());
    ASSERT_TRUE(log.AppendNow("b", 10).ok());
    const absl::StatusOr<ReadResult> result = log.ReadBatches(15);
    ASSERT_THAT(result->batches, SizeIs(1));
    EXPECT_EQ(result->batches[0].header.base_offset, record::Offset{10});
    EXPECT_EQ(result->next_offset, record::Offset{20});
  }
}

TEST(LogReadTest, ReadsOnFromWhatWasReadAhead) {
  LogFixture log(WithoutTail());
  const Values values = AppendNumbers(log, 300, 3000);
  std::vector<SimulatedOperation> trace;
  log.disk().TraceTo(&trace);
  EXPECT_EQ(*log.ReadAll(3100), values);
  // 300 blocks in steps of 64 KiB; one operation for each block would be 300.
  EXPECT_LE(Count(trace, OperationKind::kRead), 20u);
}

// The checkpoint vouches for the frames, so that opening does not look at them.
TEST(LogReadTest, WalksOverWhatRecoverySkippedOnceOnly) {
  LogFixture log(WithoutTail());
  const Values values = AppendNumbers(log, 200, 60'000);
  ASSERT_TRUE(log.Restart().ok());
  ASSERT_TRUE(log.ReadAll().ok());
  log.Wait(absl::Seconds(10));  // No cursor is left where it was.
  std::vector<SimulatedOperation> trace;
  log.disk().TraceTo(&trace);
  EXPECT_EQ(*log.Read(150, 1), Values{values[150]});
  uint64_t bytes = 0;
  for (const SimulatedOperation& operation : trace) {
    if (operation.kind == OperationKind::kRead) bytes += operation.length;
  }
  EXPECT_LE(bytes, 10 * kIndexIntervalBytes);  // Of 12 MB.
}

TEST(LogReadTest, ManyReadersSideBySide) {
  for (uint64_t seed = 1; seed <= 5; ++seed) {
    LogFixture log(WithoutTail(SmallSegments()), seed);
    const Values values = AppendNumbers(log, 60, 2000);
    // More than there are idle cursors, all over the log, some on the same place.
    std::vector<record::Offset> readers;
    for (int64_t i = 0; i < 24; ++i) readers.push_back({i * 3});
    size_t done = 0;
    std::function<void(size_t)> read_on = [&](size_t reader) {
      log.log().Read(readers[reader], 5000, [&, reader](absl::StatusOr<ReadResult> result) {
        ASSERT_TRUE(result.ok()) << result.status();
        ASSERT_EQ(result->batches.at(0).header.base_offset, readers[reader]);
        readers[reader] = result->next_offset;
        if (readers[reader] == log.log().high_watermark()) {
          ++done;
        } else {
          read_on(reader);
        }
      });
    };
    for (size_t i = 0; i < 20; ++i) read_on(i);
    log.Run();
    EXPECT_EQ(done, 20u);
  }
}

TEST(LogReadTest, ForgetsReadersThatStayAway) {
  LogFixture log(WithoutTail(SmallSegments()));
  const Values values = AppendNumbers(log, 60);
  ASSERT_TRUE(log.Read(0, 1).ok());
  log.Wait(absl::Seconds(10));
  std::vector<SimulatedOperation> trace;
  log.disk().TraceTo(&trace);
  EXPECT_EQ(*log.Read(1, 1), Values{values[1]});
  EXPECT_EQ(Count(trace, OperationKind::kOpen), 1u);
}

TEST(LogReadTest, KeepsNoMoreForReadersThanTheBudget) {
  LogFixture log(WithoutTail());
  const Values values = AppendNumbers(log, 60, 3000);
  for (int64_t offset = 0; offset < 20; ++offset) ASSERT_TRUE(log.Read(offset, 1).ok());
  ReadAheadBudget& budget = log.read_ahead_budget();
  EXPECT_GE(budget.used_bytes(), 64u << 10);
  log.Wait(absl::Seconds(10));
  EXPECT_EQ(budget.used_bytes(), 0u);

  const ReadAheadBudget::Share all = budget.Take(64 << 20);
  ASSERT_FALSE(all.empty());
  EXPECT_EQ(*log.ReadAll(3100), values);
  EXPECT_EQ(budget.used_bytes(), 64u << 20);
}

TEST(LogReadTest, GivesWhatIsBeforeDamageAndThenSaysWhereItIs) {
  LogFixture log(WithoutTail());
  const Values values = AppendNumbers(log, 10);
  // In the payload of the sixth frame.
  ASSERT_TRUE(log.disk().Corrupt(log.FilePath(0), {6 * 4096 + 64 + 128 + 5}, 1).ok());
  EXPECT_EQ(*log.Read(0), Values(values.begin(), values.begin() + 5));
  const absl::Status status = log.Read(5).status();
  EXPECT_EQ(record::ReasonOf(status), record::Reason::kLogCorrupt);
  EXPECT_THAT(record::MetadataOf(status),
              UnorderedElementsAre(std::pair("file", log.FilePath(0)), std::pair("offset", "5"),
                                   std::pair("nextOffset", "6")));
  // Reading elsewhere, right behind it too, and appending go on.
  EXPECT_EQ(*log.Read(6), Values(values.begin() + 6, values.end()));
  EXPECT_EQ(log.log().state(), LogState::kOnline);
  EXPECT_TRUE(log.AppendNow("more").ok());
}

// Batches of one frame, each with its value in its payload, and some of those damaged.
class DamagedFrameTest : public ::testing::Test {
 protected:
  DamagedFrameTest() {
    EXPECT_TRUE(log_.AppendNow("v0").ok());
    for (int i = 1; i <= 6; ++i) log_.Append("v" + std::to_string(i));
    log_.Run();
    EXPECT_TRUE(log_.AppendNow("v7").ok());
  }

  void Damage(const std::string& value) {
    const std::string bytes = *io::ReadFile(log_.disk(), log_.FilePath(0), 1 << 20);
    ASSERT_TRUE(log_.disk().Corrupt(log_.FilePath(0), {bytes.find(value)}, 1).ok());
  }

  // Values of the one read from `from`; or where it is damaged, as "!1..2", "!1.." without an end.
  std::string Read(int64_t from) {
    const absl::StatusOr<Values> values = log_.Read(from);
    if (values.ok()) return absl::StrJoin(*values, " ");
    EXPECT_EQ(record::ReasonOf(values.status()), record::Reason::kLogCorrupt);
    std::map<std::string, std::string> where;
    for (const auto& [key, value] : record::MetadataOf(values.status())) where[key] = value;
    return "!" + where["offset"] + ".." + where["nextOffset"];
  }

  LogFixture log_{WithoutTail()};
};

TEST_F(DamagedFrameTest, CostsNoMoreThanTheBatchThatIsDamaged) {
  Damage("v3");
  EXPECT_EQ(Read(0), "v0 v1 v2");
  EXPECT_EQ(Read(2), "v2");
  EXPECT_EQ(Read(3), "!3..4");
  EXPECT_EQ(Read(4), "v4 v5 v6 v7");
  EXPECT_EQ(Read(6), "v6 v7");
}

TEST_F(DamagedFrameTest, TellsEachDamagedPlace) {
  Damage("v2");
  Damage("v3");
  Damage("v5");
  EXPECT_EQ(Read(1), "v1");
  EXPECT_EQ(Read(2), "!2..4");
  EXPECT_EQ(Read(3), "!3..4");
  EXPECT_EQ(Read(4), "v4");
  EXPECT_EQ(Read(5), "!5..6");
  EXPECT_EQ(Read(6), "v6 v7");
}

TEST_F(DamagedFrameTest, ItsFirstAndLastBatch) {
  Damage("v1");
  Damage("v6");
  EXPECT_EQ(Read(0), "v0");
  EXPECT_EQ(Read(1), "!1..2");
  EXPECT_EQ(Read(2), "v2 v3 v4 v5");
  EXPECT_EQ(Read(6), "!6..7");
  EXPECT_EQ(Read(7), "v7");
}

TEST_F(DamagedFrameTest, BehindADamagedFrame) {
  Damage("v0");
  Damage("v1");
  EXPECT_EQ(Read(0), "!0..2");
  EXPECT_EQ(Read(1), "!1..2");
  EXPECT_EQ(Read(2), "v2 v3 v4 v5 v6 v7");
}

TEST_F(DamagedFrameTest, PaddingAndMarksHaveNoRecordsToLose) {
  log_.Wait(absl::Seconds(10));  // The mark of an idle log.
  ASSERT_TRUE(log_.AppendNow("v8").ok());
  const std::string bytes = *io::ReadFile(log_.disk(), log_.FilePath(0), 1 << 20);
  for (const std::string value : {"v0", "v6", "v7"}) {
    const uint64_t last = (bytes.find(value) / 4096 + 1) * 4096 - 1;
    ASSERT_TRUE(log_.disk().Corrupt(log_.FilePath(0), {last}, 1).ok());
  }
  const uint64_t mark = (bytes.find("v8") / 4096 - 1) * 4096;
  ASSERT_EQ(bytes.find("v7") / 4096 * 4096, mark - 4096);
  ASSERT_TRUE(log_.disk().Corrupt(log_.FilePath(0), {mark}, 1).ok());
  for (int64_t from = 0; from <= 8; ++from) {
    EXPECT_THAT(Read(from), ::testing::EndsWith("v8")) << from;
  }
  // Also to a reader that goes on where it ended.
  for (int64_t from = 0; from <= 8; ++from) {
    EXPECT_EQ(*log_.Read(from, 1), Values{"v" + std::to_string(from)});
  }
}

TEST_F(DamagedFrameTest, AtTheEnd) {
  Damage("v6");
  Damage("v7");
  EXPECT_EQ(Read(5), "v5");
  EXPECT_EQ(Read(6), "!6..");
  EXPECT_EQ(Read(7), "!7..");
}

// The frames behind a damaged header have no entry in the index after a restart.
TEST(LogReadTest, ReadsBehindADamagedHeader) {
  LogFixture log(WithoutTail());
  const Values values = AppendNumbers(log, 10);
  log.SaveCheckpoint();
  log.Kill();
  ASSERT_TRUE(log.disk().Corrupt(log.FilePath(0), {6 * 4096 + 3}, 1).ok());
  ASSERT_TRUE(log.disk().Corrupt(log.FilePath(0), {7 * 4096 + 3}, 1).ok());
  for (const int64_t lost : {5, 6}) {
    const absl::Status status = log.Read(lost).status();
    EXPECT_EQ(record::ReasonOf(status), record::Reason::kLogCorrupt);
    EXPECT_THAT(record::MetadataOf(status), Contains(std::pair("nextOffset", "7")));
  }
  EXPECT_EQ(*log.Read(7), Values(values.begin() + 7, values.end()));
  EXPECT_EQ(*log.Read(9), Values(values.begin() + 9, values.end()));
}

TEST(LogReadTest, DamageUpToTheEndIsSaidToHaveNone) {
  LogFixture log(WithoutTail());
  AppendNumbers(log, 3);
  ASSERT_TRUE(log.disk().Corrupt(log.FilePath(0), {3 * 4096 + 3}, 1).ok());
  const absl::Status status = log.Read(2).status();
  EXPECT_EQ(record::ReasonOf(status), record::Reason::kLogCorrupt);
  EXPECT_THAT(record::MetadataOf(status), Not(Contains(Key("nextOffset"))));
}

TEST(LogReadTest, SeesAnyFlippedBitOfAFrame) {
  LogFixture log(WithoutTail());
  const Values values = AppendNumbers(log, 3);
  const std::string path = log.FilePath(0);
  // The second frame: its header, its batch; and its padding, which is nobody's.
  const std::string bytes = *io::ReadFile(log.disk(), path, 1 << 20);
  const uint64_t end = bytes.find(values[1]) + values[1].size();
  for (uint64_t byte = 2 * 4096; byte < 3 * 4096; byte += byte < 2 * 4096 + 300 ? 1 : 37) {
    ASSERT_TRUE(log.disk().Corrupt(path, {byte}, 0x10).ok());
    const absl::StatusOr<Values> read = log.ReadAll();
    if (byte < end) {
      EXPECT_EQ(record::ReasonOf(read.status()), record::Reason::kLogCorrupt) << byte;
    } else if (read.ok()) {
      EXPECT_EQ(*read, values) << byte;
    }
    ASSERT_TRUE(log.disk().Corrupt(path, {byte}, 0x10).ok());
  }
  EXPECT_EQ(*log.ReadAll(), values);
}

TEST(LogReadTest, SeesASoundFrameInTheWrongPlace) {
  LogFixture log(WithoutTail());
  AppendNumbers(log, 3);
  const std::string path = log.FilePath(0);
  const std::string bytes = *io::ReadFile(log.disk(), path, 1 << 20);
  const FrameHeader second = *DecodeFrameHeader(std::string_view(bytes).substr(2 * 4096));
  for (int wrong = 0; wrong < 4; ++wrong) {
    FrameHeader header = second;
    std::string value = "x";
    if (wrong == 0) ++header.segment_id;
    if (wrong == 1) ++header.first_offset.value;
    if (wrong == 2) ++header.previous_crc;
    if (wrong == 3) value.assign(4 * 4096, 'x');  // Past the end of the log.
    const BuiltFrame frame =
        BuildFrame(header, {MakeBatch(header.first_offset.value, 1, value, 5)});
    const auto file = *log.disk().Open(path, io::OpenMode::kReadWriteDirect);
    ASSERT_TRUE(file->WriteAt({2 * 4096}, frame.bytes->span().first(4096)).ok());
    EXPECT_EQ(record::ReasonOf(log.Read(1).status()), record::Reason::kLogCorrupt) << wrong;
  }
}

TEST(LogReadTest, AFailedReadMayBeRepeated) {
  LogFixture log(WithoutTail(SmallSegments()));
  const Values values = AppendNumbers(log, 40);
  const uint64_t before = log.disk().operations();
  EXPECT_EQ(*log.ReadAll(5000), values);
  const uint64_t operations = log.disk().operations() - before;
  for (uint64_t n = 1; n <= operations; ++n) {
    log.Wait(absl::Seconds(10));  // No cursor is kept.
    log.disk().FailNth(n, absl::DataLossError("EIO"), io::FaultRepeat::kOnce);
    const absl::StatusOr<Values> failed = log.ReadAll(5000);
    EXPECT_TRUE(failed.ok() || record::ReasonOf(failed.status()) == record::Reason::kLogCorrupt);
    log.disk().ClearFaults();
    EXPECT_EQ(*log.ReadAll(5000), values);
  }
}

TEST(LogReadTest, ACorruptLogIsReadUpToTheDamage) {
  LogFixture log(WithoutTail());
  const Values values = AppendNumbers(log, 10);
  log.Wait(absl::Seconds(1));
  log.SaveCheckpoint();
  const std::optional<CheckpointEntry> checkpoint = log.log().checkpoint();
  // The last frame before the mark, to which the checkpoint would lead, and one in the middle.
  for (const uint64_t block : {10, 11, 6}) {
    ASSERT_TRUE(log.disk().Corrupt(log.FilePath(0), {block * 4096 + 70}, 1).ok());
  }
  for (int restart = 0; restart < 3; ++restart) {
    log.CutPower(1);
    ASSERT_EQ(log.log().state(), LogState::kCorrupt);
    EXPECT_EQ(*log.ReadAll(), Values(values.begin(), values.begin() + 5));
    EXPECT_EQ(record::ReasonOf(log.AppendNow("x").status()), record::Reason::kLogCorrupt);
    // What says so is not written over by a log that knows less.
    EXPECT_EQ(log.log().checkpoint(), checkpoint);
    log.SaveCheckpoint();
  }
}

TEST(LogReadTest, AnIdleLogHoldsNoTailInMemory) {
  LogFixture log;
  const Values values = AppendNumbers(log, 10);
  log.Wait(absl::Minutes(1));
  std::vector<SimulatedOperation> trace;
  log.disk().TraceTo(&trace);
  EXPECT_EQ(*log.ReadAll(), values);
  EXPECT_EQ(Count(trace, OperationKind::kRead), 1u);
}

TEST(LogReadTest, FindsTimestamps) {
  LogFixture log(WithoutTail(SmallSegments()));
  const int64_t start_ms = log.clock().WallMillis();
  // Two batches of two records a minute apart: offsets 0, 2, 4, ...
  for (int i = 0; i < 60; ++i) {
    ASSERT_TRUE(log.AppendNow("x", 2).ok());
    log.clock().Advance(absl::Minutes(1));
  }
  EXPECT_GT(log.log().segment_count(), 2u);
  for (int i = 0; i < 60; ++i) {
    const int64_t at_ms = start_ms + i * 60'000;
    EXPECT_EQ(*log.FindTimestamp(at_ms), 2 * i);
    EXPECT_EQ(*log.FindTimestamp(at_ms - 1), 2 * i);
  }
  EXPECT_EQ(*log.FindTimestamp(INT64_MIN), 0);
  EXPECT_EQ(*log.FindTimestamp(start_ms + 60 * 60'000), 120);
  log.TrimTo(51);
  EXPECT_EQ(*log.FindTimestamp(0), 51) << "inside the batch at 50";
  EXPECT_EQ(*log.FindTimestamp(start_ms + 25 * 60'000), 51);
  EXPECT_EQ(*log.FindTimestamp(start_ms + 26 * 60'000), 52);
}

TEST(LogReadTest, FindsTimestampsThatAreNotInOrder) {
  LogFixture log(WithoutTail(SmallSegments()));
  const int64_t start_ms = log.clock().WallMillis();
  for (int i = 0; i < 40; ++i) {
    ASSERT_TRUE(log.AppendNow("x").ok());
    log.clock().JumpWall(i == 20 ? -absl::Hours(1) : absl::Minutes(1));
  }
  EXPECT_EQ(*log.FindTimestamp(start_ms + 20 * 60'000), 20);
  EXPECT_EQ(*log.FindTimestamp(start_ms + 20 * 60'000 + 1), 40);
  log.TrimTo(21);
  EXPECT_EQ(*log.FindTimestamp(start_ms - 35 * 60'000), 26);
}

}  // namespace
}  // namespace leat::log
