#include "cli/group_text.h"

#include <gtest/gtest.h>

namespace leat::cli {
namespace {

v1::GetGroupResponse TwoPartitions() {
  v1::GetGroupResponse group;
  v1::GroupMember* member = group.add_members();
  member->set_member_id("abc");
  member->set_instance_id("one");
  v1::GroupPartition* behind = group.add_partitions();
  behind->set_topic("t");
  behind->set_owner("abc");
  behind->set_committed_offset(3);
  behind->set_high_watermark(10);
  behind->set_lag_records(7);
  behind->mutable_lag_time()->set_seconds(4);
  behind->mutable_lag_time()->set_nanos(500'000'000);
  v1::GroupPartition* offline = group.add_partitions();
  offline->set_topic("t");
  offline->set_partition(1);
  return group;
}

TEST(GroupTextTest, LagIsInRecordsAndSeconds) {
  EXPECT_EQ(LagTable(TwoPartitions()).ToCsv(),
            "TOPIC,PARTITION,COMMITTED,HIGH WATERMARK,LAG,LAG SECONDS,OWNER\r\n"
            "t,0,3,10,7,4.5,one\r\n"
            "t,1,-,-,-,-,-\r\n");
  EXPECT_EQ(DescribeLag(TwoPartitions()),
            "7 records behind, at most 4.5 s, in 1 of 2 partitions; 1 cannot be read");
}

TEST(GroupTextTest, ALagOfSeveralGroupsNamesThem) {
  v1::GetGroupResponse one = TwoPartitions();
  one.mutable_group()->set_group("g");
  one.mutable_partitions()->RemoveLast();
  v1::GetGroupResponse other = one;
  other.mutable_group()->set_group("h");
  EXPECT_EQ(LagTable({one, other}).ToCsv(),
            "GROUP,TOPIC,PARTITION,COMMITTED,HIGH WATERMARK,LAG,LAG SECONDS,OWNER\r\n"
            "g,t,0,3,10,7,4.5,one\r\n"
            "h,t,0,3,10,7,4.5,one\r\n");
}

TEST(GroupTextTest, ARecordThatCannotBeReadHasNoAge) {
  v1::GetGroupResponse group = TwoPartitions();
  group.mutable_partitions()->RemoveLast();
  group.mutable_partitions(0)->clear_lag_time();
  EXPECT_EQ(LagTable(group).ToCsv(),
            "TOPIC,PARTITION,COMMITTED,HIGH WATERMARK,LAG,LAG SECONDS,OWNER\r\n"
            "t,0,3,10,7,-,one\r\n");
  EXPECT_EQ(DescribeLag(group),
            "7 records behind, at most 0.0 s, in 1 of 1 partition; 1 cannot be read");
}

TEST(GroupTextTest, ASeekShowsHowFarItGoes) {
  v1::SeekGroupResponse response;
  v1::SeekResult* back = response.add_results();
  back->set_topic("t");
  back->set_from_offset(10);
  back->set_to_offset(4);
  v1::SeekResult* first = response.add_results();
  first->set_topic("t");
  first->set_partition(1);
  first->set_to_offset(4);
  EXPECT_EQ(SeekTable(response).ToCsv(),
            "TOPIC,PARTITION,FROM,TO,RECORDS\r\nt,0,10,4,-6\r\nt,1,-,4,-\r\n");
}

}  // namespace
}  // namespace leat::cli
