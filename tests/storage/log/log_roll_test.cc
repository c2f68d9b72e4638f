// Segments: rolling, retention, trimming, space.

#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "storage/record/error.h"
#include "tests/storage/log/log_fixture.h"
#include "tests/storage/log/test_log.h"

namespace leat::log {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

using Values = std::vector<std::string>;

Values AppendNumbers(LogFixture& log, int count) {
  Values values;
  for (int i = 0; i < count; ++i) {
    values.push_back(std::to_string(i));
    EXPECT_TRUE(log.AppendNow(values.back()).ok());
  }
  return values;
}

TEST(LogRollTest, RollsBeforeASegmentGrowsTooLarge) {
  LogFixture log(SmallSegments());
  const Values values = AppendNumbers(log, 30);
  // 14 frames each.
  EXPECT_THAT(log.Files(), ElementsAre("00000000000000000000.log", "00000000000000000014.log",
                                       "00000000000000000028.log"));
  EXPECT_EQ(log.log().segment_count(), 3u);
  EXPECT_EQ(*log.ReadAll(), values);
  ASSERT_TRUE(log.Restart().ok());
  EXPECT_EQ(*log.ReadAll(), values);
  EXPECT_EQ(log.log().segment_count(), 3u);
}

TEST(LogRollTest, RollsUnderLoadWithoutDisorder) {
  for (uint64_t seed = 1; seed <= 30; ++seed) {
    LogOptions options = SmallSegments();
    options.max_frame_bytes = 1;
    LogFixture log(options, seed);
    Values values;
    for (int i = 0; i < 100; ++i) {
      values.push_back(std::to_string(i));
      log.Append(values.back());
      for (size_t steps = seed % 7; steps > 0; --steps) log.loop().Step();
    }
    log.Run();
    EXPECT_EQ(log.Acked(), values);
    EXPECT_EQ(*log.ReadAll(), values);
    EXPECT_EQ(log.log().segment_count(), 8u);
  }
}

TEST(LogRollTest, RollsByAgeAtTheNextAppend) {
  LogFixture log({.segment_age = absl::Hours(1)});
  AppendNumbers(log, 1);
  log.Wait(absl::Minutes(59));
  AppendNumbers(log, 1);
  EXPECT_EQ(log.log().segment_count(), 1u);
  log.Wait(absl::Minutes(2));
  AppendNumbers(log, 1);
  EXPECT_EQ(log.log().segment_count(), 2u);
  EXPECT_THAT(*log.ReadAll(), SizeIs(3));
}

TEST(LogRollTest, SettingsMayChange) {
  LogFixture log;
  AppendNumbers(log, 20);
  log.log().SetOptions(SmallSegments());
  AppendNumbers(log, 20);
  EXPECT_THAT(log.Files(), ElementsAre("00000000000000000000.log", "00000000000000000020.log",
                                       "00000000000000000034.log"));
}

TEST(LogRollTest, RetentionByTime) {
  LogOptions options = SmallSegments();
  options.retention_time = absl::Hours(10);
  LogFixture log(options);
  for (int i = 0; i < 30; ++i) {
    AppendNumbers(log, 1);
    log.Wait(absl::Hours(0.5));
  }
  // Each append is followed by a mark, so that a segment holds 7. Now is hour 15; the newest
  // records of the first three segments are of hours 3, 6.5 and 10.
  ASSERT_EQ(log.log().RetentionTarget(), record::Offset{7});
  log.Wait(absl::Hours(2));
  ASSERT_EQ(log.log().RetentionTarget(), record::Offset{14});
  EXPECT_EQ(log.log().log_start(), record::Offset{0}) << "the caller makes it durable first";
  log.TrimTo(14);
  log.Run();
  EXPECT_THAT(log.Files(), ElementsAre("00000000000000000014.log", "00000000000000000021.log",
                                       "00000000000000000028.log"));
  EXPECT_EQ(log.log().RetentionTarget(), std::nullopt);
}

TEST(LogRollTest, RetentionRollsAnActiveSegmentThatIsOldEnough) {
  LogFixture log({.retention_time = absl::Hours(1)});
  AppendNumbers(log, 3);
  log.Wait(absl::Minutes(61));
  EXPECT_EQ(log.log().RetentionTarget(), std::nullopt);
  log.Run();
  ASSERT_EQ(log.log().RetentionTarget(), record::Offset{3});
  log.TrimTo(3);
  log.Run();
  EXPECT_THAT(log.Files(), IsEmpty());
  EXPECT_EQ(log.log().checkpoint(), std::nullopt);
  // Nothing but the log start is left to tell where to go on.
  log.Kill();
  EXPECT_EQ(log.AppendNow("x")->base_offset, record::Offset{3});
  EXPECT_THAT(*log.ReadAll(), ElementsAre("x"));
}

TEST(LogRollTest, RetentionByBytes) {
  LogOptions options = SmallSegments();
  options.retention_bytes = 3 * options.segment_bytes;
  LogFixture log(options);
  AppendNumbers(log, 14 * 5 + 1);
  const std::optional<record::Offset> target = log.log().RetentionTarget();
  ASSERT_TRUE(target.has_value());
  log.TrimTo(target->value);
  log.Run();
  EXPECT_LE(log.log().bytes_on_disk(), options.retention_bytes);
  EXPECT_GT(log.log().bytes_on_disk(), options.retention_bytes - 2 * options.segment_bytes);
  EXPECT_EQ(log.log().RetentionTarget(), std::nullopt);
}

TEST(LogRollTest, RetentionSkipsARoundWhenTheClockJumps) {
  LogOptions options = SmallSegments();
  options.retention_time = absl::Hours(24);
  LogFixture log(options);
  AppendNumbers(log, 30);
  EXPECT_EQ(log.log().RetentionTarget(), std::nullopt);
  log.clock().JumpWall(absl::Hours(24 * 365));
  EXPECT_EQ(log.log().RetentionTarget(), std::nullopt);
  log.clock().JumpWall(-absl::Hours(24 * 365));
  EXPECT_EQ(log.log().RetentionTarget(), std::nullopt);
  EXPECT_EQ(log.log().RetentionTarget(), std::nullopt);
  EXPECT_EQ(log.log().segment_count(), 3u);
}

TEST(LogRollTest, TrimsInsideASegment) {
  LogFixture log(SmallSegments());
  const Values values = AppendNumbers(log, 30);
  int changes = 0;
  log.log().set_observer([&changes] { ++changes; });
  log.TrimTo(20);
  EXPECT_EQ(changes, 1);
  log.TrimTo(10);
  EXPECT_EQ(changes, 1) << "never back";
  log.Run();
  EXPECT_EQ(log.log().log_start(), record::Offset{20});
  EXPECT_THAT(log.Files(), ElementsAre("00000000000000000014.log", "00000000000000000028.log"));
  EXPECT_EQ(*log.ReadAll(), Values(values.begin() + 20, values.end()));
  log.Kill();
  EXPECT_EQ(*log.ReadAll(), Values(values.begin() + 20, values.end()));
}

TEST(LogRollTest, TrimsAtMostToTheHighWatermark) {
  LogFixture log(SmallSegments());
  AppendNumbers(log, 30);
  log.Append("pending");
  log.TrimTo(1'000'000);
  EXPECT_EQ(log.log().log_start(), record::Offset{30});
  log.Run();
  EXPECT_THAT(*log.ReadAll(), ElementsAre("pending"));
}

TEST(LogRollTest, ALogTrimmedToItsEndTakesNoSpace) {
  LogFixture log(SmallSegments());
  AppendNumbers(log, 30);
  log.TrimTo(30);
  log.Run();
  EXPECT_THAT(log.Files(), IsEmpty());
  EXPECT_EQ(log.AppendNow("x")->base_offset, record::Offset{30});
  // It goes on as before.
  AppendNumbers(log, 5);
  EXPECT_EQ(log.log().segment_count(), 1u);
}

TEST(LogRollTest, TrimLeavesAReaderWhatItReads) {
  LogOptions options = SmallSegments();
  options.tail_bytes = 0;
  for (uint64_t seed = 1; seed <= 50; ++seed) {
    LogFixture log(options, seed);
    AppendNumbers(log, 30);
    std::optional<absl::StatusOr<ReadResult>> answer;
    log.log().Read({0}, 1 << 20, [&](absl::StatusOr<ReadResult> result) { answer = result; });
    for (uint64_t step = 0; step < seed % 10; ++step) log.loop().Step();
    log.TrimTo(30);
    log.Run();
    // All of it, some of it, or nothing any more: never an error of the disk.
    ASSERT_TRUE(answer.has_value());
    EXPECT_TRUE(answer->ok() ||
                record::ReasonOf(answer->status()) == record::Reason::kOffsetOutOfRange)
        << answer->status();
    log.Wait(absl::Seconds(5));
    EXPECT_THAT(log.Files(), IsEmpty());
  }
}

TEST(LogRollTest, NoPowerCutBringsBackWhatWasTrimmed) {
  LogFixture log(SmallSegments());
  AppendNumbers(log, 30);
  log.TrimTo(30);
  log.Wait(absl::Seconds(5));
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    EXPECT_EQ(Snapshot(*log.disk().Crash(seed)), Snapshot(log.disk()));
  }
}

