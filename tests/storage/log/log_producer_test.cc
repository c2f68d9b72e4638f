// A log and its producers: what comes again, what cannot be taken, and what is remembered over
// restarts, trims, damage and a full disk.

#include <algorithm>
#include <optional>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "storage/log/producer_snapshot.h"
#include "storage/record/error.h"
#include "tests/storage/log/batches.h"
#include "tests/storage/log/log_fixture.h"

namespace leat::log {
namespace {

using record::Reason;

class LogProducerTest : public testing::Test {
 protected:
  using Answer = std::optional<absl::StatusOr<AppendResult>>;

  explicit LogProducerTest(const LogOptions& options = SmallSegments()) : log_(options) {
    log_.resolve_producers = [this](ProducerTable& table) {
      table.ResolveGrants([](int64_t id) { return static_cast<uint64_t>(id); }, latest_grant_);
    };
  }

  void Send(int64_t producer, int32_t sequence, Answer& answer,
            std::optional<int64_t> expected_offset = std::nullopt) {
    record::Batch batch = MakeBatch(-1, 1, std::to_string(sequence), log_.clock().WallMillis());
    batch.header.producer_id = producer;
    batch.header.producer_epoch = 0;
    batch.header.base_sequence = sequence;
    AppendConditions conditions{.producer_grant = static_cast<uint64_t>(producer)};
    if (expected_offset.has_value()) conditions.expected_offset = {*expected_offset};
    log_.log().Append(std::move(batch), conditions, [&answer](absl::StatusOr<AppendResult> result) {
      EXPECT_FALSE(answer.has_value());
      answer = std::move(result);
    });
    EXPECT_FALSE(answer.has_value()) << "answered inside the call";
  }

  // "12", "12 again", or the reason for which it was refused.
  std::string SendNow(int64_t producer, int32_t sequence,
                      std::optional<int64_t> expected_offset = std::nullopt) {
    Answer answer;
    Send(producer, sequence, answer, expected_offset);
    log_.Run();
    return TextOf(answer);
  }

  static std::string TextOf(const Answer& answer) {
    if (!answer.has_value()) return "no answer";
    if (answer->ok()) {
      return std::to_string((*answer)->base_offset.value) + ((*answer)->duplicate ? " again" : "");
    }
    const std::optional<Reason> reason = record::ReasonOf(answer->status());
    return reason.has_value() ? std::string(record::ReasonName(*reason))
                              : std::string(answer->status().message());
  }

  // Sequence of the producer's last record; -1 when nothing is known.
  int32_t Last(int64_t producer) {
    std::optional<int32_t> last;
    log_.log().FindProducer(producer, latest_grant_,
                            [&](absl::StatusOr<std::optional<ProducerBatch>> found) {
                              EXPECT_TRUE(found.ok()) << found.status();
                              last = found->has_value() ? (*found)->last_sequence() : -1;
                            });
    log_.Run();
    return last.value_or(-2);
  }

  // With 15 records of nobody: the segment is sealed, which takes a snapshot.
  void FillSegment() {
    for (int i = 0; i < 15; ++i) ASSERT_TRUE(log_.AppendNow("v").ok());
  }

  std::string SnapshotPath() const {
    return io::JoinPath("/data/topics/t/0", kProducerSnapshotName);
  }
  bool HasSnapshot() { return io::ReadFile(log_.disk(), SnapshotPath(), 1 << 20).ok(); }

