// Logs of the server's own, as a broker keeps them: over stops, power cuts and damage.

#include "server/broker/internal_log.h"

#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/broker/internal_log_id.h"
#include "storage/io/simulated_file_system.h"
#include "storage/log/checkpoint.h"
#include "tests/server/broker/matchers.h"
#include "tests/server/broker/simulated_broker.h"
#include "tests/storage/log/batches.h"

namespace leat::broker {
namespace {

using record::Reason;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;
using testing::UnorderedElementsAre;

constexpr char kSegment[] = "/data/internal/groups/3/00000000000000000000.log";

class InternalLogTest : public testing::Test {
 protected:
  void SetUp() override { ASSERT_THAT(server_.Start(), IsOk()); }

  void Append(uint32_t number, const std::vector<std::string>& values) {
    for (const std::string& value : values) {
      ASSERT_THAT(server_.AppendToGroupLog(number, value), IsOk());
    }
  }

  absl::Status StopAndStart() {
    absl::Status stopped = server_.Stop();
    return stopped.ok() ? server_.Start() : stopped;
  }

  // Of the log 3 alone.
  void ExpectTold() {
    const RecoverySummary& recovery = server_.broker().recovery();
    ASSERT_THAT(recovery.findings, SizeIs(1));
    EXPECT_EQ(recovery.findings[0].topic, "__groups");
    EXPECT_EQ(recovery.findings[0].partition, 3u);
    EXPECT_EQ(server_.broker().group_log(3).state(), log::LogState::kCorrupt);
    EXPECT_THAT(server_.AppendToGroupLog(3, "c"), HasReason(Reason::kLogCorrupt));
    EXPECT_THAT(server_.AppendToGroupLog(4, "c"), IsOk());
  }

