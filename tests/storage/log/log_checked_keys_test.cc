// A log that appends on conditions on keys: what is in flight counts, what was refused does not,
// and what is not known is never taken for fine.

#include <optional>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "storage/record/error.h"
#include "tests/storage/log/keyed_batch.h"
#include "tests/storage/log/log_fixture.h"

namespace leat::log {
namespace {

LogOptions WithKeys() {
  LogOptions options = SmallSegments();
  options.checked_keys = 4;
  options.deduplication_time = absl::Hours(1);
  options.deduplication_ids = 1'000;
  return options;
}

class LogCheckedKeysTest : public testing::Test {
 protected:
  using Answer = std::optional<absl::StatusOr<AppendResult>>;

  LogCheckedKeysTest() : log_(WithKeys()) {}

  KeyedBatch Make(const std::vector<KeyedRecord>& records,
                  std::optional<int64_t> expected = std::nullopt) {
    return MakeKeyed(records, log_.clock().WallMillis(), expected);
  }

  void Send(KeyedBatch made, Answer& answer) {
    log_.log().Append(std::move(made.batch), made.conditions,
                      [&answer](absl::StatusOr<AppendResult> result) {
                        EXPECT_FALSE(answer.has_value());
                        answer = std::move(result);
                      });
    EXPECT_FALSE(answer.has_value()) << "answered inside the call";
  }

  // Such as "12", "3 again", "actual 4", "horizon 7", or another reason to refuse it.
  std::string SendNow(KeyedBatch made) {
    Answer answer;
    Send(std::move(made), answer);
    log_.Run();
    return TextOf(answer);
  }
  std::string SendNow(const std::string& key, std::optional<int64_t> expected = std::nullopt) {
    return SendNow(Make({{key, "v", ""}}, expected));
  }

  static std::string TextOf(const Answer& answer) {
    if (!answer.has_value()) return "no answer";
    if (answer->ok()) {
      return std::to_string((*answer)->base_offset.value) + ((*answer)->duplicate ? " again" : "");
    }
    const auto reason = record::ReasonOf(answer->status());
    if (reason != record::Reason::kOffsetConflict) {
      return reason.has_value() ? std::string(record::ReasonName(*reason)) : "?";
    }
    const auto [name, value] = record::MetadataOf(answer->status())[0];
    return name + " " + value;
  }

  void SetLimit(size_t keys) {
    log_.options().checked_keys = keys;
    log_.log().SetOptions(log_.options());
  }

