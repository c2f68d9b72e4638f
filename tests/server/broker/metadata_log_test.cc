#include "server/broker/metadata_log.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/broker/data_directory.h"
#include "storage/io/simulated_clock.h"
#include "storage/io/simulated_event_loop.h"
#include "storage/io/simulated_file_system.h"
#include "storage/log/recovery.h"
#include "tests/server/broker/matchers.h"
#include "tests/server/broker/topic_commands.h"

namespace leat::broker {
namespace {

using record::Reason;
using testing::AnyOf;
using testing::ElementsAre;

constexpr log::PartitionKey kKey{};

// A `MetadataLog` on a simulated disk, opened as a server opens it.
class Opened {
 public:
  Opened(io::SimulatedFileSystem& disk, uint64_t seed)
      : disk_(disk), random_(seed), loop_(clock_, seed), next_id_(seed << 32) {}

  absl::Status Open() {
    auto directory = DataDirectory::Open(disk_, "/data", MakeUuid(1, 1));
    if (!directory.ok()) return directory.status();
    directory_ = *std::move(directory);
    absl::StatusOr<record::Offset> log_start = directory_->ReadInternalLogStart("meta");
    if (!log_start.ok()) return log_start.status();
    const log::RecoveryInput place{.directory = directory_->InternalLogDirectory("meta"),
                                   .quarantine_directory = "/data/quarantine/meta",
                                   .key = kKey,
                                   .log_start = *log_start};
    absl::StatusOr<log::RecoveredLog> recovered = log::RecoverLog(disk_, place);
    if (!recovered.ok()) return recovered.status();
    if (recovered->corrupt.has_value()) return absl::DataLossError(recovered->corrupt->detail);
    environment_ = {.files = &disk_,
                    .loop = &loop_,
                    .flush_gate = &gate_,
                    .read_ahead_budget = &read_ahead_budget_,
                    .random = [this] { return random_(); }};
    log_.emplace(
        log::Log::Create(environment_, place, *std::move(recovered), {.segment_bytes = 64 << 10}),
        MetadataLog::Surroundings{.clock = &clock_,
                                  .random = [this] { return next_id_++; },
                                  .publish =
                                      [this](std::vector<TopicChange> changes, io::Task in_force) {
                                        published_ += changes.size();
                                        loop_.Post(std::move(in_force));
                                      },
                                  .save_start =
                                      [this](record::Offset log_start, io::IoCallback saved) {
                                        std::move(saved)(
                                            directory_->SaveInternalLogStart("meta", log_start));
                                      }},
        MetadataLog::Options{.snapshot_interval_bytes = 20 << 12});
    std::optional<absl::Status> loaded;
    log_->Load([&](absl::Status status) { loaded = std::move(status); });
    loop_.RunUntilIdle();
    return *loaded;
  }

  void Submit(TopicCommand command) {
    log_->Submit(std::move(command), Answer<TopicHandle>([this](auto answer) {
                   answers_.push_back(std::move(answer));
                 }));
  }
  absl::StatusOr<TopicHandle> Do(TopicCommand command) {
    Submit(std::move(command));
    loop_.RunUntilIdle();
    return answers_.back();
  }
  // What the state would be after a command.
  std::string DescribeAfter(const TopicCommand& command) {
    TopicState after = state();
    auto decision = after.Handle(command, clock_.WallMillis(), MakeUuid(next_id_, next_id_ + 1));
    if (!decision.ok()) return Describe(after);
    for (const internal::MetadataRecord& record : decision->records) {
      EXPECT_THAT(after.Apply(record), IsOk());
    }
    return Describe(after);
  }
  bool failed() const {
    const std::optional<Reason> reason =
        answers_.empty() ? std::nullopt : record::ReasonOf(answers_.back().status());
    return reason == Reason::kAppendOutcomeUnknown || reason == Reason::kPartitionOffline;
  }
  absl::Status Close() {
    std::optional<absl::Status> closed;
    log_->Close([&](absl::Status status) { closed = std::move(status); });
    loop_.RunUntilIdle();
    return *closed;
  }

  const TopicState& state() { return log_->state(); }
  const log::Log& log() { return log_->log(); }
  io::SimulatedEventLoop& loop() { return loop_; }
  const std::vector<absl::StatusOr<TopicHandle>>& answers() const { return answers_; }
  size_t published() const { return published_; }
  std::mt19937_64& random() { return random_; }

