// Members of a group one of whose partitions cannot be read: the others go on.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "tests/server/rpc/group_fixture.h"

namespace leat::server {
namespace {

namespace fs = std::filesystem;
using grpc::StatusCode;
using Event = Member::Event;
using Values = std::vector<std::string>;

// Topic "t": partition 0 holds the batches {a0, a1}, {b0, b1} and {c0}; partition 1 {x0}.
class GroupDamageTest : public GroupTest {
 protected:
  GroupDamageTest() {
    EXPECT_OK(Create("t", 2));
    Append("t", 2, "a");
    Append("t", 2, "b");
    Append("t", 1, "c");
    Append("t", 1, "x", 1);
  }

  // The one segment of partition 0.
  fs::path Segment() const {
    for (const auto& entry : fs::recursive_directory_iterator(options_.data_dir + "/topics")) {
      const fs::path& path = entry.path();
      if (path.extension() == ".log" && path.parent_path().filename() == "0") return path;
    }
    ADD_FAILURE() << "there is no segment";
    return {};
  }

  // While the server stands still: changes a byte of the record with this value.
  void Damage(const std::string& value) {
    ASSERT_TRUE(Stop().ok());
    std::fstream file(Segment(), std::ios::in | std::ios::out | std::ios::binary);
    const std::string bytes((std::istreambuf_iterator<char>(file)), {});
    const size_t at = bytes.find(value);
    ASSERT_NE(at, std::string::npos);
    file.clear();
    file.seekp(static_cast<std::streamoff>(at)).put('?');
    file.close();
    StartAll();
  }

  // Takes the records and the damage of both partitions; values by partition.
  static std::vector<Values> TakeAll(Member& member, size_t count, v1::DeliveredDamage* damage) {
    std::vector<Values> values(2);
    while (values[0].size() + values[1].size() < count || !damage->has_position()) {
      const v1::ConsumeResponse event = member.Next();
      if (event.has_damage()) *damage = event.damage();
      for (const auto& record : event.records().chunk().records().records()) {
        values[event.records().position().partition()].push_back(record.value());
      }
      if (event.event_case() == Event::EVENT_NOT_SET) break;
    }
    return values;
  }