  LogFixture log_;
};

TEST_F(LogCheckedKeysTest, OnlyWhoKnowsAllOfAKeyAppends) {
  EXPECT_EQ(SendNow("a", 0), "0");
  EXPECT_EQ(SendNow("a", 0), "actual 0");
  EXPECT_EQ(SendNow("a", 1), "1");
  EXPECT_EQ(SendNow("b", 0), "2") << "another key is none of its business";
  EXPECT_EQ(SendNow("a", 2), "3");
  EXPECT_EQ(SendNow("a"), "4") << "without a condition";
  EXPECT_EQ(SendNow("a", 4), "actual 4");
}

TEST_F(LogCheckedKeysTest, WhatIsInFlightCounts) {
  std::vector<Answer> answers(5);
  for (Answer& answer : answers) Send(Make({{"a", "v", ""}}, 0), answer);
  log_.Run();
  EXPECT_EQ(TextOf(answers[0]), "0");
  for (int i = 1; i < 5; ++i) EXPECT_EQ(TextOf(answers[i]), "actual 0");
}

TEST_F(LogCheckedKeysTest, AConflictIsToldWhenWhatItRestsOnIsDurable) {
  Answer first, second;
  Send(Make({{"a", "v", ""}}), first);
  Send(Make({{"a", "v", ""}}, 0), second);
  while (!first.has_value()) {
    EXPECT_FALSE(second.has_value());
    ASSERT_TRUE(log_.loop().Step());
  }
  log_.Run();
  EXPECT_EQ(TextOf(second), "actual 0");
}

TEST_F(LogCheckedKeysTest, AfterAStartWhoeverReadToTheEndAppends) {
  ASSERT_EQ(SendNow("a", 0), "0");
  ASSERT_EQ(SendNow("b", 0), "1");
  const auto restarts = {+[](LogFixture& log) { log.Restart().IgnoreError(); },
                         +[](LogFixture& log) { log.Kill(); },
                         +[](LogFixture& log) { log.CutPower(1); }};
  int64_t end = 2;
  for (const auto& restart : restarts) {
    restart(log_);
    const std::string horizon = "horizon " + std::to_string(end);
    EXPECT_EQ(SendNow("a", 1), horizon);
    EXPECT_EQ(SendNow("new", 0), horizon);
    EXPECT_EQ(SendNow("a", end), std::to_string(end));
    ++end;
    EXPECT_EQ(SendNow("a", end), std::to_string(end));
    ++end;
  }
}

TEST_F(LogCheckedKeysTest, WhatAFullDiskRefusedIsNotThere) {
  ASSERT_EQ(SendNow("a", 0), "0");
  ASSERT_EQ(SendNow("b", 0), "1");
  log_.disk().SetCapacity(0);
  int64_t end = 2;
  while (SendNow("x") == std::to_string(end)) ++end;
  Answer refused, behind;
  Send(Make({{"a", "v", ""}}, 1), refused);
  Send(Make({{"a", "v", ""}}, 1), behind);
  log_.Run();
  EXPECT_EQ(TextOf(refused), "DISK_FULL");
  EXPECT_EQ(TextOf(behind), "DISK_FULL") << "a conflict with what is not there";
  log_.disk().SetCapacity(uint64_t{1} << 40);
  EXPECT_EQ(SendNow("a", 0), "horizon " + std::to_string(end)) << "where it was is forgotten";
  EXPECT_EQ(SendNow("b", 2), std::to_string(end)) << "that of others is not";
  EXPECT_EQ(SendNow("a", end), std::to_string(end + 1));
}

TEST_F(LogCheckedKeysTest, RemembersSoManyKeys) {
  for (int i = 0; i < 6; ++i) ASSERT_EQ(SendNow(std::to_string(i), i), std::to_string(i));
  EXPECT_EQ(SendNow("1", 1), "horizon 2");
  EXPECT_EQ(SendNow("2", 2), "actual 2");
  EXPECT_EQ(SendNow("1", 2), "6");
}

TEST_F(LogCheckedKeysTest, ItCanBeTurnedOffAndOn) {
  ASSERT_EQ(SendNow("a", 0), "0");
  SetLimit(0);
  EXPECT_EQ(SendNow("a", 1), "KEYS_NOT_CHECKED");
  EXPECT_EQ(SendNow("a"), "1");
  SetLimit(10);
  EXPECT_EQ(SendNow("a", 1), "horizon 2");
  EXPECT_EQ(SendNow("a", 2), "2");
}

// As one that was on its way when the setting was made.
TEST_F(LogCheckedKeysTest, ABatchWhoseKeysNobodyLookedAtHidesAll) {
  ASSERT_EQ(SendNow("a", 0), "0");
  KeyedBatch made = Make({{"a", "v", ""}, {"b", "v", ""}});
  made.conditions.keys = nullptr;
  ASSERT_EQ(SendNow(std::move(made)), "1");
  EXPECT_EQ(SendNow("a", 1), "horizon 3");
  EXPECT_EQ(SendNow("a", 3), "3");
}

TEST_F(LogCheckedKeysTest, AnOffsetPastTheEndIsRefused) {
  ASSERT_EQ(SendNow("a", 0), "0");
  EXPECT_EQ(SendNow("a", 2), "OFFSET_OUT_OF_RANGE");
}

TEST_F(LogCheckedKeysTest, BothConditionsMustHold) {
  ASSERT_EQ(SendNow("a", 0), "0");
  KeyedBatch made = Make({{"b", "v", ""}}, 0);
  made.conditions.expected_offset = {0};
  EXPECT_EQ(SendNow(std::move(made)), "actual 1");
  made = Make({{"a", "v", ""}}, 0);
  made.conditions.expected_offset = {1};
  EXPECT_EQ(SendNow(std::move(made)), "actual 0");
}

TEST_F(LogCheckedKeysTest, ARetryIsNoConflict) {
  EXPECT_EQ(SendNow(Make({{"a", "v", "id1"}, {"b", "v", "id2"}}, 0)), "0");
  EXPECT_EQ(SendNow(Make({{"a", "v", "id1"}, {"b", "v", "id2"}}, 0)), "0 again");
  EXPECT_EQ(SendNow(Make({{"a", "v", "id1"}, {"c", "v", "id3"}}, 0)), "2") << "only c is new";
  EXPECT_EQ(SendNow(Make({{"c", "v", "id4"}, {"a", "v", "id1"}}, 0)), "actual 2");
  const auto sequenced = [this](int32_t sequence) {
    KeyedBatch made = Make({{"d", "v", ""}}, 0);
    made.batch.header.producer_id = 1;
    made.batch.header.producer_epoch = 0;
    made.batch.header.base_sequence = sequence;
    made.conditions.producer_grant = 1;
    return made;
  };
  EXPECT_EQ(SendNow(sequenced(0)), "3");
  EXPECT_EQ(SendNow(sequenced(0)), "3 again");
  EXPECT_EQ(SendNow(sequenced(1)), "actual 3");
}

// A trim and a compaction take records away, not what is known of them.
TEST_F(LogCheckedKeysTest, TrimmedRecordsCount) {
  for (int i = 0; i < 30; ++i) ASSERT_EQ(SendNow("a", i), std::to_string(i));
  log_.TrimTo(30);
  log_.Run();
  EXPECT_EQ(SendNow("a", 29), "actual 29");
  EXPECT_EQ(SendNow("a", 30), "30");
}

}  // namespace
}  // namespace leat::log
