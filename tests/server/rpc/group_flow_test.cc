// Records under credit, and commands that steer them.
#include <gtest/gtest.h>

#include "tests/server/rpc/group_fixture.h"

namespace leat::server {
namespace {

using grpc::StatusCode;
using Event = Member::Event;
using Values = std::vector<std::string>;

v1::Position Offset(int64_t offset) {
  v1::Position position;
  position.set_offset(offset);
  return position;
}

class GroupFlowTest : public GroupTest {
 protected:
  GroupFlowTest() { EXPECT_OK(Create("t", 1)); }

  // Messages of records that have come and were not taken.
  static int WaitingRecords(Member& member) {
    int count = 0;
    for (const auto& event : member.waiting()) count += event.has_records() ? 1 : 0;
    return count;
  }

  // Several batches of one record of this size each.
  void AppendLarge(int count, size_t bytes) {
    for (int i = 0; i < count; ++i) {
      v1::ProduceRequest request = Request("t", 1);
      request.mutable_records()->mutable_records(0)->mutable_value()->resize(bytes);
      ASSERT_OK(Produce(request));
    }
  }
};

TEST_F(GroupFlowTest, AWindowOfOneRecord) {
  Append("t", 3);
  v1::Join join = JoinOf();
  join.mutable_window()->set_records(1);
  auto [member, assigned] = Assigned(join);
  for (int i = 0; i < 3; ++i) {
    const v1::DeliveredRecords records = member->Take(Event::kRecords).records();
    EXPECT_EQ(records.charged_records(), 1);
    EXPECT_EQ(records.chunk().base_offset(), i);
    EXPECT_EQ(records.position().next_offset(), i + 1);
    EXPECT_EQ(records.high_watermark(), 3);
    member->Fence();
    EXPECT_EQ(WaitingRecords(*member), 0);
    EXPECT_EQ(Reasons(member->Commit(records.position())), Values{""});
  }
}

TEST_F(GroupFlowTest, AMemberThatDoesNotCommitGetsItsWindowAndNoMore) {
  AppendLarge(30, 100'000);
  v1::Join join = JoinOf();
  join.mutable_window()->set_bytes(300'000);
  auto [member, assigned] = Assigned(join);
  int64_t charged = 0;
  v1::PartitionPosition position;
  while (charged < 300'000) {
    const v1::DeliveredRecords records = member->Take(Event::kRecords).records();
    ASSERT_GT(records.charged_bytes(), 0);
    charged += records.charged_bytes();
    position = records.position();
  }
  EXPECT_LE(charged, 400'100);  // One record may go over.
  for (int i = 0; i < 3; ++i) member->Fence();
  EXPECT_EQ(WaitingRecords(*member), 0);
  // All of it comes back.
  member->Commit(position);
  EXPECT_EQ(member->Take(Event::kRecords).records().chunk().base_offset(), position.next_offset());
}

TEST_F(GroupFlowTest, OthersAreNotSlowedByOneThatDoesNotRead) {
  AppendLarge(40, 500'000);
  v1::Join stuck = JoinOf("stuck");
  stuck.mutable_window()->set_bytes(1 << 30);
  auto idle = NewMember(stuck);
  auto [member, assigned] = Assigned();
  v1::PartitionPosition position;
  for (int i = 0; i < 40; ++i) {
    member->TakeValues(1, &position);
    member->Commit(position);
  }
  EXPECT_EQ(position.next_offset(), 40);
  EXPECT_EQ(idle->TakeValues(40).size(), 40u);
}

TEST_F(GroupFlowTest, ExplicitCredit) {
  Append("t", 10);
  v1::Join join = JoinOf();
  join.mutable_initial_credit()->set_bytes(1);
  auto [member, assigned] = Assigned(join);
  // One record overdraws what there is.
  v1::DeliveredRecords records = member->Take(Event::kRecords).records();
  EXPECT_EQ(records.charged_records(), 1);
  EXPECT_GT(records.charged_bytes(), 1);
  EXPECT_EQ(Reasons(member->Commit(records.position())), Values{""});
  EXPECT_EQ(Reasons(member->Grant(1)), Values{});
  member->Fence();
  EXPECT_EQ(WaitingRecords(*member), 0);
  EXPECT_EQ(Reasons(member->Grant(2 * records.charged_bytes())), Values{});
  EXPECT_EQ(member->TakeValues(1).front(), "v1");
  EXPECT_EQ(Reasons(member->Grant(1 << 20)), Values{});
  member->TakeValues(7, &*records.mutable_position());
  EXPECT_EQ(records.position().next_offset(), 10);
}

TEST_F(GroupFlowTest, CreditThatCannotBe) {
  v1::Join join = JoinOf();
  join.mutable_initial_credit()->set_bytes(100);
  auto [member, assigned] = Assigned(join);
  EXPECT_EQ(Reasons(member->Grant(-1)), Values{"INVALID_FIELD"});
  EXPECT_EQ(Reasons(member->Grant(0, -1)), Values{"INVALID_FIELD"});
  EXPECT_EQ(Reasons(member->Grant(1 << 30)), Values{"INVALID_FIELD"});
  Append("t", 1);
  EXPECT_EQ(member->TakeValues(1), Values{"v0"});
  EXPECT_EQ(Reasons(Assigned(JoinOf("window")).first->Grant(1)), Values{"INVALID_FIELD"});
}

TEST_F(GroupFlowTest, ChunksKeepToTheirSize) {
  AppendLarge(1, 100'000);
  Append("t", 1'000);
  v1::Join join = JoinOf();
  join.set_max_chunk_bytes(1'024);
  auto [member, assigned] = Assigned(join);
  EXPECT_GT(member->Take(Event::kRecords).records().charged_bytes(), 100'000);
  v1::PartitionPosition position;
  int64_t next = 1;
  while (position.next_offset() < 1'001) {
    const v1::DeliveredRecords records = member->Take(Event::kRecords).records();
    ASSERT_TRUE(records.has_chunk());
    EXPECT_LE(records.charged_bytes(), 1'024);
    EXPECT_EQ(records.chunk().base_offset(), next);
    position = records.position();
    next = position.next_offset();
  }
}

TEST_F(GroupFlowTest, PauseStopsAndResumeGoesOn) {
  auto [member, assigned] = Assigned();
  EXPECT_EQ(Reasons(member->Pause(assigned.positions(0))), Values{""});
  Append("t", 3);
  member->Fence();
  EXPECT_EQ(WaitingRecords(*member), 0);
  EXPECT_EQ(Reasons(member->Resume(assigned.positions(0))), Values{""});
  EXPECT_EQ(member->TakeValues(3), (Values{"v0", "v1", "v2"}));
}

TEST_F(GroupFlowTest, NothingFromBeforeFollowsASeek) {
  Append("t", 5);
  auto [member, assigned] = Assigned();
  v1::PartitionPosition position;
  member->TakeValues(5, &position);
  EXPECT_EQ(Reasons(member->Commit(position)), Values{""});
  const v1::CommandResult result = member->Seek(position, Offset(2));
  ASSERT_EQ(Reasons(result), Values{""});
  const v1::PartitionPosition sought = result.partitions(0).position();
  EXPECT_EQ(sought.next_offset(), 2);
  EXPECT_GT(sought.assignment_epoch(), position.assignment_epoch());
  EXPECT_EQ(Describe().committed_offset(), 2);
  EXPECT_EQ(Reasons(member->Commit(position)), Values{"FENCED_MEMBER_EPOCH"});
  const v1::DeliveredRecords again = member->Take(Event::kRecords).records();
  EXPECT_EQ(again.position().assignment_epoch(), sought.assignment_epoch());
  EXPECT_EQ(again.chunk().base_offset(), 2);
}

TEST_F(GroupFlowTest, ASeekWhileRecordsAreFetchedStopsNothing) {
  // Nothing is left of the budget: a stream fetches only when it holds nothing, a fetch under way
  // included.
  ASSERT_TRUE(Stop().ok());
  options_.read_in_flight_bytes = 1;
  StartAll();
  AppendLarge(40, 100'000);
  v1::Join join = JoinOf();
  join.mutable_window()->set_bytes(1 << 30);
  auto [member, assigned] = Assigned(join);
  v1::PartitionPosition position = assigned.positions(0);
  for (int seek = 0; seek < 100; ++seek) {
    const v1::CommandResult result = member->Seek(position, Offset(0));
    ASSERT_EQ(Reasons(result), Values{""});
    position = result.partitions(0).position();
    v1::DeliveredRecords records;
    while (records.position().assignment_epoch() != position.assignment_epoch()) {
      records = member->Take(Event::kRecords).records();
      ASSERT_TRUE(records.has_chunk()) << "after " << seek << " seeks";
    }
    EXPECT_EQ(records.chunk().base_offset(), 0);
  }
}

TEST_F(GroupFlowTest, SeeksToPlacesAndOutOfRange) {
  Append("t", 5);
  auto [member, assigned] = Assigned();
  v1::PartitionPosition place = assigned.positions(0);
  EXPECT_EQ(Reasons(member->Seek(place, Offset(6))), Values{"OFFSET_OUT_OF_RANGE"});
  EXPECT_EQ(Reasons(member->Seek(place, Offset(-1))), Values{"OFFSET_OUT_OF_RANGE"});
  EXPECT_EQ(Reasons(member->Seek(place, v1::Position())), Values{"INVALID_FIELD"});
  const auto seek = [&, &member = member](const v1::Position& to) {
    const v1::CommandResult result = member->Seek(place, to);
    if (result.partitions_size() == 1) place = result.partitions(0).position();
    return place.next_offset();
  };
  v1::Position to;
  to.mutable_latest();
  EXPECT_EQ(seek(to), 5);
  to.set_last_records(2);
  EXPECT_EQ(seek(to), 3);
  to.mutable_earliest();
  EXPECT_EQ(seek(to), 0);
  to.set_timestamp_ms(INT64_MAX);
  EXPECT_EQ(seek(to), 5);
}

TEST_F(GroupFlowTest, APausedPartitionStaysPausedWhenItSeeks) {
  auto [member, assigned] = Assigned();
  member->Pause(assigned.positions(0));
  Append("t", 3);
  const v1::CommandResult result = member->Seek(assigned.positions(0), Offset(1));
  member->Fence();
  EXPECT_EQ(WaitingRecords(*member), 0);
  member->Resume(result.partitions(0).position());
  EXPECT_EQ(member->TakeValues(2), (Values{"v1", "v2"}));
}

TEST_F(GroupFlowTest, AGapWhereRetentionPassed) {
  auto [member, assigned] = Assigned();
  member->Pause(assigned.positions(0));
  for (int i = 0; i < 10; ++i) Append("t", 1, "r" + std::to_string(i) + "-");
  ASSERT_OK(Trim("t", 0, 7));
  member->Resume(assigned.positions(0));
  const v1::DeliveredGap gap = member->Take(Event::kGap).gap();
  EXPECT_EQ(gap.gap().from_offset(), 0);
  EXPECT_EQ(gap.gap().to_offset(), 7);
  EXPECT_EQ(gap.gap().reason(), v1::Gap::REASON_TRIMMED);
  EXPECT_EQ(gap.position().next_offset(), 7);
  EXPECT_EQ(member->TakeValues(3), (Values{"r7-0", "r8-0", "r9-0"}));
  EXPECT_EQ(Reasons(member->Commit(gap.position())), Values{""});
}

TEST_F(GroupFlowTest, BadCommandsAreAnsweredAndTheMemberGoesOn) {
  ASSERT_OK(Create("u"));
  Append("t", 2);
  auto [member, assigned] = Assigned();
  const v1::PartitionPosition good = assigned.positions(0);
  struct Case {
    std::string what;
    std::string topic, topic_id;
    uint32_t partition;
    int64_t epoch_delta;
    int64_t next_offset;
    std::string reason;
  };
  const Case cases[] = {
      {"not owned", "u", "", 0, 0, 0, "FENCED_MEMBER_EPOCH"},
      {"no such partition", "t", "", 7, 0, 0, "FENCED_MEMBER_EPOCH"},
      {"no such topic", "v", "", 0, 0, 0, "TOPIC_NOT_FOUND"},
      {"no name", "", "", 0, 0, 0, "TOPIC_NOT_FOUND"},
      {"another id", "t", "00000000-0000-4000-8000-000000000000", 0, 0, 0, "TOPIC_RECREATED"},
      {"an older epoch", "t", "", 0, -1, 1, "FENCED_MEMBER_EPOCH"},
      {"a newer epoch", "t", "", 0, 1, 1, "FENCED_MEMBER_EPOCH"},
      {"past the end", "t", "", 0, 0, 3, "OFFSET_OUT_OF_RANGE"},
      {"negative", "t", "", 0, 0, -1, "OFFSET_OUT_OF_RANGE"},
      {"right", "t", good.topic_id(), 0, 0, 1, ""},
  };
  for (const Case& c : cases) {
    v1::PartitionPosition position;
    position.set_topic(c.topic);
    position.set_topic_id(c.topic_id);
    position.set_partition(c.partition);
    position.set_assignment_epoch(good.assignment_epoch() + c.epoch_delta);
    position.set_next_offset(c.next_offset);
    EXPECT_EQ(Reasons(member->Commit(position)), Values{c.reason}) << c.what;
  }
  EXPECT_EQ(Reasons(member->Release(good)), Values{"PARTITION_NOT_REVOKED"});
  v1::PartitionPosition other = good;
  other.set_topic("u");
  other.clear_topic_id();
  EXPECT_EQ(Reasons(member->Pause(other)), Values{"FENCED_MEMBER_EPOCH"});
  EXPECT_EQ(Reasons(member->Seek(other, Offset(0))), Values{"FENCED_MEMBER_EPOCH"});
  v1::ConsumeRequest twice;
  *twice.mutable_commit()->add_positions() = good;
  *twice.mutable_commit()->add_positions() = good;
  EXPECT_EQ(Reasons(member->Ask(twice)), (Values{"", "INVALID_FIELD"}));
  v1::ConsumeRequest empty;
  empty.mutable_commit();
  EXPECT_EQ(Reasons(member->Ask(empty)), Values{"INVALID_FIELD"});
  EXPECT_EQ(member->TakeValues(2), (Values{"v0", "v1"}));
}

TEST_F(GroupFlowTest, WhatBreaksTheProtocolEndsTheStreamAndNothingElse) {
  auto [witness, assigned] = Assigned(JoinOf("g2"));
  v1::ConsumeRequest join;
  *join.mutable_join() = JoinOf();
  v1::ConsumeRequest commit;
  commit.mutable_commit();
  v1::ConsumeRequest unknown;
  unknown.GetReflection()->MutableUnknownFields(&unknown)->AddLengthDelimited(20, "");
  v1::ConsumeRequest bad_join = join;
  bad_join.mutable_join()->set_session_timeout_ms(1);
  v1::ConsumeRequest bad_pattern = join;
  bad_pattern.mutable_join()->add_topic_patterns("(");
  struct Case {
    std::vector<v1::ConsumeRequest> requests;
    std::string reason;
  };
  const Case cases[] = {
      {{commit}, "INVALID_FIELD"},        {{v1::ConsumeRequest()}, "INVALID_FIELD"},
      {{join, join}, "INVALID_FIELD"},    {{unknown}, "UNKNOWN_FIELD"},
      {{join, unknown}, "UNKNOWN_FIELD"}, {{bad_join}, "INVALID_FIELD"},
      {{bad_pattern}, "INVALID_FIELD"},
  };
  for (const Case& c : cases) {
    Member member(groups());
    for (const auto& request : c.requests) member.Send(request);
    const ErrorView error = View(member.End());
    EXPECT_EQ(error.code, StatusCode::INVALID_ARGUMENT);
    EXPECT_EQ(error.reason, c.reason);
  }
  EXPECT_EQ(View(Raw("GroupService/Consume", "\xff\xff\xff")).reason, "INVALID_FIELD");
  Append("t", 1);
  EXPECT_EQ(witness->TakeValues(1), Values{"v0"});
}

}  // namespace
}  // namespace leat::server