 private:
  io::SimulatedFileSystem& disk_;
  std::mt19937_64 random_;
  io::SimulatedClock clock_;
  io::SimulatedEventLoop loop_;
  log::FlushGate gate_{4};
  log::ReadAheadBudget read_ahead_budget_{1 << 20};
  log::LogEnvironment environment_;
  std::unique_ptr<DataDirectory> directory_;
  std::vector<absl::StatusOr<TopicHandle>> answers_;
  size_t published_ = 0;
  uint64_t next_id_;
  std::optional<MetadataLog> log_;
};

TEST(MetadataLogTest, CommandsTakeTheirTurn) {
  io::SimulatedFileSystem disk;
  Opened meta(disk, 1);
  ASSERT_THAT(meta.Open(), IsOk());
  meta.Submit(command::CreateTopic{"a", 1});
  meta.Submit(command::CreateTopic{"a", 1});
  meta.Submit(command::CreateTopic{"b", 1});
  EXPECT_THAT(meta.answers(), testing::IsEmpty());
  EXPECT_EQ(meta.state().FindName("a"), nullptr);  // Not before it is durable.
  meta.loop().RunUntilIdle();
  EXPECT_THAT(meta.answers(), ElementsAre(IsOk(), HasReason(Reason::kTopicAlreadyExists), IsOk()));
  EXPECT_EQ(meta.published(), 2u);
}

TEST(MetadataLogTest, WhatWasAnsweredIsLoadedAgain) {
  io::SimulatedFileSystem disk;
  std::string before;
  {
    Opened meta(disk, 1);
    ASSERT_THAT(meta.Open(), IsOk());
    for (int i = 0; i < 300; ++i) (void)meta.Do(RandomCommand(meta.state(), meta.random()));
    before = Describe(meta.state());
  }
  const std::unique_ptr<io::SimulatedFileSystem> after = disk.Crash(1);
  Opened meta(*after, 2);
  ASSERT_THAT(meta.Open(), IsOk());
  EXPECT_EQ(Describe(meta.state()), before);
}

TEST(MetadataLogTest, TheLogStaysShort) {
  io::SimulatedFileSystem disk;
  Opened meta(disk, 1);
  ASSERT_THAT(meta.Open(), IsOk());
  for (int i = 0; i < 2'000; ++i) {
    (void)meta.Do(RandomCommand(meta.state(), meta.random()));
    EXPECT_LT(meta.log().bytes_on_disk(), 2u << 20) << i;
  }
  EXPECT_GT(meta.log().log_start(), record::Offset{1'000});
}

TEST(MetadataLogTest, AFailedWriteRefusesEveryLaterChangeUntilARestart) {
  io::SimulatedFileSystem disk;
  Opened meta(disk, 1);
  ASSERT_THAT(meta.Open(), IsOk());
  ASSERT_THAT(meta.Do(command::CreateTopic{"a", 1}), IsOk());
  disk.Inject(
      {.repeat = io::FaultRepeat::kOnce, .matches = [](const io::SimulatedOperation& operation) {
         return operation.kind == io::OperationKind::kWriteDurably;
       }});
  EXPECT_THAT(meta.Do(command::CreateTopic{"b", 1}), HasReason(Reason::kAppendOutcomeUnknown));
  EXPECT_EQ(meta.state().FindName("b"), nullptr);
  EXPECT_THAT(meta.Do(command::CreateTopic{"c", 1}), HasReason(Reason::kPartitionOffline));
  EXPECT_EQ(meta.published(), 1u);

  const std::unique_ptr<io::SimulatedFileSystem> killed = disk.Kill();
  Opened restarted(*killed, 2);
  ASSERT_THAT(restarted.Open(), IsOk());
  EXPECT_NE(restarted.state().FindName("a"), nullptr);
  EXPECT_THAT(restarted.Do(command::CreateTopic{"c", 1}), IsOk());
}

TEST(MetadataLogTest, AFullDiskRefusesChangesUntilThereIsSpace) {
  io::SimulatedFileSystem disk;
  Opened meta(disk, 1);
  ASSERT_THAT(meta.Open(), IsOk());
  disk.SetCapacity(0);
  EXPECT_THAT(meta.Do(command::CreateTopic{"a", 1}), HasReason(Reason::kDiskFull));
  disk.SetCapacity(1 << 30);
  EXPECT_THAT(meta.Do(command::CreateTopic{"a", 1}), IsOk());
}

TEST(MetadataLogTest, ClosingEndsTheCommandUnderWayAndRefusesTheRest) {
  io::SimulatedFileSystem disk;
  Opened meta(disk, 1);
  ASSERT_THAT(meta.Open(), IsOk());
  meta.Submit(command::CreateTopic{"a", 1});
  meta.Submit(command::CreateTopic{"b", 1});
  EXPECT_THAT(meta.Close(), IsOk());
  EXPECT_THAT(meta.Do(command::CreateTopic{"c", 1}), HasReason(Reason::kServerStopping));
  EXPECT_THAT(meta.answers(), ElementsAre(IsOk(), HasReason(Reason::kServerStopping),
                                          HasReason(Reason::kServerStopping)));
}

// The power is cut at every operation of a run with several snapshots and trims.
TEST(MetadataLogTest, APowerCutAnywhereLeavesTheStateBeforeOrAfterTheChange) {
  constexpr int kCommands = 120;
  uint64_t operations = 0;
  for (uint64_t cut = 1; cut <= operations + 1; ++cut) {
    SCOPED_TRACE(testing::Message() << "operation " << cut);
    io::SimulatedFileSystem disk({.seed = cut});
    disk.FailNth(cut, absl::DataLossError("power cut"), io::FaultRepeat::kForever);
    Opened meta(disk, cut);
    std::string before = Describe(TopicState{{}});
    std::string after = before;
    const bool opened = meta.Open().ok();
    for (int i = 0; opened && i < kCommands && !meta.failed(); ++i) {
      const TopicCommand command = RandomCommand(meta.state(), meta.random());
      before = Describe(meta.state());
      after = meta.DescribeAfter(command);
      if (meta.Do(command).ok()) before = Describe(meta.state());
    }
    operations = disk.operations();
    // The run that nothing cuts short has written snapshots and trimmed.
    EXPECT_TRUE(cut <= operations || meta.log().log_start() > record::Offset{0});

    const std::unique_ptr<io::SimulatedFileSystem> after_cut = disk.Crash(cut);
    Opened restarted(*after_cut, cut + 1);
    ASSERT_THAT(restarted.Open(), IsOk());
    // The command that was cut off may have been written.
    EXPECT_THAT(Describe(restarted.state()), AnyOf(before, after));
  }
  EXPECT_GT(operations, 150u);
}

}  // namespace
}  // namespace leat::broker
