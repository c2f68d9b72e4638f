// What is asked of groups from outside: commits, lists, descriptions, seeks, deletion.
#include <google/protobuf/text_format.h>
#include <gtest/gtest.h>

#include "tests/server/rpc/group_fixture.h"

namespace leat::server {
namespace {

using grpc::StatusCode;
using Values = std::vector<std::string>;

class GroupAdminTest : public GroupTest {
 protected:
  // Of topic "t", by one who is no member.
  v1::CommitOffsetsResponse CommitAt(const std::string& group, uint32_t partition, int64_t offset,
                                     uint64_t epoch = 0) {
    v1::CommitOffsetsRequest request;
    request.set_group(group);
    request.set_metadata("m");
    v1::PartitionPosition& position = *request.add_positions();
    position.set_topic("t");
    position.set_partition(partition);
    position.set_assignment_epoch(epoch);
    position.set_next_offset(offset);
    v1::CommitOffsetsResponse response;
    EXPECT_OK(CommitOffsets(request, &response));
    return response;
  }

  static std::string ReasonOf(const v1::CommitOffsetsResponse& response, int index = 0) {
    const v1::PartitionResult& result = response.partitions(index);
    return result.has_error() ? View(result.error()).reason : "";
  }

  // "partition:from>to" for each result, or the reason of the error. Of group "g".
  Values Sought(const std::string& fields) {
    v1::SeekGroupRequest request;
    EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString("group: 'g' " + fields, &request));
    v1::SeekGroupResponse response;
    const grpc::Status status = SeekGroup(request, &response);
    if (!status.ok()) return {View(status).reason};
    Values results;
    for (const v1::SeekResult& result : response.results()) {
      const std::string from =
          result.has_from_offset() ? std::to_string(result.from_offset()) : "none";
      results.push_back(std::to_string(result.partition()) + ":" + from + ">" +
                        std::to_string(result.to_offset()));
    }
    return results;
  }

  grpc::Status DeleteGroup(const std::string& group, bool force = false) {
    v1::DeleteGroupRequest request;
    request.set_group(group);
    request.set_force(force);
    v1::DeleteGroupResponse response;
    grpc::ClientContext context;
    return groups().DeleteGroup(&context, request, &response);
  }

  v1::ListGroupsResponse List(const std::string& prefix, uint32_t page_size = 0,
                              const std::string& token = "") {
    v1::ListGroupsRequest request;
    request.set_name_prefix(prefix);
    request.set_page_size(page_size);
    request.set_page_token(token);
    v1::ListGroupsResponse response;
    grpc::ClientContext context;
    EXPECT_OK(groups().ListGroups(&context, request, &response));
    return response;
  }

