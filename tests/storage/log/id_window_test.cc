#include "storage/log/id_window.h"

#include <string>

#include "gtest/gtest.h"

namespace leat::log {
namespace {

class IdWindowTest : public testing::Test {
 protected:
  IdWindowTest() { window_.SetLimits(absl::Minutes(64), 3); }

  void Add(const std::string& id, int64_t offset) {
    window_.Add(
        {.id = record::Fingerprint::Of(id), .offset = {offset}, .append_timestamp_ms = offset},
        now_);
  }
  void Forget(int64_t high_watermark = 1'000) { window_.Forget(now_, {high_watermark}); }

  // Offset of a record with `id`; 1000 when it would be new.
  int64_t Find(const std::string& id) const {
    const auto places = window_.Place({{.id = record::Fingerprint::Of(id)}}, {1'000});
    return places == nullptr ? 1'000 : places->offsets[0].value;
  }

  IdWindow window_;
  io::MonotonicTime now_{5};
};

TEST_F(IdWindowTest, KnowsAnIdAgain) {
  Add("a", 7);
  EXPECT_EQ(Find("a"), 7);
  EXPECT_EQ(Find("b"), 1'000);
}

TEST_F(IdWindowTest, TellsWhereEachRecordIs) {
  Add("a", 7);
  Add("b", 9);
  record::IdentifiedRecords records(6);
  records[0].id = record::Fingerprint::Of("new");
  records[1].id = record::Fingerprint::Of("b");
  records[3].id = record::Fingerprint::Of("new");
  records[4].id = record::Fingerprint::Of("a");
  const auto places = window_.Place(records, {20});
  ASSERT_NE(places, nullptr);
  EXPECT_EQ(places->offsets, (std::vector<record::Offset>{{20}, {9}, {21}, {20}, {7}, {22}}));
  EXPECT_EQ(places->duplicates, (std::vector<bool>{false, true, false, true, true, false}));
  EXPECT_EQ(places->duplicate_count, 3u);
  EXPECT_EQ(places->append_timestamp_ms, 9);
  EXPECT_FALSE(places->all_duplicates());
}

TEST_F(IdWindowTest, RemembersSoMany) {
  for (int i = 0; i < 5; ++i) Add(std::to_string(i), i);
  Forget();
  EXPECT_EQ(Find("1"), 1'000);
  for (int i = 2; i < 5; ++i) EXPECT_EQ(Find(std::to_string(i)), i);
}

TEST_F(IdWindowTest, RemembersForItsTimeAndNotMuchLonger) {
  Add("a", 1);
  now_ = now_ + absl::Minutes(10);
  Add("b", 2);
  now_ = now_ + absl::Minutes(54);
  Forget();
  EXPECT_EQ(Find("a"), 1) << "on the minute";
  now_ = now_ + absl::Minutes(1);
  Forget();
  EXPECT_EQ(Find("a"), 1'000);
  EXPECT_EQ(Find("b"), 2);
  now_ = now_ + absl::Minutes(10);
  Forget();
  EXPECT_EQ(Find("b"), 1'000);
  EXPECT_TRUE(window_.known().empty());
}

TEST_F(IdWindowTest, ForgetsNothingThatIsUnderWay) {
  for (int i = 0; i < 5; ++i) Add(std::to_string(i), i);
  now_ = now_ + absl::Hours(2);
  Forget(1);
  EXPECT_EQ(window_.known().size(), 4u);
  EXPECT_EQ(Find("1"), 1);
  Forget(5);
  EXPECT_TRUE(window_.known().empty()) << "once it is durable";
}

TEST_F(IdWindowTest, WhatIsTakenBackWasNeverThere) {
  Add("a", 1);
  now_ = now_ + absl::Minutes(5);
  Add("b", 2);
  Add("c", 3);
  window_.TakeBack({2});
  EXPECT_EQ(Find("a"), 1);
  EXPECT_EQ(Find("b"), 1'000);
  now_ = now_ + absl::Minutes(1);
  Add("b", 2);
  EXPECT_EQ(Find("b"), 2);
  now_ = now_ + absl::Minutes(64);
  Forget();
  EXPECT_EQ(Find("a"), 1'000);
  EXPECT_EQ(Find("b"), 2);
}

TEST_F(IdWindowTest, WhatComesAfterATakeBackIsRemembered) {
  Add("a", 1);
  Add("b", 2);
  now_ = now_ + absl::Hours(2);
  Forget(1);
  window_.TakeBack({1});
  Add("c", 1);
  Forget();
  EXPECT_EQ(Find("c"), 1);
}

TEST_F(IdWindowTest, AShorterTimeForgetsNothingYounger) {
  window_.SetLimits(absl::Hours(64), 3);
  Add("a", 1);
  now_ = now_ + absl::Minutes(50);
  Add("b", 2);
  now_ = now_ + absl::Seconds(1);
  window_.SetLimits(absl::Minutes(10), 3);
  Forget();
  EXPECT_EQ(Find("b"), 2);
}

// As it may be in a log from before the window, or where it has become longer.
TEST_F(IdWindowTest, OfTwoThatAreAlikeTheLaterOneCounts) {
  Add("a", 1);
  Add("a", 2);
  Add("b", 3);
  Add("c", 4);
  Forget();
  EXPECT_EQ(Find("a"), 2) << "the first one is forgotten, and nothing else";
}

TEST_F(IdWindowTest, TurnedOffAndOnItKnowsNothing) {
  Add("a", 1);
  window_.SetLimits(absl::ZeroDuration(), 3);
  EXPECT_FALSE(window_.on());
  window_.SetLimits(absl::Minutes(64), 3);
  EXPECT_TRUE(window_.on());
  EXPECT_EQ(Find("a"), 1'000);
  Add("b", 2);
  EXPECT_EQ(Find("b"), 2);
}

}  // namespace
}  // namespace leat::log