TEST(LogRollTest, TriesAgainWhenAFileWouldNotGo) {
  LogFixture log(SmallSegments());
  AppendNumbers(log, 30);
  log.disk().Inject({.repeat = io::FaultRepeat::kForever, .matches = [](const auto& operation) {
                       return operation.kind == io::OperationKind::kRemove;
                     }});
  log.TrimTo(30);
  log.Wait(absl::Seconds(5));
  EXPECT_THAT(log.Files(), SizeIs(3));
  log.disk().ClearFaults();
  log.Wait(absl::Seconds(5));
  EXPECT_THAT(log.Files(), IsEmpty());
}

TEST(LogRollTest, AFullDiskRefusesAndThenGoesOn) {
  LogFixture log(SmallSegments());
  Values values = AppendNumbers(log, 10);
  log.disk().SetCapacity(0);
  size_t refused = 0;
  for (int i = 0; i < 20; ++i) {
    const absl::StatusOr<AppendResult> result = log.AppendNow("late");
    if (result.ok()) {
      values.push_back("late");  // Blocks made ready before.
    } else {
      EXPECT_EQ(record::ReasonOf(result.status()), record::Reason::kDiskFull);
      EXPECT_EQ(log.log().log_end(), log.log().high_watermark());
      ++refused;
    }
  }
  EXPECT_GE(refused, 5u);
  EXPECT_EQ(log.log().state(), LogState::kOnline);
  EXPECT_EQ(*log.ReadAll(), values);
  log.disk().SetCapacity(uint64_t{1} << 40);
  ASSERT_TRUE(log.AppendNow("again").ok());
  values.push_back("again");
  EXPECT_EQ(*log.ReadAll(), values);
  ASSERT_TRUE(log.Restart().ok());
  EXPECT_EQ(*log.ReadAll(), values);
}

TEST(LogRollTest, AFullDiskBeforeTheFirstSegment) {
  LogFixture log({}, 1, {.capacity_bytes = 0});
  EXPECT_EQ(record::ReasonOf(log.AppendNow("a").status()), record::Reason::kDiskFull);
  EXPECT_THAT(log.Files(), IsEmpty());
  log.disk().SetCapacity(1 << 20);
  EXPECT_TRUE(log.AppendNow("b").ok());
  EXPECT_THAT(*log.ReadAll(), ElementsAre("b"));
}

}  // namespace
}  // namespace leat::log
