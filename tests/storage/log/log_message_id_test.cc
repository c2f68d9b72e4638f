// A log and message ids: what is known again, what is left out, what cannot be, and what is
// remembered over restarts, trims, compaction, damage, a full disk and clocks that jump.

#include <optional>
#include <string>
#include <vector>

#include "absl/strings/str_join.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "storage/log/producer_snapshot.h"
#include "storage/record/error.h"
#include "tests/storage/log/identified.h"
#include "tests/storage/log/log_fixture.h"

namespace leat::log {
namespace {

using record::Reason;
using testing::ElementsAre;

LogOptions WithWindow() {
  LogOptions options = SmallSegments();
  options.deduplication_time = absl::Hours(1);
  options.deduplication_ids = 1'000;
  return options;
}

class LogMessageIdTest : public testing::Test {
 protected:
  using Answer = std::optional<absl::StatusOr<AppendResult>>;
  using Records = std::vector<IdAndValue>;

  explicit LogMessageIdTest(const LogOptions& options = WithWindow()) : log_(options) {}

  void Send(IdentifiedBatch made, Answer& answer) {
    log_.log().Append(std::move(made.batch), made.conditions,
                      [&answer](absl::StatusOr<AppendResult> result) {
                        EXPECT_FALSE(answer.has_value());
                        answer = std::move(result);
                      });
    EXPECT_FALSE(answer.has_value()) << "answered inside the call";
  }
  void Send(const Records& records, Answer& answer) {
    Send(MakeIdentified(records, log_.clock().WallMillis()), answer);
  }

  // Such as "12", "3 again", "12 [12 3* 13]" or the reason for which nothing was appended.
  std::string SendNow(IdentifiedBatch made) {
    Answer answer;
    Send(std::move(made), answer);
    log_.Run();
    return TextOf(answer);
  }
  std::string SendNow(const Records& records) {
    return SendNow(MakeIdentified(records, log_.clock().WallMillis()));
  }

  static std::string TextOf(const Answer& answer) {
    if (!answer.has_value()) return "no answer";
    if (!answer->ok()) {
      const std::optional<Reason> reason = record::ReasonOf(answer->status());
      return std::string(reason.has_value() ? record::ReasonName(*reason) : "?");
    }
    const AppendResult& result = **answer;
    std::string text =
        std::to_string(result.base_offset.value) + (result.duplicate ? " again" : "");
    if (result.places == nullptr || result.places->offsets.size() == 1) return text;
    std::vector<std::string> places;
    for (size_t i = 0; i < result.places->offsets.size(); ++i) {
      places.push_back(std::to_string(result.places->offsets[i].value) +
                       (result.places->duplicates[i] ? "*" : ""));
    }
    return text + " [" + absl::StrJoin(places, " ") + "]";
  }

  // One record for each number, at the offset of that number.
  void SendMany(int begin, int end) {
    for (int i = begin; i < end; ++i) {
      ASSERT_EQ(SendNow({{std::to_string(i), "v"}}), std::to_string(i));
    }
  }

  void Compact() {
    std::optional<uint64_t> removed;
    log_.log().Compact({}, [&removed](const absl::Status& status, const CompactionReport& report) {
      EXPECT_TRUE(status.ok()) << status;
      removed = report.records_removed;
    });
    log_.Run();
    EXPECT_GT(removed.value_or(0), 0u);
  }

  std::string SnapshotPath() const {
    return io::JoinPath("/data/topics/t/0", kProducerSnapshotName);
  }