  SimulatedBroker server_{1};
};

TEST_F(InternalLogTest, HasNoFilesUntilItIsUsed) {
  EXPECT_THAT(*server_.disk().List("/data/internal"), IsEmpty());
  Append(3, {"a"});
  EXPECT_THAT(*server_.disk().List("/data/internal/groups"), ElementsAre("3/"));
}

TEST_F(InternalLogTest, SurvivesAnOrderlyStop) {
  Append(0, {"a", "b"});
  Append(15, {"c"});
  ASSERT_THAT(StopAndStart(), IsOk());
  EXPECT_TRUE(server_.broker().recovery().clean_shutdown);
  EXPECT_THAT(server_.broker().recovery().findings, IsEmpty());
  EXPECT_THAT(*server_.ReadGroupLog(0), ElementsAre("a", "b"));
  EXPECT_THAT(*server_.ReadGroupLog(1), IsEmpty());
  EXPECT_THAT(*server_.ReadGroupLog(15), ElementsAre("c"));
}

TEST_F(InternalLogTest, SurvivesAPowerCut) {
  for (uint64_t cut = 0; cut < 20; ++cut) {
    SCOPED_TRACE(cut);
    Append(7, {std::to_string(cut)});
    server_.CutPower(cut);
    ASSERT_THAT(server_.Start(), IsOk());
    const std::vector<std::string> values = *server_.ReadGroupLog(7);
    ASSERT_THAT(values, SizeIs(cut + 1));
    EXPECT_EQ(values.back(), std::to_string(cut));
  }
}

TEST(InternalLogCrashTest, SurvivesAPowerCutAtAnyOperation) {
  for (uint64_t cut = 1; cut <= 120; ++cut) {
    SCOPED_TRACE(cut);
    SimulatedBroker server(cut);
    ASSERT_THAT(server.Start(), IsOk());
    server.disk().FailNth(cut, absl::DataLossError("power cut"), io::FaultRepeat::kForever);
    size_t answered = 0;
    bool trimmed = false;
    while (answered < 20 && server.AppendToGroupLog(7, std::to_string(answered)).ok()) {
      if (++answered == 10) trimmed = server.TrimGroupLog(7, 5).ok();
      if (answered % 7 == 0) server.Advance(absl::Seconds(2));
    }
    server.disk().ClearFaults();
    server.CutPower(cut);

    ASSERT_THAT(server.Start(), IsOk());
    const int64_t log_start = server.broker().group_log(7).log_start().value;
    const std::vector<std::string> values = *server.ReadGroupLog(7);
    EXPECT_TRUE(log_start == 5 || (log_start == 0 && !trimmed)) << log_start;
    EXPECT_GE(log_start + values.size(), answered);
    EXPECT_LE(log_start + values.size(), answered + 1);
    for (size_t i = 0; i < values.size(); ++i) EXPECT_EQ(values[i], std::to_string(log_start + i));
    EXPECT_THAT(server.AppendToGroupLog(7, "more"), IsOk());
  }
}

TEST_F(InternalLogTest, LiesNowhereElseWithOtherShards) {
  for (uint32_t i = 0; i < kGroupLogs; ++i) Append(i, {std::to_string(i)});
  for (uint32_t shards : {5, 1, 20, 16}) {
    SCOPED_TRACE(shards);
    server_.options().shard_count = shards;
    ASSERT_THAT(StopAndStart(), IsOk());
    for (uint32_t i = 0; i < kGroupLogs; ++i) {
      EXPECT_THAT(*server_.ReadGroupLog(i), ElementsAre(std::to_string(i)));
    }
  }
}

TEST_F(InternalLogTest, BeginsWhereItWasTrimmed) {
  Append(3, {"a", "b", "c"});
  ASSERT_THAT(server_.TrimGroupLog(3, 2), IsOk());
  EXPECT_THAT(*server_.ReadGroupLog(3), ElementsAre("c"));
  server_.CutPower(1);
  ASSERT_THAT(server_.Start(), IsOk());
  EXPECT_EQ(server_.broker().group_log(3).log_start(), record::Offset{2});
  EXPECT_THAT(*server_.ReadGroupLog(3), ElementsAre("c"));
}

TEST_F(InternalLogTest, IsNotTrimmedWhenItsStartCannotBeSaved) {
  Append(3, {"a", "b"});
  server_.disk().FailNth(1, absl::ResourceExhaustedError("full"), io::FaultRepeat::kOnce);
  EXPECT_FALSE(server_.TrimGroupLog(3, 1).ok());
  server_.disk().ClearFaults();
  EXPECT_THAT(*server_.ReadGroupLog(3), ElementsAre("a", "b"));
}

TEST_F(InternalLogTest, WaitsForATrimBeforeItCloses) {
  Append(3, {"a", "b"});
  InternalLog& log = server_.broker().group_log(3);
  std::vector<std::string> order;
  (void)server_.Wait<bool>([&](auto done) {
    log.Post([&, done] {
      log.TrimTo({1}, [&](const absl::Status& trimmed) {
        order.push_back(trimmed.ok() ? "trimmed" : "failed");
      });
      log.Close([&, done](const absl::Status& closed) {
        order.push_back(closed.ok() ? "closed" : "failed");
        done(true);
      });
    });
  });
  EXPECT_THAT(order, ElementsAre("trimmed", "closed"));
  EXPECT_THAT(server_.AppendToGroupLog(3, "c"), HasReason(Reason::kServerStopping));
  // What is closed already is no obstacle to an orderly stop.
  ASSERT_THAT(StopAndStart(), IsOk());
  EXPECT_TRUE(server_.broker().recovery().clean_shutdown);
  EXPECT_THAT(*server_.ReadGroupLog(3), ElementsAre("b"));
}

TEST_F(InternalLogTest, MayBeClosedByWhoeverIsToldOfATrim) {
  Append(3, {"a", "b"});
  InternalLog& log = server_.broker().group_log(3);
  const auto closed = server_.Wait<bool>([&](auto done) {
    log.Post([&, done] {
      log.TrimTo({1}, [&, done](const absl::Status&) {
        log.Close([done](const absl::Status& status) { done(status.ok()); });
      });
    });
  });
  EXPECT_TRUE(*closed);
  ASSERT_THAT(StopAndStart(), IsOk());
  EXPECT_THAT(*server_.ReadGroupLog(3), ElementsAre("b"));
}

TEST_F(InternalLogTest, IsNotTrimmedOnceItIsBeingClosed) {
  Append(3, {"a", "b"});
  InternalLog& log = server_.broker().group_log(3);
  std::vector<std::string> order;
  (void)server_.Wait<bool>([&](auto done) {
    const auto note = [&order, done](const char* what) {
      order.push_back(what);
      if (order.size() == 3) done(true);
    };
    log.Post([&log, note] {
      log.Append(log::MakeBatch(0, 1, "c", 1), [&log, note](const auto& appended) {
        note(appended.ok() ? "appended" : "failed");
        log.TrimTo({1}, [note](const absl::Status& trimmed) {
          EXPECT_THAT(trimmed, HasReason(Reason::kServerStopping));
          note("refused");
        });
      });
      log.Close([note](const absl::Status&) { note("closed"); });
    });
  });
  EXPECT_THAT(order, UnorderedElementsAre("appended", "closed", "refused"));
  ASSERT_THAT(StopAndStart(), IsOk());
  EXPECT_TRUE(server_.broker().recovery().clean_shutdown);
  EXPECT_THAT(*server_.ReadGroupLog(3), ElementsAre("a", "b", "c"));
}

TEST_F(InternalLogTest, StandsInTheCheckpoint) {
  Append(3, {"a", "b"});
  server_.Advance(absl::Seconds(3));
  const auto checkpoint = log::ReadCheckpoint(server_.disk(), "/data/checkpoint");
  ASSERT_THAT(checkpoint, IsOk());
  const log::PartitionKey key = GroupsLog(3).key;
  EXPECT_TRUE(IsInternal(key));
  ASSERT_TRUE(checkpoint->partitions.contains(key));
  EXPECT_EQ(checkpoint->partitions.at(key).durable_end, record::Offset{2});
  EXPECT_FALSE(checkpoint->partitions.contains(GroupsLog(4).key));
  // And stays there over a restart in which nothing happens to it.
  ASSERT_THAT(StopAndStart(), IsOk());
  EXPECT_TRUE(log::ReadCheckpoint(server_.disk(), "/data/checkpoint")->partitions.contains(key));
}

TEST_F(InternalLogTest, DamageIsToldAndTheOthersServe) {
  Append(3, {"a", "b"});
  Append(4, {"a", "b"});
  ASSERT_THAT(server_.Stop(), IsOk());
  // In the header of the segment.
  ASSERT_THAT(server_.disk().Corrupt(kSegment, {20}, 1), IsOk());
  for (int restart = 0; restart < 3; ++restart) {
    SCOPED_TRACE(restart);
    ASSERT_THAT(server_.Start(), IsOk());
    ASSERT_NO_FATAL_FAILURE(ExpectTold());
    ASSERT_THAT(server_.Stop(), IsOk());
  }
}

TEST_F(InternalLogTest, ADamagedStartIsToldAndTheOthersServe) {
  Append(3, {"a", "b"});
  ASSERT_THAT(server_.TrimGroupLog(3, 1), IsOk());
  ASSERT_THAT(server_.Stop(), IsOk());
  ASSERT_THAT(server_.disk().Corrupt("/data/internal/groups/3.start", {3}, 1), IsOk());
  ASSERT_THAT(server_.Start(), IsOk());
  ASSERT_NO_FATAL_FAILURE(ExpectTold());
}

TEST_F(InternalLogTest, FilesThatAreGoneAreToldNotMadeAnew) {
  Append(3, {"a"});
  ASSERT_THAT(server_.Stop(), IsOk());
  ASSERT_THAT(server_.disk().Remove(kSegment), IsOk());
  ASSERT_THAT(server_.Start(), IsOk());
  ASSERT_NO_FATAL_FAILURE(ExpectTold());
}

TEST_F(InternalLogTest, TopicsAreToldBeforeTheirChangesAreAnswered) {
  const TopicHandle first = *server_.Create("first");
  std::vector<std::string> told;
  server_.broker().ObserveTopics(1, [&](const Topic& topic, TopicEvent event) {
    const bool put = event == TopicEvent::kPut;
    const std::string what = put ? "put " : "removed ";
    // Whoever is told looks it up.
    const auto found = server_.broker().FindTopic(topic.name);
    EXPECT_EQ(found.ok() ? (*found)->partition_count : 0, put ? topic.partition_count : 0);
    told.push_back(what + topic.name + " " + std::to_string(topic.partition_count));
  });
  const TopicHandle second = *server_.Create("second", 3);
  EXPECT_THAT(told, ElementsAre("put first 1", "put second 3"));
  const auto added = server_.Wait<TopicHandle>(
      [&](auto done) { server_.broker().AddPartitions(second, 5, done); });
  ASSERT_THAT(added, IsOk());
  ASSERT_THAT(server_.Delete(first), IsOk());
  EXPECT_THAT(told, ElementsAre("put first 1", "put second 3", "put second 5", "removed first 1"));
}

}  // namespace
}  // namespace leat::broker
