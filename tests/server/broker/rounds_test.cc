// What comes round again: `Periodic`, and those that use it.

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/broker/checkpointer.h"
#include "server/broker/compaction.h"
#include "server/broker/periodic.h"
#include "server/broker/retention.h"
#include "server/broker/space_watch.h"
#include "storage/io/simulated_clock.h"
#include "storage/io/simulated_event_loop.h"
#include "storage/io/simulated_file_system.h"
#include "tests/server/broker/matchers.h"

namespace leat::broker {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

class RoundsTest : public testing::Test {
 protected:
  io::SimulatedClock clock_;
  io::SimulatedEventLoop loop_{clock_, 1};
  io::SimulatedFileSystem disk_;
};

class PeriodicTest : public RoundsTest {
 protected:
  Periodic rounds_{loop_, absl::Seconds(10), [this](io::Task ended) {
                     ++begun_;
                     ended_ = std::move(ended);
                   }};
  int begun_ = 0;
  io::Task ended_;
};

TEST_F(PeriodicTest, TheNextRoundComesAnIntervalAfterTheLastHasEnded) {
  rounds_.Start();
  loop_.Advance(absl::Seconds(9));
  EXPECT_EQ(begun_, 0);
  loop_.Advance(absl::Seconds(1));
  EXPECT_EQ(begun_, 1);
  loop_.Advance(absl::Seconds(100));
  EXPECT_EQ(begun_, 1);
  std::move(ended_)();
  loop_.Advance(absl::Seconds(9));
  EXPECT_EQ(begun_, 1);
  loop_.Advance(absl::Seconds(1));
  EXPECT_EQ(begun_, 2);
}

TEST_F(PeriodicTest, StoppingWaitsForTheRoundUnderWay) {
  rounds_.Start();
  loop_.Advance(absl::Seconds(10));
  bool idle = false;
  rounds_.Stop([&] { idle = true; });
  EXPECT_FALSE(idle);
  std::move(ended_)();
  EXPECT_TRUE(idle);
  loop_.Advance(absl::Seconds(100));
  EXPECT_EQ(begun_, 1);
}

TEST_F(PeriodicTest, StoppedBetweenRoundsItIsIdleAtOnce) {
  rounds_.Start();
  bool idle = false;
  rounds_.Stop([&] { idle = true; });
  EXPECT_TRUE(idle);
  loop_.Advance(absl::Seconds(100));
  EXPECT_EQ(begun_, 0);
}

class CheckpointerTest : public RoundsTest {
 protected:
  static constexpr char kPath[] = "/checkpoint";

  static log::PartitionKey Key(uint32_t partition) { return {{1}, partition}; }
  static log::CheckpointEntry Entry(int64_t durable_end) { return {.durable_end = {durable_end}}; }

  log::Checkpoint Read() { return *log::ReadCheckpoint(disk_, kPath); }
  uint64_t Renames() {
    uint64_t renames = 0;
    for (const io::SimulatedOperation& operation : trace_) {
      renames += operation.kind == io::OperationKind::kRename;
    }
    return renames;
  }
  Checkpointer Make(log::Checkpoint read_at_start) {
    disk_.TraceTo(&trace_);
    return Checkpointer(disk_, loop_, kPath, absl::Seconds(1), std::move(read_at_start),
                        [this](auto collected) { std::move(collected)(std::exchange(next_, {})); });
  }