  LogFixture log_;
};

TEST_F(LogMessageIdTest, ARecordIsAppendedOnce) {
  EXPECT_EQ(SendNow({{"a", "1"}}), "0");
  EXPECT_EQ(SendNow({{"a", "2"}}), "0 again");
  EXPECT_EQ(SendNow({{"b", "3"}}), "1");
  EXPECT_EQ(SendNow({{"", "4"}}), "2");
  EXPECT_EQ(SendNow({{"", "4"}}), "3") << "without an id nothing is known";
  EXPECT_THAT(log_.ReadAll().value(), ElementsAre("1", "3", "4", "4"));
}

TEST_F(LogMessageIdTest, WhatIsThereAlreadyIsLeftOutAndTheRestIsAppended) {
  EXPECT_EQ(SendNow({{"a", "1"}, {"b", "2"}}), "0");
  EXPECT_EQ(SendNow({{"c", "3"}, {"b", "4"}, {"", "5"}, {"c", "6"}, {"d", "7"}}),
            "2 [2 1* 3 2* 4]");
  EXPECT_EQ(SendNow({{"d", "8"}, {"a", "9"}}), "4 again [4* 0*]");
  EXPECT_EQ(SendNow({{"x", "10"}, {"x", "11"}}), "5 [5 5*]") << "within one call";
  EXPECT_THAT(log_.Read(0).value(), ElementsAre("1", "2", "3", "5", "7", "10"));
}

TEST_F(LogMessageIdTest, ADuplicateIsToldTheFirstTime) {
  Answer first, second;
  Send({{"a", "1"}}, first);
  log_.Run();
  log_.Wait(absl::Minutes(30));
  Send({{"a", "1"}}, second);
  log_.Run();
  EXPECT_TRUE((*second)->duplicate);
  EXPECT_EQ((*second)->append_timestamp_ms, (*first)->append_timestamp_ms);
}

TEST_F(LogMessageIdTest, AnswersWaitForWhatTheyRestOn) {
  Answer original, again, mixed;
  Send({{"a", "1"}}, original);
  Send({{"a", "1"}}, again);
  Send({{"a", "1"}, {"b", "2"}}, mixed);
  while (!original.has_value()) {
    EXPECT_FALSE(again.has_value() || mixed.has_value());
    ASSERT_TRUE(log_.loop().Step());
  }
  log_.Run();
  EXPECT_EQ(TextOf(again), "0 again");
  EXPECT_EQ(TextOf(mixed), "1 [0* 1]");
}

TEST_F(LogMessageIdTest, ADuplicateSharesTheFateOfAFailedWrite) {
  ASSERT_EQ(SendNow({{"a", "1"}}), "0");
  Answer original, again, earlier;
  Send({{"b", "1"}}, original);
  Send({{"b", "1"}}, again);
  Send({{"a", "1"}}, earlier);
  log_.disk().Inject({.nth = 1,
                      .error = absl::DataLossError("EIO"),
                      .matches = [](const io::SimulatedOperation& operation) {
                        return io::ChangesDisk(operation.kind);
                      }});
  log_.Run();
  EXPECT_EQ(TextOf(original), "APPEND_OUTCOME_UNKNOWN");
  EXPECT_EQ(TextOf(again), "APPEND_OUTCOME_UNKNOWN");
  EXPECT_EQ(TextOf(earlier), "0 again");
}

TEST_F(LogMessageIdTest, WhatAFullDiskRefusedComesAgain) {
  ASSERT_EQ(SendNow({{"first", "v"}}), "0");
  log_.disk().SetCapacity(0);
  int next = 1;
  while (true) {
    const std::string answer = SendNow({{std::to_string(next), "v"}});
    if (answer == "DISK_FULL") break;
    ASSERT_EQ(answer, std::to_string(next++));
  }
  Answer original, again;
  Send({{"a", "v"}}, original);
  Send({{"a", "v"}}, again);
  log_.Run();
  EXPECT_EQ(TextOf(original), "DISK_FULL");
  EXPECT_EQ(TextOf(again), "DISK_FULL");
  log_.disk().SetCapacity(uint64_t{1} << 40);
  EXPECT_EQ(SendNow({{"a", "v"}}), std::to_string(next));
  EXPECT_EQ(SendNow({{"a", "v"}}), std::to_string(next) + " again");
}

TEST_F(LogMessageIdTest, IsRememberedOverStopsAndPowerCuts) {
  for (int i = 0; i < 60; ++i) {
    ASSERT_EQ(SendNow({{std::to_string(i), "v"}}), std::to_string(i));
    log_.SaveCheckpoint();
    if (i % 3 == 0) {
      ASSERT_TRUE(log_.Restart().ok());
      EXPECT_EQ(log_.recovered().bytes_checked, 0u);
    }
    if (i % 3 == 1) log_.Kill();
    if (i % 3 == 2) log_.CutPower(static_cast<uint64_t>(i));
    EXPECT_TRUE(log_.recovered().findings.empty());
    for (const int known : {0, i / 2, i}) {
      ASSERT_EQ(SendNow({{std::to_string(known), "v"}}), std::to_string(known) + " again");
    }
  }
}

TEST_F(LogMessageIdTest, SurvivesTheSegmentsThatHadItsRecords) {
  SendMany(0, 60);
  log_.TrimTo(59);
  log_.Run();
  ASSERT_GT(log_.log().log_start().value, 20);
  EXPECT_EQ(SendNow({{"3", "v"}}), "3 again");
  log_.CutPower(1);
  EXPECT_TRUE(log_.recovered().findings.empty());
  EXPECT_EQ(SendNow({{"3", "v"}}), "3 again");
  EXPECT_EQ(SendNow({{"60", "v"}}), "60");
}

TEST_F(LogMessageIdTest, SurvivesCompaction) {
  log_.options().compact = true;
  log_.log().SetOptions(log_.options());
  SendMany(0, 60);
  Compact();
  log_.Kill();
  EXPECT_TRUE(log_.recovered().findings.empty());
  EXPECT_EQ(SendNow({{"3", "v"}}), "3 again") << "its record is superseded, and gone";
}

TEST_F(LogMessageIdTest, ADamagedSnapshotIsToldAndMadeAnew) {
  SendMany(0, 40);
  ASSERT_TRUE(log_.Close().ok());
  ASSERT_TRUE(io::ReplaceFile(log_.disk(), SnapshotPath(), "garbage").ok());
  log_.Kill();
  ASSERT_EQ(log_.recovered().findings.size(), 1u);
  EXPECT_EQ(log_.recovered().findings[0].kind, Finding::Kind::kProducersRebuilt);
  for (const int known : {0, 20, 39}) {
    EXPECT_EQ(SendNow({{std::to_string(known), "v"}}), std::to_string(known) + " again");
  }
  log_.Kill();
  EXPECT_TRUE(log_.recovered().findings.empty()) << "told once";
  EXPECT_EQ(SendNow({{"0", "v"}}), "0 again");
}

TEST_F(LogMessageIdTest, AMissingSnapshotIsMissed) {
  SendMany(0, 20);
  ASSERT_TRUE(log_.disk().Remove(SnapshotPath()).ok());
  log_.Kill();
  ASSERT_EQ(log_.recovered().findings.size(), 1u);
  EXPECT_EQ(SendNow({{"0", "v"}}), "0 again");
}

TEST_F(LogMessageIdTest, KnowsTheLastOnesOnlyAlsoAfterARestart) {
  log_.options().deduplication_ids = 10;
  log_.log().SetOptions(log_.options());
  SendMany(0, 30);
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(SendNow({{"20", "v"}}), "20 again");
    EXPECT_EQ(SendNow({{"29", "v"}}), "29 again");
    log_.Kill();
  }
  EXPECT_EQ(SendNow({{"19", "v"}}), "30");
}

TEST_F(LogMessageIdTest, ForgetsAfterItsTime) {
  ASSERT_EQ(SendNow({{"a", "v"}}), "0");
  log_.Wait(absl::Minutes(59));
  EXPECT_EQ(SendNow({{"a", "v"}}), "0 again");
  log_.Wait(absl::Minutes(3));
  EXPECT_EQ(SendNow({{"a", "v"}}), "1");
  EXPECT_EQ(SendNow({{"a", "v"}}), "1 again");
}

TEST_F(LogMessageIdTest, AClockThatJumpsForgetsNothing) {
  ASSERT_EQ(SendNow({{"a", "v"}}), "0");
  for (const absl::Duration jump : {absl::Hours(24 * 365), absl::Hours(-24 * 365 * 2)}) {
    log_.clock().JumpWall(jump);
    EXPECT_EQ(SendNow({{"a", "v"}}), "0 again");
    ASSERT_EQ(SendNow({{"", "v"}}).size(), 1u);
    log_.Kill();
    EXPECT_EQ(SendNow({{"a", "v"}}), "0 again");
  }
}

TEST_F(LogMessageIdTest, CompressedOnesAreKnownButNotCut) {
  const auto compressed = [this](const Records& records) {
    return MakeIdentified(records, log_.clock().WallMillis(), record::Codec::kZstd);
  };
  EXPECT_EQ(SendNow(compressed({{"a", "1"}, {"b", "2"}})), "0");
  EXPECT_EQ(SendNow(compressed({{"a", "1"}, {"b", "2"}})), "0 again [0* 1*]");
  EXPECT_EQ(SendNow(compressed({{"c", "3"}, {"b", "2"}})), "DUPLICATES_NOT_SEPARABLE");
  EXPECT_EQ(SendNow({{"c", "3"}, {"b", "2"}}), "2 [2 1*]");
  log_.Kill();
  EXPECT_EQ(SendNow({{"a", "1"}}), "0 again") << "found in what is compressed";
}

TEST_F(LogMessageIdTest, ASequenceLeavesNothingOut) {
  const auto sequenced = [this](const Records& records, int32_t sequence) {
    IdentifiedBatch made = MakeIdentified(records, log_.clock().WallMillis());
    made.batch.header.producer_id = 1;
    made.batch.header.producer_epoch = 0;
    made.batch.header.base_sequence = sequence;
    made.conditions.producer_grant = 1;
    return made;
  };
  EXPECT_EQ(SendNow(sequenced({{"a", "1"}}, 0)), "0");
  EXPECT_EQ(SendNow(sequenced({{"a", "1"}}, 0)), "0 again") << "by its sequence";
  EXPECT_EQ(SendNow({{"a", "1"}}), "0 again") << "by its id";
  EXPECT_EQ(SendNow(sequenced({{"a", "1"}}, 1)), "DUPLICATES_NOT_SEPARABLE");
  EXPECT_EQ(SendNow(sequenced({{"b", "2"}}, 1)), "1") << "the number was not used up";
}

TEST_F(LogMessageIdTest, ARetryIsNoConflict) {
  const auto at = [this](const Records& records, int64_t offset) {
    IdentifiedBatch made = MakeIdentified(records, log_.clock().WallMillis());
    made.conditions.expected_offset = {offset};
    return made;
  };
  EXPECT_EQ(SendNow(at({{"a", "1"}}, 0)), "0");
  EXPECT_EQ(SendNow(at({{"a", "1"}}, 0)), "0 again");
  EXPECT_EQ(SendNow(at({{"a", "1"}, {"b", "2"}}, 0)), "OFFSET_CONFLICT");
  EXPECT_EQ(SendNow(at({{"a", "1"}, {"b", "2"}}, 1)), "1 [0* 1]");
}

TEST_F(LogMessageIdTest, ItCanBeTurnedOffAndOn) {
  ASSERT_EQ(SendNow({{"a", "v"}}), "0");
  log_.options().deduplication_time = absl::ZeroDuration();
  log_.log().SetOptions(log_.options());
  EXPECT_EQ(SendNow({{"a", "v"}}), "1");
  log_.Kill();
  EXPECT_EQ(SendNow({{"a", "v"}}), "2");
  log_.options().deduplication_time = absl::Hours(1);
  log_.log().SetOptions(log_.options());
  EXPECT_EQ(SendNow({{"a", "v"}}), "3") << "it begins when it is turned on";
  EXPECT_EQ(SendNow({{"a", "v"}}), "3 again");
  log_.Kill();
  EXPECT_EQ(SendNow({{"a", "v"}}), "3 again");
}

class LogWithoutWindowTest : public LogMessageIdTest {
 protected:
  LogWithoutWindowTest() : LogMessageIdTest(SmallSegments()) {}
};

TEST_F(LogWithoutWindowTest, PaysNothing) {
  EXPECT_EQ(SendNow({{"a", "v"}}), "0");
  EXPECT_EQ(SendNow({{"a", "v"}}), "1");
  ASSERT_TRUE(log_.Restart().ok());
  EXPECT_FALSE(io::ReadFile(log_.disk(), SnapshotPath(), 1 << 20).ok());
}

}  // namespace
}  // namespace leat::log
