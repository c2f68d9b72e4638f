#include "server/group/group_state.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/server/group/state_fixture.h"

namespace leat::group {
namespace {

using record::Reason;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

using GroupStateTest = StateFixture;

command::Join::Resume ResumeOf(const MemberRef& member, std::vector<Position> positions = {}) {
  return {member.member_id, member.member_epoch, std::move(positions)};
}

TEST_F(GroupStateTest, JoiningMakesGroupAndMember) {
  const MemberRef member = Join({{"t"}, {}});
  EXPECT_EQ(member.member_epoch, 1u);
  EXPECT_FALSE(Told<event::Joined>("a").front().resumed);
  EXPECT_TRUE(decision_.rebalance);
  EXPECT_EQ(group().create_time_ms, now_ms_);
  EXPECT_EQ(group().members.at("a").subscription, (Subscription{{"t"}, {}}));
}

TEST_F(GroupStateTest, RefusesBadJoins) {
  const std::string long_name(11, 'x');
  const std::vector<command::Join> bad = {
      {.group = "g"},
      {.group = "g", .subscription = {{""}, {}}},
      {.group = "g", .subscription = {{long_name}, {}}},
      {.group = "g", .subscription = {{"1", "2", "3", "4"}, {}}},
      {.group = "g", .subscription = {{}, {"1", "2", "3"}}},
      {.group = "g", .subscription = {{}, {"("}}},
      {.group = "g", .subscription = {{}, {""}}},
      {.group = "g", .subscription = {{}, {"((a{1,1000}){1,1000}){1,1000}"}}},
      {.group = "g", .subscription = {{}, {"((ab){1,60}){1,60}"}}},
      {.group = "g", .subscription = {{"t"}, {}}, .instance_id = long_name},
      {.group = "g", .subscription = {{"t"}, {}}, .client_name = long_name}};
  for (const command::Join& join : bad) EXPECT_THAT(Do(join), HasReason(Reason::kInvalidField));
  EXPECT_THAT(state_.groups(), IsEmpty());
  const std::string longest(limits_.max_pattern_bytes, '.');
  EXPECT_THAT(Do(command::Join{.group = "g", .subscription = {{}, {longest}}}), IsOk());
}

TEST_F(GroupStateTest, KeepsLimits) {
  topics_.Make("big", 101);
  EXPECT_THAT(Do(command::Join{.group = "g", .subscription = {{"big"}, {}}}),
              HasReason(Reason::kLimitReached));
  for (int i = 0; i < 4; ++i) Join({{"t"}, {}});
  EXPECT_THAT(Do(command::Join{.group = "g", .subscription = {{"t"}, {}}}),
              HasReason(Reason::kLimitReached));
  ASSERT_THAT(Do(command::Join{.group = "h", .subscription = {{"t"}, {}}}), IsOk());
  EXPECT_THAT(Do(command::Join{.group = "i", .subscription = {{"t"}, {}}}),
              HasReason(Reason::kLimitReached));
  EXPECT_THAT(Do(command::Commit{.group = "i"}), HasReason(Reason::kLimitReached));
}

// --- Going on ---

TEST_F(GroupStateTest, AStaticMemberTakesItsPlaceAgain) {
  topics_.Make("t", 2);
  const MemberRef first = Join({{"t"}, {}}, "i");
  Rebalance();
  ASSERT_THAT(One(command::Commit{"g", first, {Now(0, 7)}}), IsOk());
  const uint64_t epoch_before = At(0).assignment_epoch;

  const MemberRef second = Join({{"t"}, {}}, "i");
  EXPECT_EQ(second.member_id, first.member_id);
  EXPECT_EQ(second.member_epoch, 2u);
  EXPECT_FALSE(decision_.rebalance);
  const auto assigned = Told<event::Assigned>(second.member_id);
  ASSERT_THAT(assigned, SizeIs(1));
  EXPECT_EQ(assigned[0].reason, ChangeReason::kResumed);
  ASSERT_THAT(assigned[0].partitions, SizeIs(2));
  EXPECT_EQ(assigned[0].partitions[0].committed, 7);
  EXPECT_EQ(assigned[0].partitions[1].committed, std::nullopt);
  EXPECT_GT(At(0).assignment_epoch, epoch_before);

  // The stream before can do nothing any more.
  EXPECT_THAT(One(command::Commit{"g", first, {Now(0, 8)}}), HasReason(Reason::kFencedMemberEpoch));
  EXPECT_THAT(Do(command::Leave{first, absl::OkStatus()}), HasReason(Reason::kFencedMemberEpoch));
}

TEST_F(GroupStateTest, ResumingCommitsWhereTheMemberIs) {
  const MemberRef member = Members(1, 2)[0];
  const Position here = Now(0, 5);
  Position stale = Now(1, 5);
  ++stale.assignment.epoch;
  ASSERT_THAT(
      Do(command::Join{
          .group = "g", .subscription = {{"t"}, {}}, .resume = ResumeOf(member, {here, stale})}),
      IsOk());
  EXPECT_TRUE(Told<event::Joined>("a").front().resumed);
  EXPECT_EQ(At(0).committed, 5);
  EXPECT_EQ(At(1).committed, std::nullopt);
  EXPECT_EQ(Told<event::Assigned>("a").front().partitions[0].committed, 5);
}

TEST_F(GroupStateTest, ResumingPastTheEndCommitsNothing) {
  const MemberRef member = Members(1, 1)[0];
  ASSERT_THAT(Do(command::Join{.group = "g",
                               .subscription = {{"t"}, {}},
                               .resume = ResumeOf(member, {Now(0, kHighWatermark + 1)})}),
              IsOk());
  EXPECT_EQ(At(0).committed, std::nullopt);
}

TEST_F(GroupStateTest, ResumesNoStrangersAndNoOldStreams) {
  MemberRef member = Join({{"t"}, {}});
  const auto resume = [&](std::string id, uint64_t epoch, bool attached) {
    return Do(command::Join{.group = "g",
                            .subscription = {{"t"}, {}},
                            .resume = command::Join::Resume{id, epoch, {}, attached}});
  };
  EXPECT_THAT(resume("nobody", 1, false), HasReason(Reason::kFencedMemberEpoch));
  EXPECT_THAT(resume("a", 2, false), HasReason(Reason::kFencedMemberEpoch));
  ASSERT_THAT(resume("a", 1, true), IsOk());
  // The answer may have been lost, unless the stream it went to is there.
  EXPECT_THAT(resume("a", 1, true), HasReason(Reason::kFencedMemberEpoch));
  ASSERT_THAT(resume("a", 1, false), IsOk());
  EXPECT_THAT(resume("a", 1, false), HasReason(Reason::kFencedMemberEpoch));
  EXPECT_EQ(group().members.at("a").epoch, 3u);
}

TEST_F(GroupStateTest, AResumeCannotChangeTheInstance) {
  const MemberRef member = Join({{"t"}, {}}, "i");
  EXPECT_THAT(Do(command::Join{.group = "g",
                               .subscription = {{"t"}, {}},
                               .instance_id = "j",
                               .resume = ResumeOf(member)}),
              HasReason(Reason::kInvalidField));
}

TEST_F(GroupStateTest, AnInstanceThatWasTakenOverCannotResume) {
  const MemberRef older = Join({{"t"}, {}}, "i");
  const auto resume = [&](const MemberRef& member) {
    return Do(command::Join{
        .group = "g", .subscription = {{"t"}, {}}, .instance_id = "i", .resume = ResumeOf(member)});
  };
  const MemberRef newer = Join({{"t"}, {}}, "i");
  // Whether the newer one has its stream or not: it must not be ousted by a join anew.
  EXPECT_THAT(resume(older), HasReason(Reason::kInstanceReplaced));
  ASSERT_THAT(resume(newer), IsOk());
  EXPECT_THAT(resume(older), HasReason(Reason::kInstanceReplaced));
  // The answer to its own resumption may have been lost.
  ASSERT_THAT(resume(newer), IsOk());
  EXPECT_THAT(resume(newer), HasReason(Reason::kFencedMemberEpoch));

  GroupState loaded{limits_};
  for (const auto& part : state_.Snapshot()) ASSERT_THAT(loaded.Apply(part), IsOk());
  EXPECT_TRUE(loaded == state_);
}

TEST_F(GroupStateTest, WhatHasOutgrownTheLimitIsStillResumed) {
  topics_.Make("t1", 60);
  const MemberRef member = Join({{}, {"t.*"}});
  topics_.Make("t2", 60);
  EXPECT_THAT(
      Do(command::Join{.group = "g", .subscription = {{}, {"t.*"}}, .resume = ResumeOf(member)}),
      IsOk());
  EXPECT_THAT(Do(command::Join{.group = "g", .subscription = {{}, {"t.?"}}}),
              HasReason(Reason::kLimitReached));
}

TEST_F(GroupStateTest, LeavingFreesPartitionsAndInstance) {
  topics_.Make("t", 2);
  const MemberRef member = Join({{"t"}, {}}, "i");
  Rebalance();
  ASSERT_THAT(Do(command::Leave{member, absl::OkStatus()}), IsOk());
  EXPECT_TRUE(decision_.rebalance);
  EXPECT_THAT(Told<event::Closed>("a"), SizeIs(1));
  EXPECT_THAT(Owned(), ElementsAre(testing::Pair("", ElementsAre(0, 1))));
  const MemberRef again = Join({{"t"}, {}}, "i");
  EXPECT_NE(again.member_id, member.member_id);
}

// --- Offsets ---

TEST_F(GroupStateTest, CommitsOfTheOwnerOnly) {
  const auto members = Members(2, 2);
  const uint32_t own = At(0).owner == "a" ? 0 : 1;
  EXPECT_EQ(One(command::Commit{"g", members[0], {Now(own, 5)}, "m"}).committed, 5);
  EXPECT_EQ(At(own).metadata, "m");
  EXPECT_EQ(At(own).commit_time_ms, now_ms_);
  EXPECT_THAT(One(command::Commit{"g", members[0], {Now(1 - own, 5)}}),
              HasReason(Reason::kFencedMemberEpoch));
  Position stale = Now(own, 6);
  --stale.assignment.epoch;
  EXPECT_THAT(One(command::Commit{"g", members[0], {stale}}),
              HasReason(Reason::kFencedMemberEpoch));
  stale.assignment.epoch += 2;
  EXPECT_THAT(One(command::Commit{"g", members[0], {stale}}),
              HasReason(Reason::kFencedMemberEpoch));
  EXPECT_EQ(At(own).committed, 5);
}

TEST_F(GroupStateTest, ALowerCommitAnswersWithTheHigherOffset) {
  const MemberRef member = Members(1, 1)[0];
  EXPECT_EQ(One(command::Commit{"g", member, {Now(0, 5)}}).committed, 5);
  for (const int64_t offset : {4, 5}) {
    const PositionResult result = One(command::Commit{"g", member, {Now(0, offset)}});
    EXPECT_THAT(result, IsOk());
    EXPECT_EQ(result.committed, 5);
    EXPECT_THAT(decision_.records, IsEmpty());
  }
}

TEST_F(GroupStateTest, TheSameOffsetIsCommittedAgainWhenThatSaysSomething) {
  topics_.Make("t", 1);
  const auto commit = [&](const std::string& metadata) {
    const Position position{{topics_.At("t", 0), 0}, 5, kHighWatermark};
    EXPECT_EQ(One(command::Commit{"g", std::nullopt, {position}, metadata}).committed, 5);
    return !decision_.records.empty();
  };
  EXPECT_TRUE(commit("m"));
  EXPECT_FALSE(commit("m"));
  EXPECT_TRUE(commit("n"));
  EXPECT_EQ(At(0).metadata, "n");
  // A group that commits is alive, even if nothing happens in its topics.
  const int64_t week_ms = int64_t{7} * 24 * 60 * 60 * 1'000;
  now_ms_ += week_ms - 10;
  EXPECT_TRUE(commit("n"));
  now_ms_ += 20;
  ASSERT_THAT(Do(command::ExpireGroups{week_ms}), IsOk());
  EXPECT_NE(state_.Find("g"), nullptr);
}

TEST_F(GroupStateTest, CommitsAndSeeksAddNoMorePartitionsThanAGroupMayHave) {
  topics_.Make("t", 101);
  command::Commit commit{"g", std::nullopt, {}};
  for (uint32_t p = 0; p < 101; ++p) commit.positions.push_back({{topics_.At("t", p), 0}, 0, 0});
  const auto outcome = Do(commit);
  ASSERT_THAT(outcome, IsOk());
  EXPECT_THAT((*outcome)[99], IsOk());
  EXPECT_THAT((*outcome)[100], HasReason(Reason::kLimitReached));
  EXPECT_THAT(group().partitions, SizeIs(100));
  EXPECT_THAT(Do(command::SeekGroup{"g", commit.positions}), HasReason(Reason::kLimitReached));
  commit.positions.pop_back();
  EXPECT_THAT(Do(command::SeekGroup{"g", commit.positions}), IsOk());
}

TEST_F(GroupStateTest, CommitsStayInsideTheLogAndTheTopics) {
  const MemberRef member = Members(1, 1)[0];
  EXPECT_EQ(One(command::Commit{"g", member, {Now(0, kHighWatermark)}}).committed, kHighWatermark);
  for (const int64_t offset : {kHighWatermark + 1, int64_t{-1}}) {
    EXPECT_THAT(One(command::Commit{"g", member, {Now(0, offset)}}),
                HasReason(Reason::kOffsetOutOfRange));
  }
  Position nowhere = Now(0, 1);
  nowhere.assignment.partition.partition = 1;
  EXPECT_THAT(One(command::Commit{"g", member, {nowhere}}), HasReason(Reason::kPartitionNotFound));
  nowhere.assignment.partition.topic_id = IdOf(99);
  EXPECT_THAT(One(command::Commit{"g", member, {nowhere}}), HasReason(Reason::kTopicNotFound));
  EXPECT_THAT(Do(command::Commit{"g", member, {Now(0, 1)}, "too long"}),
              HasReason(Reason::kInvalidField));
  const auto twice = Do(command::Commit{"g", member, {Now(0, 1), Now(0, 2)}});
  EXPECT_THAT((*twice)[1], HasReason(Reason::kInvalidField));
}

TEST_F(GroupStateTest, OutsidersCommitWhereThereIsNoOwnerOrInItsName) {
  topics_.Make("t", 1);
  const TopicPartition place = topics_.At("t", 0);
  const auto commit = [&](uint64_t epoch, int64_t offset) {
    return One(command::Commit{"g", std::nullopt, {{{place, epoch}, offset, kHighWatermark}}});
  };
  EXPECT_EQ(state_.Find("g"), nullptr);
  EXPECT_THAT(commit(1, 3), HasReason(Reason::kFencedMemberEpoch));
  EXPECT_EQ(state_.Find("g"), nullptr);
  EXPECT_EQ(commit(0, 3).committed, 3);
  const MemberRef member = Join({{"t"}, {}});
  Rebalance();
  const uint64_t epoch = At(0).assignment_epoch;
  EXPECT_THAT(commit(0, 4), HasReason(Reason::kFencedMemberEpoch));
  EXPECT_EQ(commit(epoch, 4).committed, 4);
  ASSERT_THAT(Do(command::Leave{member, absl::OkStatus()}), IsOk());
  // The owner that was cannot go on.
  EXPECT_THAT(commit(epoch, 5), HasReason(Reason::kFencedMemberEpoch));
  EXPECT_EQ(commit(0, 5).committed, 5);
}

TEST_F(GroupStateTest, AStartIsCommittedOnceOnly) {
  const MemberRef member = Members(1, 1)[0];
  EXPECT_EQ(One(command::StartAt{member, {Now(0, 7)}}).committed, 7);
  EXPECT_EQ(One(command::StartAt{member, {Now(0, 9)}}).committed, 7);
  Position stale = Now(0, 9);
  --stale.assignment.epoch;
  EXPECT_THAT(One(command::StartAt{member, {stale}}), HasReason(Reason::kFencedMemberEpoch));
}

TEST_F(GroupStateTest, AMemberSeeksBackUnderANewEpoch) {
  const MemberRef member = Members(1, 1)[0];
  ASSERT_THAT(One(command::Commit{"g", member, {Now(0, 9)}}), IsOk());
  const Position before = Now(0, 9);
  const PositionResult result = One(command::SeekMember{member, {Now(0, 2)}});
  ASSERT_THAT(result, IsOk());
  EXPECT_EQ(result.committed, 2);
  EXPECT_EQ(result.assignment_epoch, At(0).assignment_epoch);
  EXPECT_EQ(At(0).committed, 2);
  EXPECT_THAT(decision_.events, IsEmpty());
  EXPECT_THAT(One(command::Commit{"g", member, {before}}), HasReason(Reason::kFencedMemberEpoch));
  EXPECT_THAT(One(command::SeekMember{member, {Now(0, kHighWatermark + 1)}}),
              HasReason(Reason::kOffsetOutOfRange));
}

TEST_F(GroupStateTest, SeekingAGroupAsksForForceAndAssignsAnew) {
  const MemberRef member = Members(1, 2)[0];
  ASSERT_THAT(One(command::Commit{"g", member, {Now(0, 9)}}), IsOk());
  const Position before = Now(0, 10);
  EXPECT_THAT(Do(command::SeekGroup{"g", {Now(0, 2)}}), HasReason(Reason::kGroupHasMembers));
  EXPECT_THAT(Do(command::SeekGroup{"h", {Now(0, 2)}}), HasReason(Reason::kGroupNotFound));
  EXPECT_THAT(Do(command::SeekGroup{"g", {Now(0, 2), Now(0, 3)}, true}),
              HasReason(Reason::kInvalidField));
  EXPECT_EQ(At(0).committed, 9);
  ASSERT_THAT(Do(command::SeekGroup{"g", {Now(0, 2)}, true}), IsOk());
  EXPECT_EQ(At(0).committed, 2);
  const auto assigned = Told<event::Assigned>("a");
  ASSERT_THAT(assigned, SizeIs(1));
  EXPECT_EQ(assigned[0].reason, ChangeReason::kSeek);
  EXPECT_EQ(assigned[0].partitions[0].committed, 2);
  EXPECT_THAT(One(command::Commit{"g", member, {before}}), HasReason(Reason::kFencedMemberEpoch));
}

// --- The end of a group ---

TEST_F(GroupStateTest, DeletesAGroupWithMembersOnlyByForce) {
  Members(2, 2);
  EXPECT_THAT(Do(command::DeleteGroup{"g"}), HasReason(Reason::kGroupHasMembers));
  EXPECT_THAT(Do(command::DeleteGroup{"h"}), HasReason(Reason::kGroupNotFound));
  ASSERT_THAT(Do(command::DeleteGroup{"g", true}), IsOk());
  EXPECT_THAT(Told<event::Closed>("b").front().status, HasReason(Reason::kMemberEvicted));
  EXPECT_THAT(state_.groups(), IsEmpty());
}

TEST_F(GroupStateTest, EpochsAreNeverUsedAgainEvenByAGroupMadeAgain) {
  const MemberRef before = Members(1, 1)[0];
  const Position old = Now(0, 5);
  ASSERT_THAT(Do(command::DeleteGroup{"g", true}), IsOk());
  Join({{"t"}, {}});
  Rebalance();
  EXPECT_GT(At(0).assignment_epoch, old.assignment.epoch);
  EXPECT_THAT(One(command::Commit{"g", std::nullopt, {old}}),
              HasReason(Reason::kFencedMemberEpoch));
}

TEST_F(GroupStateTest, DeadGroupsExpire) {
  const MemberRef member = Members(1, 1)[0];
  now_ms_ += 1'000;
  ASSERT_THAT(Do(command::ExpireGroups{100}), IsOk());
  EXPECT_NE(state_.Find("g"), nullptr);
  ASSERT_THAT(Do(command::Leave{member, absl::OkStatus()}), IsOk());
  now_ms_ += 98;
  ASSERT_THAT(Do(command::ExpireGroups{100}), IsOk());
  EXPECT_NE(state_.Find("g"), nullptr);
  ASSERT_THAT(Do(command::ExpireGroups{100}), IsOk());
  EXPECT_EQ(state_.Find("g"), nullptr);
}

// --- Records ---

TEST_F(GroupStateTest, RefusesRecordsThatCannotFollow) {
  const MemberRef member = Members(1, 1)[0];
  ASSERT_THAT(One(command::Commit{"g", member, {Now(0, 5)}}), IsOk());
  const std::string id(16, 'x');
  std::vector<internal::GroupRecord> records(8);
  for (internal::GroupRecord& record : records) record.set_group("g");
  records[1].mutable_group_created();
  records[2].mutable_member_removed()->set_member_id("nobody");
  records[3].mutable_member_removed()->set_member_id("a");
  records[4].mutable_member_put()->set_member_id("a");
  records[5].mutable_owners_changed()->set_group_epoch(7);
  auto* owner = records[6].mutable_owners_changed()->add_owners();
  records[6].mutable_owners_changed()->set_group_epoch(group().epoch + 1);
  owner->set_topic_id(id);
  owner->set_assignment_epoch(9);
  owner->set_member_id("nobody");
  records[7].set_group("h");
  records[7].mutable_member_removed()->set_member_id("a");
  for (const internal::GroupRecord& record : records) {
    GroupState copy = state_;
    EXPECT_EQ(copy.Apply(record).code(), absl::StatusCode::kDataLoss) << record.ShortDebugString();
  }
  internal::GroupRecord back;
  back.set_group("g");
  auto* offset = back.mutable_offsets_committed()->add_offsets();
  const TopicId topic = topics_.At("t", 0).topic_id;
  offset->set_topic_id(std::string(topic.begin(), topic.end()));
  offset->set_next_offset(4);
  EXPECT_EQ(state_.Apply(back).code(), absl::StatusCode::kDataLoss);
}

TEST_F(GroupStateTest, ASnapshotInManyPartsIsTheState) {
  limits_.max_partitions = 10'000;
  limits_.max_metadata_bytes = 100;
  state_ = GroupState(limits_);
  const MemberRef member = Members(1, 5'000)[0];
  command::Commit commit{"g", member, {}, std::string(100, 'm')};
  for (uint32_t p = 0; p < 5'000; ++p) commit.positions.push_back(Now(p, 5));
  ASSERT_THAT(Do(commit), IsOk());
  const auto parts = state_.Snapshot();
  EXPECT_GT(parts.size(), 2u);
  EXPECT_TRUE(parts.back().snapshot_part().last());
  GroupState loaded{limits_};
  for (const auto& part : parts) ASSERT_THAT(loaded.Apply(part), IsOk());
  EXPECT_TRUE(loaded == state_);
}

}  // namespace
}  // namespace leat::group