  std::vector<io::SimulatedOperation> trace_;
  Checkpointer::Updates next_;
};

TEST_F(CheckpointerTest, WritesWhatChangedAndOnlyThen) {
  Checkpointer checkpointer = Make({.partitions = {{Key(0), Entry(5)}, {Key(1), Entry(6)}}});
  checkpointer.Start();
  loop_.Advance(absl::Seconds(5));
  EXPECT_EQ(Renames(), 0u);
  next_ = {{Key(0), Entry(5)}};  // As it was.
  loop_.Advance(absl::Seconds(5));
  EXPECT_EQ(Renames(), 0u);
  next_ = {{Key(0), Entry(7)}, {Key(1), std::nullopt}, {Key(2), Entry(8)}};
  loop_.Advance(absl::Seconds(5));
  EXPECT_EQ(Renames(), 1u);
  EXPECT_THAT(Read().partitions,
              ElementsAre(testing::Pair(Key(0), Entry(7)), testing::Pair(Key(2), Entry(8))));
  EXPECT_FALSE(Read().clean_shutdown);
}

TEST_F(CheckpointerTest, TriesAgainAfterAFailure) {
  Checkpointer checkpointer = Make({});
  checkpointer.Start();
  next_ = {{Key(0), Entry(1)}};
  disk_.FailNth(1, absl::ResourceExhaustedError("full"), io::FaultRepeat::kOnce);
  loop_.Advance(absl::Seconds(1));
  EXPECT_THAT(Read().partitions, IsEmpty());
  loop_.Advance(absl::Seconds(1));
  EXPECT_THAT(Read().partitions, SizeIs(1));
}

TEST_F(CheckpointerTest, ClearsTheMarkAtStartAndSetsItAtTheEnd) {
  Checkpointer checkpointer = Make({.clean_shutdown = true, .partitions = {{Key(0), Entry(5)}}});
  ASSERT_THAT(checkpointer.ClearCleanMark(), IsOk());
  const auto crashed = disk_.Crash(1);
  EXPECT_FALSE(log::ReadCheckpoint(*crashed, kPath)->clean_shutdown);
  EXPECT_THAT(Read().partitions, SizeIs(1));
  ASSERT_THAT(checkpointer.WriteLast({{Key(1), Entry(1)}}, Checkpointer::Shutdown::kUnclean),
              IsOk());
  EXPECT_FALSE(Read().clean_shutdown);
  ASSERT_THAT(checkpointer.WriteLast({}, Checkpointer::Shutdown::kClean), IsOk());
  EXPECT_TRUE(Read().clean_shutdown);
  EXPECT_THAT(Read().partitions, SizeIs(2));
}

TEST_F(RoundsTest, RetentionMovesWhatTheLogsAskForAndNoMoreAtOnceThanFits) {
  std::vector<LogStart> wanted;
  for (uint32_t i = 0; i < 5'000; ++i) wanted.push_back({{{1}, i}, {i + 1}});
  std::vector<std::vector<LogStart>> moves;
  io::IoCallback moved;
  Retention retention(
      loop_, absl::Seconds(30), [&](auto collected) { std::move(collected)(wanted); },
      [&](std::vector<LogStart> targets, io::IoCallback done) {
        moves.push_back(std::move(targets));
        moved = std::move(done);
      });
  retention.Start();
  loop_.Advance(absl::Seconds(30));
  ASSERT_THAT(moves, SizeIs(1));
  EXPECT_THAT(moves[0], SizeIs(4'096));
  std::move(moved)(absl::OkStatus());
  ASSERT_THAT(moves, SizeIs(2));
  EXPECT_THAT(moves[1], SizeIs(904));
  EXPECT_EQ(moves[1].back(), wanted.back());
  std::move(moved)(absl::OkStatus());
  ASSERT_THAT(moves, SizeIs(2));
  // After a failure the rest waits for the next round.
  loop_.Advance(absl::Seconds(30));
  std::move(moved)(absl::DataLossError("EIO"));
  ASSERT_THAT(moves, SizeIs(3));
  loop_.Advance(absl::Seconds(30));
  ASSERT_THAT(moves, SizeIs(4));
  std::move(moved)(absl::OkStatus());
}

class CompactionRoundsTest : public RoundsTest {
 protected:
  static log::PartitionKey Key(uint32_t partition) { return {{1}, partition}; }
  void EndOne() { std::move (*std::exchange(ended_, std::nullopt))(); }

  Compaction compaction_{
      loop_, absl::Seconds(30), [this](auto collected) { std::move(collected)(due_); },
      [this](const log::PartitionKey& key, io::Task ended) {
        begun_.push_back(key.partition);
        ended_ = std::move(ended);
      },
      [this](const log::PartitionKey& key) { cancelled_.push_back(key.partition); }};
  Compaction::Keys due_;
  std::vector<uint32_t> begun_;
  std::vector<uint32_t> cancelled_;
  std::optional<io::Task> ended_;
};

TEST_F(CompactionRoundsTest, OneLogComesAfterTheOther) {
  due_ = {Key(1), Key(2)};
  compaction_.Start();
  loop_.Advance(absl::Seconds(100));
  EXPECT_THAT(begun_, ElementsAre(2));
  EndOne();
  EXPECT_THAT(begun_, ElementsAre(2, 1));
  EndOne();
  EXPECT_THAT(begun_, ElementsAre(2, 1));
  loop_.Advance(absl::Seconds(30));
  EXPECT_THAT(begun_, ElementsAre(2, 1, 2));
}

TEST_F(CompactionRoundsTest, StoppingCancelsTheOneUnderWayAndBeginsNoOther) {
  due_ = {Key(1), Key(2)};
  compaction_.Start();
  loop_.Advance(absl::Seconds(30));
  bool idle = false;
  compaction_.Stop([&idle] { idle = true; });
  EXPECT_THAT(cancelled_, ElementsAre(2));
  EXPECT_FALSE(idle);
  EndOne();
  EXPECT_TRUE(idle);
  EXPECT_THAT(begun_, ElementsAre(2));
}

TEST_F(RoundsTest, SpaceIsToldWhenItRunsLowAndWhenThereIsEnoughAgain) {
  disk_.SetCapacity(1'000);
  std::vector<Space> told;
  SpaceWatch watch(disk_, loop_, "/", 500, [&](Space space) { told.push_back(space); });
  ASSERT_THAT(watch.Start(), IsOk());
  EXPECT_THAT(told, IsEmpty());
  disk_.SetCapacity(499);
  loop_.Advance(absl::Seconds(3));
  EXPECT_THAT(told, ElementsAre(Space::kLow));
  disk_.FailNth(1, absl::InternalError("no answer"), io::FaultRepeat::kOnce);
  disk_.SetCapacity(500);
  loop_.Advance(absl::Seconds(1));
  EXPECT_THAT(told, ElementsAre(Space::kLow));
  loop_.Advance(absl::Seconds(1));
  EXPECT_THAT(told, ElementsAre(Space::kLow, Space::kEnough));
}

TEST_F(RoundsTest, LittleSpaceAtTheStartIsToldAtOnce) {
  disk_.SetCapacity(10);
  std::vector<Space> told;
  SpaceWatch watch(disk_, loop_, "/", 500, [&](Space space) { told.push_back(space); });
  ASSERT_THAT(watch.Start(), IsOk());
  EXPECT_THAT(told, ElementsAre(Space::kLow));
}

}  // namespace
}  // namespace leat::broker
