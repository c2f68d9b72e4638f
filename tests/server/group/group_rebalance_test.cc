#include <variant>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/group/group_state.h"
#include "tests/server/group/state_fixture.h"

namespace leat::group {
namespace {

using record::Reason;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;
using testing::SizeIs;

class GroupRebalanceTest : public StateFixture {
 protected:
  // Member a owns both partitions of t, one of which is being revoked for b.
  void RevokeOne() {
    members = Members(1, 2);
    members.push_back(Join({{"t"}, {}}));
    Rebalance();
    revoked = At(0).revoking ? 0 : 1;
    ASSERT_TRUE(At(revoked).revoking);
  }

  std::vector<MemberRef> members;
  uint32_t revoked = 0;
};

TEST_F(GroupRebalanceTest, SharesOutAndTellsWhere) {
  Members(2, 4);
  EXPECT_THAT(Owned(), ElementsAre(Pair("a", SizeIs(2)), Pair("b", SizeIs(2))));
  const auto assigned = Told<event::Assigned>("a");
  ASSERT_THAT(assigned, SizeIs(1));
  EXPECT_EQ(assigned[0].reason, ChangeReason::kUnowned);
  EXPECT_EQ(assigned[0].group_epoch, group().epoch);
  EXPECT_EQ(assigned[0].partitions[0].topic, "t");
  Rebalance();
  EXPECT_THAT(decision_.records, IsEmpty());
}

TEST_F(GroupRebalanceTest, ANewMemberGetsItsShareWhenItIsReleased) {
  RevokeOne();
  const auto told = Told<event::Revoked>("a");
  ASSERT_THAT(told, SizeIs(1));
  EXPECT_EQ(told[0].deadline_ms, limits_.revocation_deadline_ms);
  EXPECT_EQ(told[0].reason, ChangeReason::kRebalanced);
  EXPECT_THAT(told[0].partitions, SizeIs(1));
  EXPECT_EQ(At(revoked).owner, "a");
  EXPECT_THAT(Told<event::Assigned>("b"), IsEmpty());

  // Until then it is its owner's.
  EXPECT_THAT(One(command::Commit{"g", members[0], {Now(revoked, 3)}}), IsOk());
  const Position end = Now(revoked, 5);
  EXPECT_EQ(One(command::Release{members[0], {end}}).committed, 5);
  EXPECT_EQ(At(revoked).owner, "b");
  const auto assigned = Told<event::Assigned>("b");
  ASSERT_THAT(assigned, SizeIs(1));
  EXPECT_EQ(assigned[0].reason, ChangeReason::kRebalanced);
  EXPECT_EQ(assigned[0].partitions[0].committed, 5);
  // Once only, and nothing of the old owner counts any more.
  EXPECT_THAT(One(command::Release{members[0], {end}}), HasReason(Reason::kFencedMemberEpoch));
  EXPECT_THAT(One(command::Commit{"g", members[0], {end}}), HasReason(Reason::kFencedMemberEpoch));
}

TEST_F(GroupRebalanceTest, WhoIsAwayKeepsWhatItHasAndGetsNoMore) {
  members = Members(3, 6);
  const auto of_b = Owned()["b"];
  ASSERT_THAT(of_b, SizeIs(2));
  EXPECT_THAT(Do(command::Leave{members[2], absl::OkStatus()}), IsOk());
  EXPECT_THAT(Do(command::Rebalance{.group = "g", .away = {"b"}}), IsOk());
  EXPECT_THAT(Owned(), ElementsAre(Pair("a", SizeIs(4)), Pair("b", of_b)));
  EXPECT_THAT(Told<event::Revoked>("b"), IsEmpty());
  Rebalance();
  EXPECT_THAT(Told<event::Revoked>("a"), SizeIs(1));
}

TEST_F(GroupRebalanceTest, NothingGoesToWhoHasGoneAwayMeanwhile) {
  RevokeOne();
  EXPECT_THAT(Do(command::Rebalance{.group = "g", .away = {"b"}}), IsOk());
  One(command::Release{members[0], {Now(revoked, 5)}});
  EXPECT_EQ(At(revoked).owner, "a");
}

TEST_F(GroupRebalanceTest, WithAllAwayNothingMoves) {
  members = Members(2, 4);
  const auto before = Owned();
  EXPECT_THAT(Do(command::Rebalance{.group = "g", .away = {"a", "b"}}), IsOk());
  EXPECT_THAT(decision_.records, IsEmpty());
  EXPECT_EQ(Owned(), before);
}

TEST_F(GroupRebalanceTest, ReleasesOnlyWhatWasAskedForAndExists) {
  RevokeOne();
  EXPECT_THAT(One(command::Release{members[0], {Now(1 - revoked, 5)}}),
              HasReason(Reason::kPartitionNotRevoked));
  EXPECT_THAT(One(command::Release{members[1], {Now(revoked, 5)}}),
              HasReason(Reason::kFencedMemberEpoch));
  EXPECT_THAT(One(command::Release{members[0], {Now(revoked, kHighWatermark + 1)}}),
              HasReason(Reason::kOffsetOutOfRange));
  const auto twice = Do(command::Release{members[0], {Now(revoked, 5), Now(revoked, 6)}});
  EXPECT_THAT((*twice)[1], HasReason(Reason::kInvalidField));
  EXPECT_EQ(At(revoked).committed, 5);
}

TEST_F(GroupRebalanceTest, AtTheDeadlineItIsTaken) {
  RevokeOne();
  ASSERT_THAT(One(command::Commit{"g", members[0], {Now(revoked, 3)}}), IsOk());
  const Assignment assignment = Now(revoked, 0).assignment;
  Assignment older = assignment;
  --older.epoch;
  ASSERT_THAT(Do(command::ExpireRevocations{"g", {older}}), IsOk());
  EXPECT_THAT(decision_.records, IsEmpty());
  ASSERT_THAT(Do(command::ExpireRevocations{"g", {assignment}}), IsOk());
  const auto told = Told<event::Revoked>("a");
  ASSERT_THAT(told, SizeIs(1));
  EXPECT_EQ(told[0].deadline_ms, 0);
  EXPECT_EQ(told[0].reason, ChangeReason::kDeadlinePassed);
  EXPECT_EQ(At(revoked).owner, "b");
  EXPECT_EQ(Told<event::Assigned>("b").front().partitions[0].committed, 3);
  ASSERT_THAT(Do(command::ExpireRevocations{"g", {assignment}}), IsOk());
  EXPECT_THAT(decision_.records, IsEmpty());
}

TEST_F(GroupRebalanceTest, WhenTheNextOwnerLeavesTheReleasedPartitionGoesElsewhere) {
  RevokeOne();
  ASSERT_THAT(Do(command::Leave{members[1], absl::OkStatus()}), IsOk());
  EXPECT_EQ(At(revoked).next_owner, "");
  Rebalance();
  EXPECT_EQ(At(revoked).next_owner, "a");
  EXPECT_THAT(Told<event::Revoked>("a"), IsEmpty());
  ASSERT_THAT(One(command::Release{members[0], {Now(revoked, 5)}}), IsOk());
  EXPECT_EQ(At(revoked).owner, "a");
  EXPECT_FALSE(At(revoked).revoking);
  EXPECT_EQ(Told<event::Assigned>("a").front().partitions[0].committed, 5);
}

// Else it would stop what it has just begun.
TEST_F(GroupRebalanceTest, WhatIsTakenAndGivenBackIsToldInThisOrder) {
  RevokeOne();
  ASSERT_THAT(Do(command::Leave{members[1], absl::OkStatus()}), IsOk());
  Rebalance();
  ASSERT_EQ(At(revoked).next_owner, "a");
  ASSERT_THAT(Do(command::ExpireRevocations{"g", {Now(revoked, 0).assignment}}), IsOk());
  ASSERT_THAT(decision_.events, SizeIs(2));
  EXPECT_TRUE(std::holds_alternative<event::Revoked>(decision_.events[0].second));
  EXPECT_TRUE(std::holds_alternative<event::Assigned>(decision_.events[1].second));
}

TEST_F(GroupRebalanceTest, AnOwnerThatLeavesHandsOverAtOnce) {
  RevokeOne();
  ASSERT_THAT(Do(command::Leave{members[0], absl::OkStatus()}), IsOk());
  EXPECT_EQ(At(revoked).owner, "b");
  EXPECT_EQ(At(1 - revoked).owner, "");
}

TEST_F(GroupRebalanceTest, AnOwnerThatResumesHandsOverAtOnce) {
  RevokeOne();
  const Position here = Now(revoked, 4);
  ASSERT_THAT(
      Do(command::Join{.group = "g",
                       .subscription = {{"t"}, {}},
                       .resume = command::Join::Resume{"a", members[0].member_epoch, {here}}}),
      IsOk());
  EXPECT_EQ(At(revoked).owner, "b");
  EXPECT_EQ(Told<event::Assigned>("b").front().partitions[0].committed, 4);
  EXPECT_EQ(At(1 - revoked).owner, "a");
}

TEST_F(GroupRebalanceTest, ASeekEndsARevocation) {
  RevokeOne();
  ASSERT_THAT(Do(command::SeekGroup{"g", {Now(revoked, 8)}, true}), IsOk());
  EXPECT_EQ(Told<event::Revoked>("a").front().deadline_ms, 0);
  EXPECT_EQ(At(revoked).owner, "b");
  EXPECT_EQ(Told<event::Assigned>("b").front().partitions[0].committed, 8);
}

TEST_F(GroupRebalanceTest, AMemberCannotSeekWhatItIsToRelease) {
  RevokeOne();
  EXPECT_THAT(One(command::SeekMember{members[0], {Now(revoked, 1)}}),
              HasReason(Reason::kFencedMemberEpoch));
}

TEST_F(GroupRebalanceTest, BeforeTheServerIsReadyOnlyUnownedPartitionsMove) {
  Members(1, 3);
  Join({{"t"}, {}});
  topics_.all().at("t").partition_count = 4;
  ASSERT_THAT(Do(command::Rebalance{"g", command::Rebalance::Scope::kUnownedOnly}), IsOk());
  EXPECT_THAT(Owned(), ElementsAre(Pair("a", ElementsAre(0, 1, 2)), Pair("b", ElementsAre(3))));
  EXPECT_THAT(Told<event::Revoked>("a"), IsEmpty());
}

TEST_F(GroupRebalanceTest, PatternsTakeUpTopicsMadeLater) {
  topics_.Make("ab", 1);
  topics_.Make("xab", 1);
  Join({{}, {"a.*"}});
  Rebalance();
  EXPECT_THAT(Told<event::Assigned>("a").front().partitions, SizeIs(1));
  topics_.Make("ac", 1, now_ms_);
  EXPECT_THAT(state_.GroupsConcernedBy(IdOf(99), "ac"), ElementsAre("g"));
  EXPECT_THAT(state_.GroupsConcernedBy(IdOf(99), "xac"), IsEmpty());
  Rebalance();
  EXPECT_EQ(Told<event::Assigned>("a").front().partitions[0].topic, "ac");
}

TEST_F(GroupRebalanceTest, StartPolicyHoldsForWhatWasThereBeforeTheSubscription) {
  const StartPolicy latest{.kind = StartPolicy::Kind::kLatest};
  topics_.Make("t", 1, now_ms_ - 1);
  ASSERT_THAT(Do(command::Join{.group = "g", .subscription = {{}, {".*"}}, .start = latest}),
              IsOk());
  Rebalance();
  EXPECT_EQ(Told<event::Assigned>("a").front().partitions[0].start, latest);
  // A partition and a topic that were not there then: nothing of them is to be missed.
  topics_.all().at("t").partition_count = 2;
  topics_.Make("u", 1, now_ms_ + 1);
  Rebalance();
  for (const auto& told : Told<event::Assigned>("a")) {
    for (const auto& partition : told.partitions) EXPECT_EQ(partition.start, StartPolicy{});
  }
  EXPECT_TRUE(At(1).from_log_start);
  EXPECT_TRUE(At(0, "u").from_log_start);
  EXPECT_FALSE(At(0).from_log_start);
}

TEST_F(GroupRebalanceTest, ADeletedTopicIsForgottenAndItsOwnersAreTold) {
  const MemberRef member = Members(1, 2)[0];
  ASSERT_THAT(One(command::Commit{"g", member, {Now(0, 5)}}), IsOk());
  const Position old = Now(0, 6);
  const TopicId id = topics_.At("t", 0).topic_id;
  topics_.Delete("t");
  EXPECT_THAT(state_.GroupsConcernedBy(id, "t"), ElementsAre("g"));
  // Made again before the group heard of it.
  topics_.Make("t", 2, now_ms_);
  Rebalance();
  const auto lost = Told<event::Revoked>("a");
  ASSERT_THAT(lost, SizeIs(1));
  EXPECT_EQ(lost[0].reason, ChangeReason::kTopicsChanged);
  EXPECT_EQ(lost[0].deadline_ms, 0);
  EXPECT_THAT(lost[0].partitions, SizeIs(2));
  EXPECT_THAT(group().partitions, SizeIs(2));
  EXPECT_EQ(Told<event::Assigned>("a").front().partitions[0].committed, std::nullopt);
  EXPECT_THAT(One(command::Commit{"g", member, {old}}), HasReason(Reason::kTopicNotFound));
}

TEST_F(GroupRebalanceTest, WhatNoOneSubscribesToAnyMoreIsGivenBackAndKept) {
  topics_.Make("t", 1);
  topics_.Make("u", 1);
  MemberRef member = Join({{"t", "u"}, {}}, "i");
  Rebalance();
  ASSERT_THAT(One(command::Commit{"g", member, {Now(0, 5, "u")}}), IsOk());
  member = Join({{"t"}, {}}, "i");
  EXPECT_TRUE(decision_.rebalance);
  Rebalance();
  EXPECT_TRUE(At(0, "u").revoking);
  ASSERT_THAT(One(command::Release{member, {Now(0, 6, "u")}}), IsOk());
  EXPECT_EQ(At(0, "u").owner, "");
  EXPECT_EQ(At(0, "u").committed, 6);
}

TEST_F(GroupRebalanceTest, ATopicThatWouldPassTheLimitIsLeftOut) {
  Members(1, 60);
  topics_.Make("u", 60);
  ASSERT_THAT(Do(command::Join{.group = "g", .subscription = {{"u"}, {}}}), IsOk());
  Rebalance();
  EXPECT_THAT(Owned(), ElementsAre(Pair("a", SizeIs(60))));
}

}  // namespace
}  // namespace leat::group
