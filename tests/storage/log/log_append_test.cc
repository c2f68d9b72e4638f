// Appends: order, groups, flights, marks, the gate.

#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "storage/log/frame.h"
#include "storage/record/error.h"
#include "tests/storage/log/batches.h"
#include "tests/storage/log/log_fixture.h"
#include "tests/storage/log/test_log.h"

namespace leat::log {
namespace {

using io::OperationKind;
using io::SimulatedOperation;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

using Trace = std::vector<SimulatedOperation>;

// Flushed writes of frames.
size_t FrameWrites(const Trace& trace) {
  size_t count = 0;
  for (const SimulatedOperation& operation : trace) {
    count += operation.kind == OperationKind::kWriteDurably ? 1 : 0;
  }
  return count;
}

TEST(LogAppendTest, MakesNoFileBeforeTheFirstAppend) {
  LogFixture log;
  log.Run();
  EXPECT_THAT(log.Files(), IsEmpty());
  EXPECT_EQ(log.log().bytes_on_disk(), 0u);
  EXPECT_EQ(log.log().checkpoint(), std::nullopt);
}

TEST(LogAppendTest, AcknowledgesInOrder) {
  LogFixture log;
  log.Append("a");
  log.Append("b", 3);
  EXPECT_THAT(log.Acked(), IsEmpty()) << "answered inside the call";
  EXPECT_EQ(log.log().log_end(), record::Offset{4});
  EXPECT_EQ(log.log().high_watermark(), record::Offset{0});
  log.Run();
  EXPECT_THAT(log.Acked(), ElementsAre("a", "b"));
  EXPECT_EQ((*log.sent()[1].answer)->base_offset, record::Offset{1});
  EXPECT_EQ(log.log().high_watermark(), record::Offset{4});
  EXPECT_THAT(*log.ReadAll(), ElementsAre("a", "b"));
}

TEST(LogAppendTest, AnIdleLogTakesNextToNoSpace) {
  LogFixture log;
  ASSERT_TRUE(log.AppendNow("a").ok());
  log.Wait(absl::Hours(1));
  EXPECT_LE(log.log().bytes_on_disk(), 32u << 10);
  EXPECT_EQ(log.log().bytes_on_disk(),
            *(*log.disk().Open(log.FilePath(0), io::OpenMode::kRead))->Size());
}

TEST(LogAppendTest, TheWatermarkMovesBeforeTheAnswerAndTheObserverComesLast) {
  LogFixture log;
  std::string order;
  log.log().set_observer([&] { order += log.log().high_watermark().value == 1 ? "o" : "?"; });
  log.log().Append(MakeBatch(0, 1, "a", 0), [&](absl::StatusOr<AppendResult> result) {
    EXPECT_TRUE(result.ok());
    order += log.log().high_watermark().value == 1 ? "a" : "?";
  });
  log.Run();
  EXPECT_EQ(order, "ao");
}

TEST(LogAppendTest, AppendsThatComeTogetherLeaveTogether) {
  LogFixture log;
  ASSERT_TRUE(log.AppendNow("first").ok());
  Trace trace;
  log.disk().TraceTo(&trace);
  for (int i = 0; i < 10; ++i) log.Append("x");
  log.Run();
  EXPECT_EQ(FrameWrites(trace), 1u);
  EXPECT_EQ(log.Acked().size(), 11u);
}

TEST(LogAppendTest, WhatComesDuringTwoFlightsJoinsTheNextFrame) {
  LogFixture log;
  ASSERT_TRUE(log.AppendNow("first").ok());
  Trace trace;
  log.disk().TraceTo(&trace);
  // Two frames take off one after the other.
  log.Append("a");
  while (FrameWrites(trace) < 1) ASSERT_TRUE(log.loop().Step());
  log.Append("b");
  while (FrameWrites(trace) < 2 && log.Acked().size() == 1) ASSERT_TRUE(log.loop().Step());
  for (const char* value : {"c", "d", "e"}) log.Append(value);
  log.Run();
  EXPECT_LE(FrameWrites(trace), 4u);
  EXPECT_THAT(log.Acked(), ElementsAre("first", "a", "b", "c", "d", "e"));
}

TEST(LogAppendTest, NeverMoreThanTwoFramesInFlight) {
  // One small batch makes a frame.
  LogFixture log({.max_frame_bytes = 1});
  size_t most = 0;
  for (int i = 0; i < 100; ++i) log.Append("x");
  do {
    most = std::max(most, log.loop().in_flight());
  } while (log.loop().Step());
  // At most: two frames and a step of preparing blocks.
  EXPECT_GE(most, 2u);
  EXPECT_LE(most, 3u);
  EXPECT_EQ(log.Acked().size(), 100u);
}

TEST(LogAppendTest, AnswersInOrderWhateverCompletesFirst) {
  for (uint64_t seed = 1; seed <= 50; ++seed) {
    LogFixture log({.max_frame_bytes = 1}, seed);
    std::vector<std::string> values;
    for (int i = 0; i < 20; ++i) {
      values.push_back(std::to_string(i));
      log.Append(values.back());
    }
    do {
      const int64_t acked = static_cast<int64_t>(log.Acked().size());
      ASSERT_EQ(log.log().high_watermark().value, acked);
    } while (log.loop().Step());
    ASSERT_EQ(log.Acked(), values);
    ASSERT_EQ(*log.ReadAll(), values);
  }
}

TEST(LogAppendTest, AWaitingLogGrowsItsFrame) {
  LogFixture log;
  ASSERT_TRUE(log.AppendNow("first").ok());
  for (int i = 0; i < 64; ++i) log.gate().Enter([] {});
  Trace trace;
  log.disk().TraceTo(&trace);
  log.Append("a");
  log.Run();
  log.Append("b");
  log.Run();
  EXPECT_EQ(FrameWrites(trace), 0u);
  log.gate().Leave();
  log.Run();
  EXPECT_EQ(FrameWrites(trace), 1u);
  EXPECT_THAT(log.Acked(), ElementsAre("first", "a", "b"));
}

TEST(LogAppendTest, ABatchThatComesWhileAMarkWaitsAtTheGateGetsItsBlocks) {
  LogFixture log;
  ASSERT_TRUE(log.AppendNow("first").ok());
  for (int i = 0; i < 64; ++i) log.gate().Enter([] {});
  log.Wait(absl::Seconds(1));  // The log has fallen idle: its mark needs one block.
  const std::string large(1 << 20, 'x');
  log.Append(large);
  log.Run();
  log.gate().Leave();
  log.Run();
  EXPECT_THAT(log.Acked(), ElementsAre("first", large));
}

TEST(LogAppendTest, ABatchLargerThanAFrameOrASegmentGoesAlone) {
  LogOptions options = SmallSegments();
  options.max_frame_bytes = 4096;
  LogFixture log(options);
  const std::string large(100'000, 'x');
  log.Append("a");
  log.Append(large);
  log.Append("b");
  log.Run();
  EXPECT_THAT(log.Acked(), ElementsAre("a", large, "b"));
  EXPECT_THAT(*log.ReadAll(), ElementsAre("a", large, "b"));
  EXPECT_EQ(log.log().segment_count(), 3u);
}

TEST(LogAppendTest, AppendTimeSurvivesARestart) {
  LogFixture log;
  const int64_t before = log.AppendNow("a")->append_timestamp_ms;
  ASSERT_TRUE(log.Restart().ok());
  log.clock().JumpWall(-absl::Hours(1));
  EXPECT_EQ(log.AppendNow("b")->append_timestamp_ms, before);
}

// Frames of the first segment.
std::vector<ParsedFrame> FramesOnDisk(LogFixture& log) {
  const std::string bytes = *io::ReadFile(log.disk(), log.FilePath(0), 1 << 30);
  std::vector<ParsedFrame> frames;
  for (size_t position = 4096; position < bytes.size();) {
    absl::StatusOr<ParsedFrame> frame =
        ParseFrame(std::string_view(bytes).substr(position), nullptr, PayloadCheck::kVerify);
    if (!frame.ok()) break;
    position += frame->header.padded_bytes;
    frames.push_back(*std::move(frame));
  }
  return frames;
}

TEST(LogAppendTest, AnIdleLogIsMarkedOnceWithItsStableOffset) {
  LogFixture log;
  log.Append("a");
  log.Wait(absl::Milliseconds(60));
  log.Append("b");
  log.Wait(absl::Milliseconds(60));
  EXPECT_EQ(FramesOnDisk(log).size(), 2u) << "not idle yet";
  log.Wait(absl::Milliseconds(60));
  ASSERT_EQ(FramesOnDisk(log).size(), 3u);
  const FrameHeader mark = FramesOnDisk(log)[2].header;
  EXPECT_EQ(mark.batch_count, 0u);
  EXPECT_EQ(mark.first_offset, record::Offset{2});
  EXPECT_EQ(mark.stable_offset, record::Offset{2});
  log.Wait(absl::Hours(1));
  EXPECT_EQ(FramesOnDisk(log).size(), 3u);
  log.Append("c");
  log.Wait(absl::Hours(1));
  EXPECT_EQ(FramesOnDisk(log).size(), 5u);
  EXPECT_THAT(*log.ReadAll(), ElementsAre("a", "b", "c"));
}

TEST(LogAppendTest, AMarkWaitsForWritesThatTakeLong) {
  for (uint64_t seed = 1; seed <= 50; ++seed) {
    LogFixture log({}, seed);
    ASSERT_TRUE(log.AppendNow("a").ok());
    const size_t slow = log.Append("b");
    while (log.loop().in_flight() == 0) log.loop().Step();
    // The disk takes its time: the log is quiet, but not idle.
    log.clock().Advance(absl::Milliseconds(150));
    log.Wait(absl::Seconds(1));
    ASSERT_TRUE(log.Answer(slow).ok());
    EXPECT_EQ(FramesOnDisk(log).back().header.stable_offset, record::Offset{2}) << seed;
    EXPECT_EQ(FramesOnDisk(log).size(), 3u) << seed;
  }
}

TEST(LogAppendTest, FramesTellTheStableOffsetAndFormAChain) {
  LogFixture log;
  for (const char* value : {"a", "b", "c"}) ASSERT_TRUE(log.AppendNow(value).ok());
  const std::vector<ParsedFrame> frames = FramesOnDisk(log);
  ASSERT_EQ(frames.size(), 3u);
  for (size_t i = 0; i < frames.size(); ++i) {
    EXPECT_EQ(frames[i].header.stable_offset.value, static_cast<int64_t>(i));
    EXPECT_EQ(frames[i].header.incarnation, frames[0].header.incarnation);
    const uint32_t before = i == 0 ? frames[0].header.previous_crc : frames[i - 1].header.crc;
    EXPECT_EQ(frames[i].header.previous_crc, before);
  }
  ASSERT_TRUE(log.Restart().ok());
  ASSERT_TRUE(log.AppendNow("d").ok());
  EXPECT_NE(FramesOnDisk(log).back().header.incarnation, frames[0].header.incarnation);
}

TEST(LogAppendTest, ClosingEndsWhatWasBegunAndRefusesMore) {
  LogFixture log;
  log.Append("a");
  log.Append("b");
  const absl::Status closed = log.Close();
  EXPECT_TRUE(closed.ok()) << closed;
  EXPECT_THAT(log.Acked(), ElementsAre("a", "b"));
  const size_t late = log.Append("c");
  log.Run();
  EXPECT_EQ(record::ReasonOf(log.Answer(late)), record::Reason::kServerStopping);
  // One frame with both, one mark, nothing prepared.
  EXPECT_EQ(log.log().bytes_on_disk(), 3u * 4096);
  EXPECT_EQ(*(*log.disk().Open(log.FilePath(0), io::OpenMode::kRead))->Size(), 3u * 4096);
  EXPECT_EQ(log.log().checkpoint()->position, io::FilePosition{3 * 4096});
  EXPECT_EQ(log.log().checkpoint()->durable_end, record::Offset{2});
}

TEST(LogAppendTest, NoPowerCutChangesWhatClosingLeft) {
  LogFixture log;
  log.Append("a");
  ASSERT_TRUE(log.Close().ok());
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    EXPECT_EQ(Snapshot(*log.disk().Crash(seed)), Snapshot(log.disk()));
  }
}

TEST(LogAppendTest, GoesOnAfterARestart) {
  LogFixture log;
  for (int i = 0; i < 5; ++i) {
    ASSERT_TRUE(log.AppendNow(std::to_string(i)).ok());
    const absl::Status closed = log.Restart();
    ASSERT_TRUE(closed.ok()) << closed;
    EXPECT_THAT(log.recovered().findings, IsEmpty());
  }
  EXPECT_THAT(*log.ReadAll(), ElementsAre("0", "1", "2", "3", "4"));
}

TEST(LogAppendTest, EachOpeningHasAnIncarnationOfItsOwn) {
  LogFixture log;
  ASSERT_TRUE(log.AppendNow("a").ok());
  const uint64_t incarnation = log.log().checkpoint()->incarnation;
  ASSERT_TRUE(log.Restart().ok());
  ASSERT_TRUE(log.AppendNow("b").ok());
  EXPECT_NE(log.log().checkpoint()->incarnation, incarnation);
}

TEST(LogAppendTest, MayBeDestroyedAtAnyMoment) {
  LogFixture log;
  for (int steps = 0; steps < 40; ++steps) {
    log.Append("a");
    log.Append("b");
    for (int i = 0; i < steps; ++i) log.loop().Step();
    log.Kill();
  }
  EXPECT_TRUE(log.AppendNow("c").ok());
}

}  // namespace
}  // namespace leat::log