  static v1::Position To(int64_t offset) {
    v1::Position position;
    position.set_offset(offset);
    return position;
  }
};

TEST_F(GroupDamageTest, IsToldAndTheOtherPartitionsGoOn) {
  Damage("b1");
  auto member = NewMember(JoinOf());
  v1::DeliveredDamage damage;
  EXPECT_EQ(TakeAll(*member, 3, &damage), (std::vector<Values>{{"a0", "a1"}, {"x0"}}));
  EXPECT_EQ(damage.position().topic(), "t");
  EXPECT_EQ(damage.position().partition(), 0u);
  EXPECT_EQ(damage.position().next_offset(), 2);
  EXPECT_GT(damage.position().assignment_epoch(), 0u);
  const ErrorView error = View(damage.error());
  EXPECT_EQ(error.code, StatusCode::DATA_LOSS);
  EXPECT_EQ(error.reason, "LOG_CORRUPT");
  EXPECT_EQ(error.metadata.at("partition"), "0");

  Append("t", 1, "y", 1);
  v1::PartitionPosition other;
  EXPECT_EQ(member->TakeValues(1, &other), Values{"y0"});
  EXPECT_EQ(Reasons(member->Commit(other)), Values{""});
  EXPECT_EQ(Reasons(member->Commit(damage.position())), Values{""});

  // Past it, and no less.
  const v1::CommandResult inside = member->Seek(damage.position(), To(3));
  EXPECT_EQ(member->Take(Event::kDamage).damage().position().next_offset(), 3);
  const v1::CommandResult past = member->Seek(inside.partitions(0).position(), To(4));
  EXPECT_EQ(Reasons(past), Values{""});
  v1::PartitionPosition last;
  EXPECT_EQ(member->TakeValues(1, &last), Values{"c0"});
  EXPECT_EQ(Reasons(member->Commit(last)), Values{""});
  EXPECT_OK(member->Leave());
  EXPECT_EQ(Describe(0).committed_offset(), 5);
}

TEST_F(GroupDamageTest, ResumeTriesAgain) {
  Damage("b0");
  auto member = NewMember(JoinOf());
  const v1::DeliveredDamage damage = member->Take(Event::kDamage).damage();
  EXPECT_EQ(Reasons(member->Pause(damage.position())), Values{""});
  EXPECT_EQ(Reasons(member->Resume(damage.position())), Values{""});
  EXPECT_EQ(member->Take(Event::kDamage).damage().position().next_offset(), 2);
}

TEST_F(GroupDamageTest, IsHandedOverAsAnyPartition) {
  Damage("b0");
  auto first = NewMember(JoinOf());
  v1::DeliveredDamage damage;
  TakeAll(*first, 3, &damage);
  auto second = NewMember(JoinOf());
  const v1::Revoked revoked = first->TakeRevoked();
  ASSERT_EQ(revoked.positions_size(), 1);
  v1::PartitionPosition position = revoked.positions(0);
  EXPECT_EQ(position.next_offset(), position.partition() == 0 ? 2 : 1);
  EXPECT_EQ(Reasons(first->Release(position)), Values{""});
  EXPECT_EQ(second->TakeAssigned().positions(0).next_offset(), position.next_offset());
}

TEST_F(GroupDamageTest, AStartThatCannotBeFoundConcernsItsPartitionAlone) {
  std::vector<v1::ReadResponse> events;
  ASSERT_OK(ReadAll(BoundedRead("t", 2), &events));
  Damage("b0");
  // What is searched for lies in the damaged batch, unless the one before is of the same
  // millisecond.
  v1::Join join = JoinOf();
  join.mutable_start()->set_timestamp_ms(events.front().chunk().base_timestamp_ms());
  auto member = NewMember(join);
  v1::DeliveredDamage damage;
  TakeAll(*member, 0, &damage);
  EXPECT_EQ(damage.position().partition(), 0u);
  EXPECT_EQ(View(damage.error()).reason, "LOG_CORRUPT");
  member->Fence();
  EXPECT_EQ(Reasons(member->Seek(damage.position(), To(4))), Values{""});
}

TEST_F(GroupDamageTest, ACommittedOffsetPastTheEndIsDamage) {
  {
    auto [member, assigned] = Assigned();
    v1::PartitionPosition end = assigned.positions(0);
    end.set_next_offset(5);
    EXPECT_EQ(Reasons(member->Commit(end)), Values{""});
    EXPECT_OK(member->Leave());
  }
  ASSERT_TRUE(Stop().ok());
  // As when an older copy of the partition was put back.
  fs::remove(Segment());
  fs::remove(options_.data_dir + "/checkpoint");
  StartAll();

  auto member = NewMember(JoinOf());
  v1::DeliveredDamage damage;
  EXPECT_EQ(TakeAll(*member, 1, &damage), (std::vector<Values>{{}, {"x0"}}));
  EXPECT_EQ(damage.position().next_offset(), 5);
  EXPECT_EQ(View(damage.error()).code, StatusCode::OUT_OF_RANGE);
  EXPECT_EQ(View(damage.error()).reason, "OFFSET_OUT_OF_RANGE");
  // What was committed can be said again, and goes no further.
  EXPECT_EQ(Reasons(member->Commit(damage.position())), Values{""});
  damage.mutable_position()->set_next_offset(6);
  EXPECT_EQ(Reasons(member->Commit(damage.position())), Values{"OFFSET_OUT_OF_RANGE"});
  v1::Position latest;
  latest.mutable_latest();
  EXPECT_EQ(Reasons(member->Seek(damage.position(), latest)), Values{""});
  EXPECT_EQ(Describe(0).committed_offset(), 0);
}

}  // namespace
}  // namespace leat::server