  uint64_t latest_grant_ = 100;
  LogFixture log_;
};

TEST_F(LogProducerTest, ABatchIsAppendedOnce) {
  EXPECT_EQ(SendNow(1, 0), "0");
  log_.Wait(absl::Seconds(5));
  EXPECT_EQ(SendNow(1, 1), "1");
  EXPECT_EQ(SendNow(1, 0), "0 again");
  EXPECT_EQ(SendNow(1, 3), "OUT_OF_ORDER_SEQUENCE");
  EXPECT_EQ(SendNow(2, 1), "OUT_OF_ORDER_SEQUENCE");
  EXPECT_EQ(SendNow(2, 0), "2");
  EXPECT_THAT(log_.ReadAll().value(), testing::ElementsAre("0", "1", "0"));
}

TEST_F(LogProducerTest, ADuplicateIsToldTheFirstTime) {
  Answer first, second;
  Send(1, 0, first);
  log_.Run();
  log_.Wait(absl::Hours(1));
  Send(1, 0, second);
  log_.Run();
  EXPECT_EQ((*second)->append_timestamp_ms, (*first)->append_timestamp_ms);
}

TEST_F(LogProducerTest, EightMayBeInFlight) {
  Answer answers[8];
  for (int i = 0; i < 8; ++i) Send(1, i, answers[i]);
  log_.Run();
  for (int i = 0; i < 8; ++i) EXPECT_EQ(TextOf(answers[i]), std::to_string(i));
  for (int i = 0; i < 8; ++i) EXPECT_EQ(SendNow(1, i), std::to_string(i) + " again");
}

// Nothing of what is derived from a batch is told before it is durable.
TEST_F(LogProducerTest, AnswersWaitForWhatTheyRestOn) {
  ASSERT_EQ(SendNow(1, 0), "0");
  Answer original, again, gap, conflict;
  Send(1, 1, original);
  Send(1, 1, again);
  Send(1, 3, gap);
  Send(2, 0, conflict, 1);
  while (!original.has_value()) {
    EXPECT_FALSE(again.has_value() || gap.has_value() || conflict.has_value());
    ASSERT_TRUE(log_.loop().Step());
  }
  log_.Run();
  EXPECT_EQ(TextOf(again), "1 again");
  EXPECT_EQ(TextOf(gap), "OUT_OF_ORDER_SEQUENCE");
  EXPECT_EQ(TextOf(conflict), "OFFSET_CONFLICT");
}

TEST_F(LogProducerTest, ADuplicateSharesTheFateOfAFailedWrite) {
  ASSERT_EQ(SendNow(1, 0), "0");
  Answer original, again, conflict;
  Send(1, 1, original);
  Send(1, 1, again);
  Send(2, 0, conflict, 1);
  log_.disk().Inject({.nth = 1,
                      .error = absl::DataLossError("EIO"),
                      .matches = [](const io::SimulatedOperation& operation) {
                        return io::ChangesDisk(operation.kind);
                      }});
  log_.Run();
  EXPECT_EQ(TextOf(original), "APPEND_OUTCOME_UNKNOWN");
  EXPECT_EQ(TextOf(again), "APPEND_OUTCOME_UNKNOWN");
  EXPECT_EQ(TextOf(conflict), "PARTITION_OFFLINE");
  EXPECT_EQ(SendNow(1, 1), "PARTITION_OFFLINE");
}

TEST_F(LogProducerTest, WhatAFullDiskRefusedComesAgain) {
  ASSERT_EQ(SendNow(1, 0), "0");
  log_.disk().SetCapacity(0);
  int32_t sequence = 1;
  while (true) {
    const std::string answer = SendNow(1, sequence);
    if (answer == "DISK_FULL") break;
    ASSERT_EQ(answer, std::to_string(sequence++));
  }
  Answer original, again;
  Send(1, sequence, original);
  Send(1, sequence, again);
  log_.Run();
  EXPECT_EQ(TextOf(original), "DISK_FULL");
  EXPECT_EQ(TextOf(again), "DISK_FULL");
  log_.disk().SetCapacity(uint64_t{1} << 40);
  EXPECT_EQ(SendNow(1, sequence), std::to_string(sequence));
}

TEST_F(LogProducerTest, IsRememberedOverStopsAndPowerCuts) {
  for (int i = 0; i < 40; ++i) {
    ASSERT_EQ(SendNow(1, i), std::to_string(i));
    log_.SaveCheckpoint();
    if (i % 3 == 0) {
      ASSERT_TRUE(log_.Restart().ok());
      EXPECT_EQ(log_.recovered().bytes_checked, 0u);
    }
    if (i % 3 == 1) log_.Kill();
    if (i % 3 == 2) log_.CutPower(static_cast<uint64_t>(i));
    ASSERT_EQ(Last(1), i);
    ASSERT_EQ(SendNow(1, i), std::to_string(i) + " again");
    const int oldest = std::max(0, i - 7);
    ASSERT_EQ(SendNow(1, oldest), std::to_string(oldest) + " again");
    EXPECT_TRUE(log_.recovered().findings.empty());
  }
}

TEST_F(LogProducerTest, ALogWithoutProducersHasNoSnapshot) {
  ASSERT_TRUE(log_.AppendNow("a").ok());
  ASSERT_TRUE(log_.Restart().ok());
  EXPECT_FALSE(HasSnapshot());
  ASSERT_EQ(SendNow(1, 0), "1");
  EXPECT_TRUE(HasSnapshot());
}

// Its batch comes while the log waits at the gate with a batch of nobody's, and joins that frame.
TEST_F(LogProducerTest, ASnapshotComesBeforeTheFirstProducerAtAFullGateToo) {
  for (int i = 0; i < 64; ++i) log_.gate().Enter([] {});
  log_.Append("a");
  log_.Run();
  Answer answer;
  Send(1, 0, answer);
  log_.Run();
  for (int i = 0; i < 64; ++i) log_.gate().Leave();
  log_.Run();
  EXPECT_EQ(TextOf(answer), "1");
  EXPECT_TRUE(HasSnapshot());
  log_.Kill();
  EXPECT_EQ(SendNow(1, 0), "1 again");
}

// In a segment that is not rolled, and so gets no snapshot on the way.
class LogOfManyProducersTest : public LogProducerTest {
 protected:
  LogOfManyProducersTest() : LogProducerTest(LogOptions{}) {}
};

TEST_F(LogOfManyProducersTest, WhoeverARecoveryForgetsIsNotTakenForNew) {
  const auto last = static_cast<int64_t>(ProducerTable::kMaxProducers) + 2;
  latest_grant_ = static_cast<uint64_t>(last);
  for (int64_t id = 1; id <= last; ++id) {
    ASSERT_EQ(SendNow(id, 0), std::to_string(id - 1));
    if (id == 1) {
      ASSERT_TRUE(log_.Restart().ok());
    }
  }
  log_.Kill();
  EXPECT_EQ(SendNow(1, 0), "PRODUCER_EXPIRED");
  EXPECT_EQ(SendNow(2, 0), "PRODUCER_EXPIRED") << "the snapshot does not know it";
  EXPECT_EQ(SendNow(3, 0), "2 again");
  EXPECT_EQ(SendNow(last + 1, 0), std::to_string(last));
}

TEST_F(LogProducerTest, SurvivesTheSegmentsThatHadItsBatches) {
  for (int i = 0; i < 20; ++i) ASSERT_EQ(SendNow(1, i), std::to_string(i));
  for (int i = 20; i < 60; ++i) ASSERT_TRUE(log_.AppendNow("x").ok());
  log_.TrimTo(59);
  log_.Run();
  ASSERT_GT(log_.log().log_start().value, 20);
  log_.CutPower(1);
  EXPECT_TRUE(log_.recovered().findings.empty());
  EXPECT_EQ(Last(1), 19);
  EXPECT_EQ(SendNow(1, 19), "19 again");
  EXPECT_EQ(SendNow(1, 20), "60");
}

TEST_F(LogProducerTest, ADamagedSnapshotIsToldAndMadeAnew) {
  for (int i = 0; i < 20; ++i) ASSERT_EQ(SendNow(1, i), std::to_string(i));
  ASSERT_TRUE(log_.Close().ok());
  ASSERT_TRUE(io::ReplaceFile(log_.disk(), SnapshotPath(), "garbage").ok());
  log_.Kill();
  ASSERT_EQ(log_.recovered().findings.size(), 1u);
  EXPECT_EQ(log_.recovered().findings[0].kind, Finding::Kind::kProducersRebuilt);
  EXPECT_EQ(log_.log().state(), LogState::kOnline);
  EXPECT_EQ(SendNow(1, 19), "19 again");
  EXPECT_EQ(SendNow(1, 20), "20");
  EXPECT_EQ(SendNow(50, 0), "PRODUCER_EXPIRED") << "it may have been in the snapshot alone";
  EXPECT_EQ(SendNow(101, 0), "21") << "granted after the damage was found";
  log_.Kill();
  EXPECT_TRUE(log_.recovered().findings.empty()) << "told once";
}

TEST_F(LogProducerTest, ADamagedSnapshotIsKeptAside) {
  ASSERT_EQ(SendNow(1, 0), "0");
  ASSERT_TRUE(log_.Close().ok());
  ASSERT_TRUE(io::ReplaceFile(log_.disk(), SnapshotPath(), "of a version to come").ok());
  log_.Kill();
  const std::string directory = log_.Place().quarantine_directory;
  const auto kept = log_.disk().List(directory);
  ASSERT_TRUE(kept.ok() && kept->size() == 1) << kept.status();
  EXPECT_EQ(*io::ReadFile(log_.disk(), io::JoinPath(directory, kept->front()), 1 << 20),
            "of a version to come");
}

TEST_F(LogProducerTest, AMissingSnapshotIsToldAndMadeAnew) {
  for (const int first : {0, 21}) {
    for (int i = first; i < first + 20; ++i) ASSERT_EQ(SendNow(1, i), std::to_string(i));
    log_.SaveCheckpoint();
    ASSERT_TRUE(log_.disk().Remove(SnapshotPath()).ok());
    log_.Kill();
    ASSERT_EQ(log_.recovered().findings.size(), 1u);
    EXPECT_EQ(log_.recovered().findings[0].kind, Finding::Kind::kProducersRebuilt);
    EXPECT_EQ(SendNow(1, first + 19), std::to_string(first + 19) + " again");
    EXPECT_EQ(SendNow(50, 0), "PRODUCER_EXPIRED") << "it may have been in the snapshot alone";
    EXPECT_EQ(SendNow(1, first + 20), std::to_string(first + 20));
  }
}

// Of a log that had none when its segment was made.
TEST_F(LogProducerTest, ASnapshotThatCameLaterIsMissedToo) {
  ASSERT_TRUE(log_.AppendNow("a").ok());
  ASSERT_EQ(SendNow(1, 0), "1");
  ASSERT_TRUE(log_.disk().Remove(SnapshotPath()).ok());
  log_.Kill();
  EXPECT_EQ(log_.recovered().findings.size(), 1u);
  EXPECT_EQ(SendNow(1, 0), "1 again");
}

// What is left of a batch without records still says which ones it had.
TEST_F(LogProducerTest, SurvivesCompactionWithAndWithoutItsSnapshot) {
  log_.options().compact = true;
  log_.log().SetOptions(log_.options());
  for (int i = 0; i < 40; ++i) ASSERT_EQ(SendNow(1, i), std::to_string(i));
  for (int i = 40; i < 80; ++i) ASSERT_TRUE(log_.AppendNow("x").ok());
  std::optional<CompactionReport> report;
  log_.log().Compact({}, [&report](const absl::Status& status, CompactionReport done) {
    EXPECT_TRUE(status.ok()) << status;
    report = done;
  });
  log_.Run();
  ASSERT_TRUE(report.has_value());
  EXPECT_GT(report->records_removed, 40u) << "all of the producer's are superseded";
  for (const bool snapshot : {true, false}) {
    if (!snapshot) ASSERT_TRUE(log_.disk().Remove(SnapshotPath()).ok());
    log_.Kill();
    EXPECT_EQ(log_.recovered().findings.size(), snapshot ? 0u : 1u);
    EXPECT_EQ(Last(1), 39);
    EXPECT_EQ(SendNow(1, 32), "32 again");
    EXPECT_EQ(SendNow(1, 41), "OUT_OF_ORDER_SEQUENCE");
  }
  EXPECT_EQ(SendNow(1, 40), "80");
}

// Such as one that was copied back from another day.
TEST_F(LogProducerTest, ASnapshotThatDoesNotFitIsDamage) {
  ASSERT_EQ(SendNow(1, 0), "0");
  const std::string ahead = EncodeProducerSnapshot({.topic_id = {7}, .partition = 3},
                                                   {.next_offset = {100}}, ProducerTable(), {});
  ASSERT_TRUE(WriteProducerSnapshot(log_.disk(), "/data/topics/t/0", ahead).ok());
  log_.Kill();
  ASSERT_EQ(log_.recovered().findings.size(), 1u);
  EXPECT_EQ(SendNow(1, 1), "1");
}

TEST_F(LogProducerTest, FindingWaitsForWhatIsUnderWay) {
  ASSERT_EQ(SendNow(1, 0), "0");
  Answer answer;
  Send(1, 1, answer);
  EXPECT_EQ(Last(1), 1);
  EXPECT_EQ(Last(2), -1);
}

TEST_F(LogProducerTest, AppendsOnlyWhereExpected) {
  EXPECT_EQ(SendNow(1, 0, 5), "OFFSET_CONFLICT");
  EXPECT_EQ(SendNow(1, 0, 0), "0");
  EXPECT_EQ(SendNow(1, 1, 0), "OFFSET_CONFLICT");
  EXPECT_EQ(SendNow(1, 1, 1), "1");
  EXPECT_EQ(SendNow(1, 1, 1), "1 again") << "a retry is no conflict";
}

TEST_F(LogProducerTest, OfManyThatExpectTheSameOneWins) {
  Answer answers[10];
  for (int i = 0; i < 10; ++i) Send(i + 1, 0, answers[i], 0);
  log_.Run();
  EXPECT_EQ(TextOf(answers[0]), "0");
  for (int i = 1; i < 10; ++i) EXPECT_EQ(TextOf(answers[i]), "OFFSET_CONFLICT");
}

TEST_F(LogProducerTest, IdleProducersExpire) {
  ASSERT_EQ(SendNow(1, 0), "0");
  log_.Wait(absl::Hours(3));
  FillSegment();
  log_.Wait(absl::Hours(24 * 8));
  ASSERT_EQ(SendNow(2, 0), "16");
  ASSERT_TRUE(log_.Restart().ok());
  EXPECT_EQ(SendNow(1, 1), "PRODUCER_EXPIRED");
  EXPECT_EQ(SendNow(2, 1), "17");
}

TEST_F(LogProducerTest, AClockThatJumpsForgetsNobody) {
  ASSERT_EQ(SendNow(1, 0), "0");
  log_.clock().JumpWall(absl::Hours(24 * 8));
  FillSegment();
  EXPECT_EQ(SendNow(1, 1), "16");
  log_.clock().JumpWall(absl::Hours(24 * 8));
  ASSERT_EQ(SendNow(2, 0), "17");
  ASSERT_TRUE(log_.Restart().ok());
  EXPECT_EQ(SendNow(1, 2), "18");
}

}  // namespace
}  // namespace leat::log
