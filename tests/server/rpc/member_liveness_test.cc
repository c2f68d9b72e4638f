#include "server/rpc/member_liveness.h"

#include <gtest/gtest.h>

namespace leat::rpc {
namespace {

using Due = MemberLiveness::Due;

io::MonotonicTime At(int64_t seconds) { return {seconds * 1'000'000'000}; }

constexpr absl::Duration kTimeout = absl::Seconds(300);

TEST(MemberLivenessTest, AHeartbeatIsDueAfterSilence) {
  MemberLiveness member(kTimeout, false, At(0));
  EXPECT_EQ(member.Check({}, false, At(14)), Due::kNothing);
  EXPECT_EQ(member.UntilNextCheck({}, At(14)), absl::Seconds(1));
  EXPECT_EQ(member.Check({}, false, At(15)), Due::kHeartbeat);
  EXPECT_EQ(member.Check({}, false, At(29)), Due::kNothing);
  EXPECT_EQ(member.Check({}, false, At(30)), Due::kHeartbeat);
}

TEST(MemberLivenessTest, WhatIsSentStandsForAHeartbeat) {
  MemberLiveness member(kTimeout, false, At(0));
  member.OnSent(At(10));
  EXPECT_EQ(member.Check({}, false, At(20)), Due::kNothing);
  EXPECT_EQ(member.UntilNextCheck({}, At(20)), absl::Seconds(5));
  EXPECT_EQ(member.Check({}, false, At(25)), Due::kHeartbeat);
}

TEST(MemberLivenessTest, NothingIsAddedToABacklog) {
  MemberLiveness member(kTimeout, false, At(0));
  EXPECT_EQ(member.Check({}, true, At(60)), Due::kNothing);
  EXPECT_EQ(member.UntilNextCheck({}, At(60)), MemberLiveness::kHeartbeatInterval);
}

TEST(MemberLivenessTest, WhoAnswersIsLostWithoutAnswer) {
  MemberLiveness member(kTimeout, true, At(0));
  EXPECT_EQ(member.Check({}, false, At(15)), Due::kHeartbeat);
  EXPECT_EQ(member.Check({}, false, At(44)), Due::kNothing);
  EXPECT_EQ(member.UntilNextCheck({}, At(44)), absl::Seconds(1));
  EXPECT_EQ(member.Check({}, false, At(45)), Due::kNoAnswer);
}

TEST(MemberLivenessTest, AnyCommandIsAnAnswer) {
  MemberLiveness member(kTimeout, true, At(0));
  EXPECT_EQ(member.Check({}, false, At(15)), Due::kHeartbeat);
  member.OnCommand(At(40));
  EXPECT_EQ(member.Check({}, false, At(50)), Due::kNothing);
  EXPECT_EQ(member.Check({}, false, At(55)), Due::kHeartbeat);
}

// A dead client behind a proxy: records are sent, and nothing comes back.
TEST(MemberLivenessTest, RecordsDoNotStandForAnAnswer) {
  MemberLiveness member(kTimeout, true, At(0));
  member.OnSent(At(14));
  EXPECT_EQ(member.Check(At(1), true, At(15)), Due::kHeartbeat);
  member.OnSent(At(44));
  EXPECT_EQ(member.Check(At(1), true, At(45)), Due::kNoAnswer);
}

TEST(MemberLivenessTest, HoldingRecordsWithoutACommandTimesOut) {
  MemberLiveness member(absl::Seconds(60), false, At(0));
  EXPECT_EQ(member.Check({}, true, At(1'000)), Due::kNothing);
  EXPECT_EQ(member.Check(At(1'000), true, At(1'059)), Due::kNothing);
  EXPECT_EQ(member.UntilNextCheck(At(1'000), At(1'059)), absl::Seconds(1));
  EXPECT_EQ(member.Check(At(1'000), true, At(1'060)), Due::kProcessingTimeout);
}

TEST(MemberLivenessTest, AnyCommandShowsProgress) {
  MemberLiveness member(absl::Seconds(60), false, At(0));
  member.OnCommand(At(50));
  EXPECT_EQ(member.Check(At(10), true, At(109)), Due::kNothing);
  EXPECT_EQ(member.Check(At(10), true, At(110)), Due::kProcessingTimeout);
}

TEST(MemberLivenessTest, WhoBeginsToHoldIsCheckedInTime) {
  MemberLiveness member(absl::Seconds(2), false, At(0));
  EXPECT_EQ(member.UntilNextCheck({}, At(5)), absl::Seconds(2));
}

}  // namespace
}  // namespace leat::rpc
