#include "storage/log/key_offsets.h"

#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "storage/record/error.h"

namespace leat::log {
namespace {

class KeyOffsetsTest : public testing::Test {
 protected:
  using Keys = std::vector<std::string>;

  KeyOffsetsTest() { keys_.SetLimit(3, {0}); }

  // Empty keys are none.
  static record::KeyFingerprints Fingerprints(const Keys& keys) {
    record::KeyFingerprints fingerprints;
    for (const std::string& key : keys) {
      fingerprints.emplace_back();
      if (!key.empty()) fingerprints.back() = record::Fingerprint::Of(key);
    }
    return fingerprints;
  }

  void Append(const Keys& keys, const RecordPlaces* places = nullptr) {
    record::BatchHeader header;
    header.base_offset = {end_};
    keys_.Add({Fingerprints(keys), places}, header);
    end_ += static_cast<int64_t>(keys.size()) -
            (places == nullptr ? 0 : static_cast<int64_t>(places->duplicate_count));
  }

  // "ok", or the reason with what is told of the place.
  std::string Check(const Keys& keys, int64_t expected,
                    const RecordPlaces* places = nullptr) const {
    const absl::Status status = keys_.Check({Fingerprints(keys), places}, {expected}, {end_});
    if (status.ok()) return "ok";
    const record::Reason reason = *record::ReasonOf(status);
    if (reason != record::Reason::kOffsetConflict) return std::string(record::ReasonName(reason));
    const auto [name, value] = record::MetadataOf(status)[0];
    return name + " " + value;
  }

  KeyOffsets keys_;
  int64_t end_ = 0;
};

TEST_F(KeyOffsetsTest, ComparesWithTheKeysLastRecord) {
  Append({"a", "b", "a"});
  EXPECT_EQ(Check({"a"}, 3), "ok");
  EXPECT_EQ(Check({"a"}, 2), "actual 2");
  EXPECT_EQ(Check({"b"}, 2), "ok");
  EXPECT_EQ(Check({"b"}, 1), "actual 1");
}

TEST_F(KeyOffsetsTest, AKeyThatNeverCameIsNowhere) {
  Append({"a", ""});
  EXPECT_EQ(Check({"b"}, 0), "ok");
}

TEST_F(KeyOffsetsTest, OfSeveralKeysTheLastOneCounts) {
  Append({"a", "b", "c"});
  EXPECT_EQ(Check({"a", "c", "b"}, 0), "actual 2");
  EXPECT_EQ(Check({"new", "a"}, 1), "ok");
}

TEST_F(KeyOffsetsTest, WhatIsForgottenIsBeforeTheHorizon) {
  Append({"a", "b", "c", "d"});
  EXPECT_EQ(Check({"a"}, 0), "horizon 1");
  EXPECT_EQ(Check({"new"}, 0), "horizon 1") << "it cannot be told from one that is forgotten";
  EXPECT_EQ(Check({"a"}, 1), "ok");
  EXPECT_EQ(Check({"b"}, 1), "actual 1");
  EXPECT_EQ(Check({"a", "b"}, 0), "actual 1") << "reading on to there does for both";
}

TEST_F(KeyOffsetsTest, ForgetsTheOneThatCameLongestAgo) {
  Append({"a", "b", "c"});
  Append({"a"});
  Append({"d"});
  EXPECT_EQ(Check({"b"}, 1), "horizon 2");
  EXPECT_EQ(Check({"a"}, 3), "actual 3");
  EXPECT_EQ(Check({"a"}, 4), "ok");
  EXPECT_EQ(Check({"c"}, 2), "actual 2");
}

TEST_F(KeyOffsetsTest, WhatIsLeftOutDoesNotCount) {
  Append({"a", "b"});
  const RecordPlaces places{.duplicates = {true, false, true}, .duplicate_count = 2};
  EXPECT_EQ(Check({"b", "c", "a"}, 0, &places), "ok");
  Append({"b", "c", "a"}, &places);
  EXPECT_EQ(Check({"a"}, 0), "actual 0");
  EXPECT_EQ(Check({"b"}, 0), "actual 1");
  EXPECT_EQ(Check({"c"}, 0), "actual 2");
}

TEST_F(KeyOffsetsTest, WhatIsTakenBackIsNotKnownNorWhatWasBefore) {
  Append({"a", "b"});
  Append({"a", "c"});
  keys_.TakeBack({2});
  end_ = 2;
  EXPECT_EQ(Check({"a"}, 0), "horizon 2");
  EXPECT_EQ(Check({"c"}, 0), "horizon 2");
  EXPECT_EQ(Check({"a"}, 2), "ok");
  EXPECT_EQ(Check({"b"}, 1), "actual 1");
  EXPECT_EQ(Check({"b"}, 2), "ok");
  Append({"a"});
  EXPECT_EQ(Check({"a"}, 2), "actual 2");
}

TEST_F(KeyOffsetsTest, TakingBackNothingChangesNothing) {
  Append({"a", "b"});
  keys_.TakeBack({2});
  EXPECT_EQ(keys_.horizon(), record::Offset{0});
  EXPECT_EQ(Check({"a"}, 1), "ok");
}

TEST_F(KeyOffsetsTest, TheHorizonIsNeverPastTheEnd) {
  Append({"a", "b", "c", "d", "e", "f"});
  EXPECT_EQ(keys_.horizon(), record::Offset{3});
  keys_.TakeBack({1});
  end_ = 1;
  EXPECT_EQ(Check({"b"}, 1), "ok");
  EXPECT_EQ(Check({"b"}, 0), "horizon 1");
}

TEST_F(KeyOffsetsTest, ABatchThatNobodyLookedAtHidesWhatIsBefore) {
  Append({"a", "b"});
  keys_.BeginAt({7});
  end_ = 7;
  EXPECT_EQ(Check({"a"}, 6), "horizon 7");
  EXPECT_EQ(Check({"a"}, 7), "ok");
}

TEST_F(KeyOffsetsTest, ALowerLimitForgetsAndAHigherOneDoesNot) {
  Append({"a", "b", "c"});
  keys_.SetLimit(5, {end_});
  EXPECT_EQ(Check({"a"}, 0), "actual 0");
  keys_.SetLimit(1, {end_});
  EXPECT_EQ(Check({"b"}, 1), "horizon 2");
  EXPECT_EQ(Check({"c"}, 2), "actual 2");
}

TEST_F(KeyOffsetsTest, TurnedOffItChecksNothingAndTurnedOnItBeginsAnew) {
  Append({"a"});
  keys_.SetLimit(0, {end_});
  EXPECT_FALSE(keys_.on());
  EXPECT_EQ(Check({"a"}, 1), "KEYS_NOT_CHECKED");
  Append({"b"});
  keys_.SetLimit(3, {end_});
  EXPECT_EQ(Check({"b"}, 0), "horizon 2");
  EXPECT_EQ(Check({"a"}, 1), "horizon 2");
  EXPECT_EQ(Check({"a"}, 2), "ok");
}

TEST_F(KeyOffsetsTest, AnOffsetPastTheEndIsOfAnotherLog) {
  Append({"a"});
  EXPECT_EQ(Check({"a"}, 1), "ok");
  EXPECT_EQ(Check({"a"}, 2), "OFFSET_OUT_OF_RANGE");
}

}  // namespace
}  // namespace leat::log
