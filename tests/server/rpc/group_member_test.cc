// The life of members: joining, sharing, handing over, coming back, being lost.
#include <gtest/gtest.h>

#include <set>
#include <thread>

#include "tests/server/rpc/group_fixture.h"

namespace leat::server {
namespace {

using grpc::StatusCode;
using Event = Member::Event;
using Values = std::vector<std::string>;

TEST_F(GroupTest, TheNextMemberBeginsWhereTheLastOneCommitted) {
  ASSERT_OK(Create("t"));
  Append("t", 5);
  v1::Join join = JoinOf();
  join.set_session_timeout_ms(7'000);
  auto member = NewMember(join);
  const v1::Joined joined = member->TakeJoined();
  EXPECT_FALSE(joined.member_id().empty());
  EXPECT_EQ(joined.member_epoch(), 1u);
  EXPECT_EQ(joined.session_timeout_ms(), 7'000u);
  EXPECT_EQ(joined.processing_timeout_ms(), 300'000u);
  EXPECT_FALSE(joined.resumed());
  const v1::Assigned assigned = member->TakeAssigned();
  ASSERT_EQ(assigned.positions_size(), 1);
  EXPECT_EQ(assigned.positions(0).next_offset(), 0);
  EXPECT_GT(assigned.positions(0).assignment_epoch(), 0u);

  v1::PartitionPosition position;
  EXPECT_EQ(member->TakeValues(5, &position), (Values{"v0", "v1", "v2", "v3", "v4"}));
  EXPECT_EQ(position.next_offset(), 5);
  position.set_next_offset(3);
  const v1::CommandResult result = member->Commit(position);
  EXPECT_EQ(Reasons(result), Values{""});
  EXPECT_EQ(result.partitions(0).position().next_offset(), 3);
  EXPECT_OK(member->Leave());

  auto [next, again] = Assigned();
  EXPECT_EQ(again.positions(0).next_offset(), 3);
  EXPECT_GT(again.positions(0).assignment_epoch(), position.assignment_epoch());
  EXPECT_EQ(next->TakeValues(2), (Values{"v3", "v4"}));
}

TEST_F(GroupTest, ALowerCommitIsAnsweredWithTheHigherOffset) {
  ASSERT_OK(Create("t"));
  Append("t", 5);
  auto [member, assigned] = Assigned();
  v1::PartitionPosition position = assigned.positions(0);
  position.set_next_offset(4);
  member->Commit(position);
  position.set_next_offset(2);
  const v1::CommandResult result = member->Commit(position);
  EXPECT_EQ(Reasons(result), Values{""});
  EXPECT_EQ(result.partitions(0).position().next_offset(), 4);
}

TEST_F(GroupTest, CommandsWithoutIdAreAnsweredOnlyWhenTheyFail) {
  ASSERT_OK(Create("t"));
  Append("t", 2);
  auto [member, assigned] = Assigned();
  v1::ConsumeRequest request;
  *request.mutable_commit()->add_positions() = assigned.positions(0);
  member->Send(request);
  request.mutable_commit()->mutable_positions(0)->set_partition(9);
  member->Send(request);
  const v1::CommandResult result = member->Take(Event::kCommandResult).command_result();
  EXPECT_EQ(result.request_id(), 0u);
  EXPECT_EQ(Reasons(result), Values{"FENCED_MEMBER_EPOCH"});
}

TEST_F(GroupTest, StartPoliciesHoldOnceAndAreCommitted) {
  ASSERT_OK(Create("t"));
  Append("t", 10);
  v1::Join last = JoinOf("last");
  last.mutable_start()->set_last_records(3);
  EXPECT_EQ(Assigned(last).second.positions(0).next_offset(), 7);
  EXPECT_EQ(Describe(0, "last").committed_offset(), 7);
  v1::Join latest = JoinOf("latest");
  latest.mutable_start()->mutable_latest();
  EXPECT_EQ(Assigned(latest).second.positions(0).next_offset(), 10);
  v1::Join time = JoinOf("time");
  time.mutable_start()->set_timestamp_ms(INT64_MAX);
  EXPECT_EQ(Assigned(time).second.positions(0).next_offset(), 10);
  EXPECT_EQ(Assigned(JoinOf("earliest")).second.positions(0).next_offset(), 0);
}

TEST_F(GroupTest, TopicsMadeLaterAreTakenUpFromTheirStart) {
  v1::Join join = JoinOf();
  join.add_topic_patterns("made-.*");
  join.mutable_start()->mutable_latest();
  auto member = NewMember(join);
  member->TakeJoined();
  ASSERT_OK(Create("made-1"));
  Append("made-1", 1);
  EXPECT_EQ(member->TakeAssigned().positions(0).topic(), "made-1");
  EXPECT_EQ(member->TakeValues(1), Values{"v0"});
  ASSERT_OK(Create("t"));
  EXPECT_EQ(member->TakeAssigned().positions(0).topic(), "t");
}

TEST_F(GroupTest, APartitionIsHandedOverWhereItWasReleased) {
  ASSERT_OK(Create("t", 2));
  auto [first, all] = Assigned();
  ASSERT_EQ(all.positions_size(), 2);
  Append("t", 5, "a", 0);
  Append("t", 5, "b", 1);
  first->TakeValues(10);

  auto second = NewMember(JoinOf());
  second->TakeJoined();
  const v1::Revoked revoked = first->TakeRevoked();
  ASSERT_EQ(revoked.positions_size(), 1);
  EXPECT_GT(revoked.deadline_ms(), 0u);
  EXPECT_EQ(revoked.reason(), v1::CHANGE_REASON_REBALANCED);
  v1::PartitionPosition position = revoked.positions(0);
  EXPECT_EQ(position.next_offset(), 5);  // All that was sent.
  position.set_next_offset(3);           // Two were not handled.
  const v1::CommandResult released = first->Release(position);
  EXPECT_EQ(Reasons(released), Values{""});
  EXPECT_EQ(released.partitions(0).position().next_offset(), 3);

  const v1::Assigned assigned = second->TakeAssigned();
  ASSERT_EQ(assigned.positions_size(), 1);
  EXPECT_EQ(assigned.positions(0).partition(), position.partition());
  EXPECT_EQ(assigned.positions(0).next_offset(), 3);
  const std::string prefix = position.partition() == 0 ? "a" : "b";
  EXPECT_EQ(second->TakeValues(2), (Values{prefix + "3", prefix + "4"}));
  EXPECT_EQ(Reasons(first->Commit(position)), Values{"FENCED_MEMBER_EPOCH"});
  EXPECT_EQ(Reasons(first->Release(position)), Values{"FENCED_MEMBER_EPOCH"});

  EXPECT_OK(second->Leave());
  EXPECT_EQ(first->TakeAssigned().positions(0).next_offset(), 3);
}

TEST_F(GroupTest, WhoeverDoesNotReleaseInTimeLosesThePartitionAndIsFenced) {
  ASSERT_TRUE(Stop().ok());
  options_.revocation_deadline = absl::Milliseconds(300);
  StartAll();
  ASSERT_OK(Create("t", 2));
  Append("t", 3, "a", 0);
  Append("t", 3, "a", 1);
  auto [silent, all] = Assigned();
  v1::PartitionPosition position;
  silent->TakeValues(6);
  auto next = NewMember(JoinOf());
  const v1::Revoked asked = silent->TakeRevoked();
  ASSERT_EQ(asked.positions_size(), 1);
  EXPECT_GT(asked.deadline_ms(), 0u);
  EXPECT_LE(asked.deadline_ms(), 300u);
  // Until then it may commit.
  position = asked.positions(0);
  position.set_next_offset(2);
  EXPECT_EQ(Reasons(silent->Commit(position)), Values{""});

  const v1::Revoked taken = silent->TakeRevoked();
  EXPECT_EQ(taken.reason(), v1::CHANGE_REASON_DEADLINE_PASSED);
  EXPECT_EQ(taken.deadline_ms(), 0u);
  ASSERT_EQ(taken.positions_size(), 1);
  EXPECT_EQ(taken.positions(0).assignment_epoch(), position.assignment_epoch());
  const v1::Assigned assigned = next->TakeAssigned();
  ASSERT_EQ(assigned.positions_size(), 1);
  EXPECT_EQ(assigned.positions(0).partition(), position.partition());
  EXPECT_EQ(assigned.positions(0).next_offset(), 2);
  EXPECT_EQ(next->TakeValues(1), Values{"a2"});
  position.set_next_offset(3);
  EXPECT_EQ(Reasons(silent->Commit(position)), Values{"FENCED_MEMBER_EPOCH"});
  EXPECT_EQ(Reasons(silent->Release(position)), Values{"FENCED_MEMBER_EPOCH"});
  EXPECT_EQ(Describe(position.partition()).committed_offset(), 2);
}

TEST_F(GroupTest, ABrokenStreamIsNoDeparture) {
  ASSERT_OK(Create("t"));
  Append("t", 5);
  auto member = NewMember(JoinOf());
  const v1::Joined joined = member->TakeJoined();
  v1::PartitionPosition position;
  member->TakeValues(5, &position);
  member->Break();
  EXPECT_EQ(member->End().error_code(), StatusCode::CANCELLED);

  v1::Join join = JoinOf();
  join.mutable_resume()->set_member_id(joined.member_id());
  join.mutable_resume()->set_member_epoch(joined.member_epoch());
  *join.mutable_resume()->add_positions() = position;
  join.mutable_resume()->mutable_positions(0)->set_next_offset(4);
  auto again = NewMember(join);
  const v1::Joined resumed = again->TakeJoined();
  EXPECT_TRUE(resumed.resumed());
  EXPECT_EQ(resumed.member_id(), joined.member_id());
  EXPECT_EQ(resumed.member_epoch(), 2u);
  const v1::Assigned assigned = again->TakeAssigned();
  EXPECT_EQ(assigned.reason(), v1::CHANGE_REASON_RESUMED);
  EXPECT_EQ(assigned.positions(0).next_offset(), 4);
  EXPECT_GT(assigned.positions(0).assignment_epoch(), position.assignment_epoch());
  EXPECT_EQ(again->TakeValues(1), Values{"v4"});
}

TEST_F(GroupTest, OnlyMembersResume) {
  v1::Join join = JoinOf();
  join.mutable_resume()->set_member_id("nobody");
  const ErrorView error = View(NewMember(join)->End());
  EXPECT_EQ(error.code, StatusCode::ABORTED);
  EXPECT_EQ(error.reason, "FENCED_MEMBER_EPOCH");
}

TEST_F(GroupTest, TheOlderOfOneInstanceIsReplaced) {
  ASSERT_OK(Create("t"));
  v1::Join join = JoinOf();
  join.set_instance_id("i");
  auto [older, first] = Assigned(join);
  auto [newer, second] = Assigned(join);
  const ErrorView error = View(older->End());
  EXPECT_EQ(error.code, StatusCode::ABORTED);
  EXPECT_EQ(error.reason, "INSTANCE_REPLACED");
  ASSERT_EQ(second.positions_size(), 1);
  Append("t", 1);
  EXPECT_EQ(newer->TakeValues(1), Values{"v0"});
}

TEST_F(GroupTest, AMemberThatHoldsRecordsInSilenceIsEvicted) {
  ASSERT_OK(Create("t"));
  v1::Join join = JoinOf();
  join.set_processing_timeout_ms(1'000);
  auto [member, assigned] = Assigned(join);
  Append("t", 1);
  const ErrorView error = View(member->End());
  EXPECT_EQ(error.code, StatusCode::ABORTED);
  EXPECT_EQ(error.reason, "MEMBER_EVICTED");
  EXPECT_EQ(Get().members_size(), 0);
}

TEST_F(GroupTest, AHalfClosedStreamEndsWhenItsCommandsAreAnswered) {
  ASSERT_OK(Create("t"));
  Append("t", 3);
  // What a plain unary client does: a join, and the end of what it sends.
  v1::ConsumeRequest request;
  *request.mutable_join() = JoinOf();
  EXPECT_FALSE(RawCall("/leat.v1.GroupService/Consume", request.SerializeAsString()).ok());
  EXPECT_EQ(Get().members_size(), 1);
}

TEST_F(GroupTest, ADeletedTopicIsTakenAwayAndTheRestGoesOn) {
  ASSERT_OK(Create("t"));
  ASSERT_OK(Create("u"));
  v1::Join join = JoinOf();
  join.add_topics("u");
  auto [member, assigned] = Assigned(join);
  ASSERT_EQ(assigned.positions_size(), 2);
  ASSERT_OK(DeleteTopic("t"));
  const v1::Revoked revoked = member->TakeRevoked();
  ASSERT_EQ(revoked.positions_size(), 1);
  EXPECT_EQ(revoked.positions(0).topic(), "t");
  EXPECT_EQ(revoked.deadline_ms(), 0u);
  EXPECT_EQ(revoked.reason(), v1::CHANGE_REASON_TOPICS_CHANGED);
  EXPECT_EQ(Reasons(member->Commit(revoked.positions(0))), Values{"TOPIC_NOT_FOUND"});
  Append("u", 1);
  EXPECT_EQ(member->TakeValues(1), Values{"v0"});
}

TEST_F(GroupTest, AStoppingServerLetsMembersCommitAndKeepsThem) {
  ASSERT_OK(Create("t"));
  Append("t", 3);
  auto member = NewMember(JoinOf());
  const v1::Joined joined = member->TakeJoined();
  v1::PartitionPosition position;
  member->TakeValues(3, &position);
  std::thread stop([this] { EXPECT_TRUE(Stop().ok()); });
  member->Take(Event::kDraining);
  EXPECT_EQ(Reasons(member->Commit(position)), Values{""});
  const ErrorView error = View(member->End());
  EXPECT_EQ(error.code, StatusCode::UNAVAILABLE);
  EXPECT_EQ(error.reason, "SERVER_STOPPING");
  stop.join();

  StartAll();
  v1::Join join = JoinOf();
  join.mutable_resume()->set_member_id(joined.member_id());
  join.mutable_resume()->set_member_epoch(joined.member_epoch());
  auto again = NewMember(join);
  EXPECT_TRUE(again->TakeJoined().resumed());
  EXPECT_EQ(again->TakeAssigned().positions(0).next_offset(), 3);
}

}  // namespace
}  // namespace leat::server