  static Values NamesOf(const v1::ListGroupsResponse& response) {
    Values names;
    for (const v1::Group& group : response.groups()) names.push_back(group.group());
    return names;
  }
};

TEST_F(GroupAdminTest, CommitsMakeAGroup) {
  ASSERT_OK(Create("t", 2));
  Append("t", 5);
  const v1::CommitOffsetsResponse response = CommitAt("g", 0, 3);
  EXPECT_EQ(ReasonOf(response), "");
  EXPECT_EQ(response.partitions(0).position().next_offset(), 3);
  EXPECT_FALSE(response.partitions(0).position().topic_id().empty());
  EXPECT_EQ(CommitAt("g", 0, 2).partitions(0).position().next_offset(), 3);
  const v1::GroupPartition partition = Describe();
  EXPECT_EQ(partition.committed_offset(), 3);
  EXPECT_EQ(partition.metadata(), "m");
  EXPECT_TRUE(partition.owner().empty());
  EXPECT_EQ(Get().partitions_size(), 1);
}

TEST_F(GroupAdminTest, CommitsThatCannotBe) {
  ASSERT_OK(Create("t"));
  Append("t", 5);
  EXPECT_EQ(ReasonOf(CommitAt("g", 0, 6)), "OFFSET_OUT_OF_RANGE");
  EXPECT_EQ(ReasonOf(CommitAt("g", 0, -1)), "OFFSET_OUT_OF_RANGE");
  EXPECT_EQ(ReasonOf(CommitAt("g", 1, 0)), "PARTITION_NOT_FOUND");
  EXPECT_EQ(ReasonOf(CommitAt("g", 0, 1, 5)), "FENCED_MEMBER_EPOCH");
  v1::CommitOffsetsRequest request;
  request.set_group("g");
  request.add_positions()->set_topic("nothing");
  request.add_positions()->set_topic("t");
  request.mutable_positions(1)->set_next_offset(1);
  request.add_positions()->set_topic("t");
  request.mutable_positions(2)->set_topic_id("00000000-0000-4000-8000-000000000000");
  v1::CommitOffsetsResponse response;
  ASSERT_OK(CommitOffsets(request, &response));
  EXPECT_EQ(ReasonOf(response, 0), "TOPIC_NOT_FOUND");
  EXPECT_EQ(ReasonOf(response, 1), "");
  EXPECT_EQ(ReasonOf(response, 2), "TOPIC_RECREATED");
  request.clear_positions();
  EXPECT_EQ(View(CommitOffsets(request, &response)).reason, "INVALID_FIELD");

  // The owner's epoch stands for its agreement.
  auto [member, assigned] = Assigned();
  EXPECT_EQ(ReasonOf(CommitAt("g", 0, 2)), "FENCED_MEMBER_EPOCH");
  EXPECT_EQ(ReasonOf(CommitAt("g", 0, 2, assigned.positions(0).assignment_epoch())), "");
}

TEST_F(GroupAdminTest, ListsInPages) {
  ASSERT_OK(Create("t"));
  for (const char* group : {"b3", "a", "b1", "b2"}) CommitAt(group, 0, 0);
  EXPECT_EQ(NamesOf(List("")), (Values{"a", "b1", "b2", "b3"}));
  const v1::ListGroupsResponse first = List("b", 2);
  EXPECT_EQ(NamesOf(first), (Values{"b1", "b2"}));
  EXPECT_EQ(first.groups(0).kind(), v1::GROUP_KIND_STREAM);
  const v1::ListGroupsResponse second = List("b", 2, first.next_page_token());
  EXPECT_EQ(NamesOf(second), (Values{"b3"}));
  EXPECT_TRUE(second.next_page_token().empty());
}

TEST_F(GroupAdminTest, DescribesMembersAndLag) {
  ASSERT_OK(Create("t", 2));
  Append("t", 5);
  v1::Join join = JoinOf();
  join.set_client_name("c");
  join.set_instance_id("i");
  auto member = NewMember(join);
  const v1::Joined joined = member->TakeJoined();
  v1::PartitionPosition position = member->TakeAssigned().positions(0);
  position.set_next_offset(2);
  EXPECT_EQ(Reasons(member->Commit(position)), Values{""});

  const v1::GetGroupResponse group = Get();
  EXPECT_EQ(group.group().member_count(), 1u);
  ASSERT_EQ(group.members_size(), 1);
  EXPECT_EQ(group.members(0).client_name(), "c");
  EXPECT_EQ(group.members(0).instance_id(), "i");
  EXPECT_TRUE(group.members(0).connected());
  EXPECT_EQ(group.members(0).topics(0), "t");
  // Enough to know it by, and too little to take its place.
  EXPECT_LT(group.members(0).member_id().size(), joined.member_id().size());
  EXPECT_TRUE(joined.member_id().starts_with(group.members(0).member_id()));
  ASSERT_EQ(group.partitions_size(), 2);
  const v1::GroupPartition& behind = group.partitions(0);
  EXPECT_EQ(behind.owner(), group.members(0).member_id());
  EXPECT_EQ(behind.assignment_epoch(), position.assignment_epoch());
  EXPECT_EQ(behind.committed_offset(), 2);
  EXPECT_EQ(behind.high_watermark(), 5);
  EXPECT_EQ(behind.lag_records(), 3);
  EXPECT_TRUE(behind.has_lag_time());
  EXPECT_LT(behind.lag_time().seconds(), 60);
  const v1::GroupPartition& even = group.partitions(1);
  EXPECT_TRUE(even.has_lag_records());
  EXPECT_EQ(even.lag_records(), 0);
  EXPECT_EQ(even.lag_time().seconds() + even.lag_time().nanos(), 0);
}

TEST_F(GroupAdminTest, DescribesInPages) {
  ASSERT_OK(Create("t", 3));
  ASSERT_OK(Create("s"));
  std::vector<std::unique_ptr<Member>> members;
  for (int i = 0; i < 3; ++i) {
    members.push_back(NewMember(JoinOf()));
    members.back()->TakeJoined();
  }
  for (uint32_t partition = 0; partition < 3; ++partition) CommitAt("h", partition, 0);
  v1::CommitOffsetsRequest commit;
  commit.set_group("g");
  commit.add_positions()->set_topic("s");
  v1::CommitOffsetsResponse committed;
  ASSERT_OK(CommitOffsets(commit, &committed));
  while (Get().partitions_size() < 4) {
  }

  const v1::GetGroupResponse whole = Get();
  ASSERT_EQ(whole.members_size(), 3);
  EXPECT_EQ(whole.partitions(0).topic(), "s");
  EXPECT_EQ(whole.next_page_token(), "");
  for (uint32_t size = 1; size <= 8; ++size) {
    v1::GetGroupResponse all;
    v1::GetGroupRequest request;
    request.set_group("g");
    request.set_page_size(size);
    do {
      v1::GetGroupResponse page;
      grpc::ClientContext context;
      ASSERT_OK(groups().GetGroup(&context, request, &page));
      EXPECT_LE(static_cast<uint32_t>(page.members_size() + page.partitions_size()), size);
      request.set_page_token(page.next_page_token());
      all.MergeFrom(page);
    } while (!request.page_token().empty());
    ASSERT_EQ(all.members_size(), 3) << size;
    ASSERT_EQ(all.partitions_size(), 4) << size;
    for (int i = 0; i < 3; ++i) EXPECT_EQ(all.members(i).member_id(), whole.members(i).member_id());
    for (int i = 0; i < 4; ++i) {
      EXPECT_EQ(all.partitions(i).topic(), whole.partitions(i).topic());
      EXPECT_EQ(all.partitions(i).partition(), whole.partitions(i).partition());
      EXPECT_TRUE(all.partitions(i).has_lag_records());
    }
  }
}

TEST_F(GroupAdminTest, APageFitsAMessage) {
  ASSERT_OK(Create("t", 1'000));
  v1::CommitOffsetsRequest request;
  request.set_group("g");
  request.set_metadata(std::string(4'096, 'm'));
  for (uint32_t partition = 0; partition < 1'000; ++partition) {
    request.add_positions()->set_topic("t");
    request.mutable_positions()->rbegin()->set_partition(partition);
  }
  v1::CommitOffsetsResponse response;
  ASSERT_OK(CommitOffsets(request, &response));
  const v1::GetGroupResponse first = Get();
  EXPECT_GT(first.partitions_size(), 100);
  EXPECT_LT(first.ByteSizeLong(), size_t{3} << 20);
  EXPECT_EQ(first.next_page_token(), "p/t/" + std::to_string(first.partitions_size() - 1));
}

TEST_F(GroupAdminTest, WhatIsNotThere) {
  v1::GetGroupRequest request;
  request.set_group("g");
  v1::GetGroupResponse response;
  grpc::ClientContext context;
  EXPECT_EQ(View(groups().GetGroup(&context, request, &response)).reason, "GROUP_NOT_FOUND");
  EXPECT_EQ(Sought("targets { shift_records: 1 }"), Values{"GROUP_NOT_FOUND"});
  EXPECT_EQ(View(DeleteGroup("g")).reason, "GROUP_NOT_FOUND");
}

TEST_F(GroupAdminTest, Seeks) {
  ASSERT_OK(Create("t", 2));
  Append("t", 10);
  CommitAt("g", 0, 5);
  EXPECT_EQ(Sought("targets { topic: 't' position { earliest {} } }"),
            (Values{"0:5>0", "1:none>0"}));
  EXPECT_EQ(Sought("targets { topic: 't' partitions: 0 position { latest {} } }"),
            Values{"0:0>10"});
  EXPECT_EQ(Sought("targets { topic: 't' partitions: 0 position { offset: 4 } }"),
            Values{"0:10>4"});
  EXPECT_EQ(Sought("targets { topic: 't' partitions: 0 position { last_records: 3 } }"),
            Values{"0:4>7"});
  EXPECT_EQ(Sought("targets { position { timestamp_ms: 0 } }"), (Values{"0:7>0", "1:0>0"}));
  EXPECT_EQ(Sought("targets { shift_records: 4 }"), (Values{"0:0>4", "1:0>0"}));
  EXPECT_EQ(Sought("targets { topic: 't' partitions: 0 shift_records: -1 }"), Values{"0:4>3"});
  EXPECT_EQ(Sought("targets { topic: 't' partitions: 0 shift_records: -9223372036854775808 }"),
            Values{"0:3>0"});
  EXPECT_EQ(Sought("targets { topic: 't' partitions: 0 shift_records: 9223372036854775807 }"),
            Values{"0:0>10"});
  EXPECT_EQ(Describe().committed_offset(), 10);
}

TEST_F(GroupAdminTest, SeeksThatCannotBeMoveNothing) {
  ASSERT_OK(Create("t", 2));
  Append("t", 10);
  CommitAt("g", 0, 5);
  EXPECT_EQ(Sought("targets { topic: 't' partitions: 0 position { earliest {} } } "
                   "targets { topic: 't' partitions: 1 position { offset: 1 } }"),
            Values{"OFFSET_OUT_OF_RANGE"});
  EXPECT_EQ(Sought("targets { topic: 'no' shift_records: 1 }"), Values{"TOPIC_NOT_FOUND"});
  EXPECT_EQ(Sought("targets { topic: 't' partitions: 2 position { latest {} } }"),
            Values{"PARTITION_NOT_FOUND"});
  EXPECT_EQ(Sought("targets { topic: 't' shift_records: 1 "
                   "topic_id: '00000000-0000-4000-8000-000000000000' }"),
            Values{"TOPIC_RECREATED"});
  EXPECT_EQ(Sought("targets { shift_records: 1 } targets { topic: 't' shift_records: 1 }"),
            Values{"INVALID_FIELD"});
  EXPECT_EQ(Sought("validate_only: true targets { shift_records: 2 }"), Values{"0:5>7"});
  EXPECT_EQ(Describe().committed_offset(), 5);
}

TEST_F(GroupAdminTest, MembersAreInTheWayUnlessForced) {
  ASSERT_OK(Create("t"));
  Append("t", 5);
  auto [member, assigned] = Assigned();
  EXPECT_EQ(Sought("targets { topic: 't' position { offset: 2 } }"), Values{"GROUP_HAS_MEMBERS"});
  EXPECT_EQ(Sought("validate_only: true targets { topic: 't' position { offset: 2 } }"),
            Values{"GROUP_HAS_MEMBERS"});
  EXPECT_EQ(Sought("force: true targets { topic: 't' position { offset: 2 } }"), Values{"0:0>2"});
  const v1::Assigned anew = member->TakeAssigned();
  EXPECT_EQ(anew.reason(), v1::CHANGE_REASON_SEEK);
  EXPECT_EQ(anew.positions(0).next_offset(), 2);
  EXPECT_EQ(member->Take(Member::Event::kRecords).records().chunk().base_offset(), 2);
  EXPECT_EQ(Reasons(member->Commit(assigned.positions(0))), Values{"FENCED_MEMBER_EPOCH"});

  EXPECT_EQ(View(DeleteGroup("g")).reason, "GROUP_HAS_MEMBERS");
  EXPECT_OK(DeleteGroup("g", true));
  EXPECT_EQ(View(member->End()).reason, "MEMBER_EVICTED");
  EXPECT_EQ(View(DeleteGroup("g")).reason, "GROUP_NOT_FOUND");
}

// The owner was asked to give the partition back, and did not in time: it is fenced.
TEST_F(GroupAdminTest, WhoLosesAPartitionIsToldAndFenced) {
  ASSERT_OK(Create("t", 2));
  Append("t", 5, "a", 0);
  Append("t", 5, "b", 1);
  auto [first, all] = Assigned();
  auto second = NewMember(JoinOf());
  second->TakeJoined();
  const v1::PartitionPosition asked = first->TakeRevoked().positions(0);
  const std::string partition = std::to_string(asked.partition());
  EXPECT_EQ(Sought("force: true targets { topic: 't' partitions: " + partition +
                   " position { offset: 1 } }"),
            Values{partition + ":0>1"});
  const v1::Revoked lost = first->TakeRevoked();
  EXPECT_EQ(lost.deadline_ms(), 0u);
  EXPECT_EQ(lost.positions(0).partition(), asked.partition());
  EXPECT_EQ(Reasons(first->Release(asked)), Values{"FENCED_MEMBER_EPOCH"});
  EXPECT_EQ(second->TakeAssigned().positions(0).next_offset(), 1);
}

}  // namespace
}  // namespace leat::server
