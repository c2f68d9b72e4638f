// Verbs for tests of the pure machine: commands are handled, and applied at once.

#ifndef LEAT_TESTS_SERVER_GROUP_STATE_FIXTURE_H_
#define LEAT_TESTS_SERVER_GROUP_STATE_FIXTURE_H_

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "gtest/gtest.h"
#include "server/group/group_state.h"
#include "tests/server/group/matchers.h"
#include "tests/server/group/simulated_world.h"

namespace leat::group {

constexpr int64_t kHighWatermark = 1'000;

class StateFixture : public testing::Test {
 protected:
  // Handles a command and applies what it decides.
  absl::StatusOr<Outcome> Do(const GroupCommand& command) {
    ++now_ms_;
    decision_ = {};
    absl::StatusOr<Decision> decision = state_.Handle(
        command, {.wall_ms = now_ms_, .topics = &topics_, .new_member_id = NextMemberId()});
    if (!decision.ok()) return decision.status();
    for (const internal::GroupRecord& record : decision->records) {
      EXPECT_THAT(state_.Apply(record), IsOk()) << record.ShortDebugString();
    }
    decision_ = *decision;
    return decision->outcome;
  }

  // The id that the next new member gets: a, b, ...
  std::string NextMemberId() const { return std::string(1, static_cast<char>('a' + members_)); }

  // Joins without an error; the member as it is called from then on.
  MemberRef Join(Subscription subscription, const std::string& instance_id = "") {
    const auto joined = Do(command::Join{
        .group = "g", .subscription = std::move(subscription), .instance_id = instance_id});
    EXPECT_THAT(joined, IsOk());
    const auto& told = std::get<event::Joined>(decision_.events.front().second);
    members_ += told.resumed ? 0 : 1;
    return {"g", told.member_id, told.member_epoch};
  }

  void Rebalance() { EXPECT_THAT(Do(command::Rebalance{"g"}), IsOk()); }

  // Members that share one topic "t" of so many partitions, each member's share given.
  std::vector<MemberRef> Members(int count, uint32_t partitions) {
    topics_.Make("t", partitions);
    std::vector<MemberRef> members;
    for (int i = 0; i < count; ++i) members.push_back(Join({{"t"}, {}}));
    Rebalance();
    return members;
  }

  const Group& group() const { return *state_.Find("g"); }
  const Partition& At(uint32_t partition, const std::string& topic = "t") const {
    return group().partitions.find(topics_.At(topic, partition))->second;
  }

  // A position under the assignment in force.
  Position Now(uint32_t partition, int64_t next_offset, const std::string& topic = "t") const {
    return {{topics_.At(topic, partition), At(partition, topic).assignment_epoch},
            next_offset,
            kHighWatermark};
  }

  // The one result of a command with one position.
  PositionResult One(const GroupCommand& command) {
    absl::StatusOr<Outcome> outcome = Do(command);
    if (!outcome.ok()) return {.status = outcome.status()};
    EXPECT_EQ(outcome->size(), 1u);
    return outcome->front();
  }

  // What a member was told of a kind by the last command.
  template <typename T>
  std::vector<T> Told(const std::string& member_id) const {
    std::vector<T> told;
    for (const auto& [id, event] : decision_.events) {
      const T* found = std::get_if<T>(&event);
      if (id == member_id && found != nullptr) told.push_back(*found);
    }
    return told;
  }

  // Partition numbers by owner.
  std::map<std::string, std::vector<uint32_t>> Owned() const {
    std::map<std::string, std::vector<uint32_t>> owned;
    for (const auto& [place, partition] : group().partitions) {
      owned[partition.owner].push_back(place.partition);
    }
    return owned;
  }

  SimulatedTopics topics_;
  GroupLimits limits_{.max_groups = 2,
                      .max_members = 4,
                      .max_partitions = 100,
                      .max_topics = 3,
                      .max_patterns = 2,
                      .max_name_bytes = 10,
                      .max_metadata_bytes = 5};
  GroupState state_{limits_};
  Decision decision_;  // Of the last command; empty when it failed.
  int64_t now_ms_ = 1'000;
  int members_ = 0;
};

}  // namespace leat::group

#endif  // LEAT_TESTS_SERVER_GROUP_STATE_FIXTURE_H_
