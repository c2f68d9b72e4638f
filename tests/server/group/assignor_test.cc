#include "server/group/assignor.h"

#include <algorithm>
#include <ctime>
#include <random>
#include <set>
#include <vector>

#include "gtest/gtest.h"

namespace leat::group {
namespace {

using Random = std::mt19937_64;
using Topics = std::vector<AssignorTopic>;

int32_t Below(Random& random, int64_t end) {
  return static_cast<int32_t>(random() % static_cast<uint64_t>(end));
}

std::vector<int32_t> LoadsOf(int32_t members, const Topics& topics) {
  std::vector<int32_t> loads(members);
  for (const AssignorTopic& topic : topics) {
    for (const int32_t owner : topic.owners) {
      if (owner != kNoOwner) ++loads[owner];
    }
  }
  return loads;
}

int32_t Spread(const std::vector<int32_t>& loads) {
  return *std::max_element(loads.begin(), loads.end()) -
         *std::min_element(loads.begin(), loads.end());
}

// Topics that all members are subscribed to, without owners.
Topics Shared(int32_t members, const std::vector<uint32_t>& partition_counts) {
  Topics topics;
  for (const uint32_t count : partition_counts) {
    AssignorTopic& topic = topics.emplace_back();
    topic.owners.assign(count, kNoOwner);
    for (int32_t m = 0; m < members; ++m) topic.subscribers.push_back(m);
  }
  return topics;
}

// Every partition that can be owned is, by a subscriber; and no single move would even out.
void ExpectSound(int32_t members, const Topics& topics) {
  const std::vector<int32_t> loads = LoadsOf(members, topics);
  for (const AssignorTopic& topic : topics) {
    const std::set<int32_t> subscribers(topic.subscribers.begin(), topic.subscribers.end());
    for (const int32_t owner : topic.owners) {
      ASSERT_EQ(owner == kNoOwner, subscribers.empty());
      if (owner == kNoOwner) continue;
      ASSERT_TRUE(subscribers.contains(owner));
      for (const int32_t other : subscribers) ASSERT_LE(loads[owner], loads[other] + 1);
    }
  }
}

int32_t Moves(const Topics& before, const Topics& after) {
  int32_t moves = 0;
  for (size_t t = 0; t < before.size(); ++t) {
    for (size_t p = 0; p < before[t].owners.size(); ++p) {
      const int32_t owner = before[t].owners[p];
      moves += owner != kNoOwner && owner != after[t].owners[p] ? 1 : 0;
    }
  }
  return moves;
}

// The fewest owned partitions that have to move, when all members subscribe to the same: what the
// members have above their final share, the largest shares going to those who have the most.
int32_t FewestMoves(int32_t members, const Topics& before) {
  std::vector<int32_t> loads = LoadsOf(members, before);
  std::sort(loads.rbegin(), loads.rend());
  int64_t partitions = 0;
  for (const AssignorTopic& topic : before) partitions += static_cast<int64_t>(topic.owners.size());
  int32_t moves = 0;
  for (int32_t m = 0; m < members; ++m) {
    const int64_t share = partitions / members + (m < partitions % members ? 1 : 0);
    moves += static_cast<int32_t>(std::max<int64_t>(0, loads[m] - share));
  }
  return moves;
}

TEST(Assignor, NothingToShareOut) {
  Topics none;
  Assign(0, none);
  Topics no_members = Shared(0, {3});
  Assign(0, no_members);
  EXPECT_EQ(no_members[0].owners, (std::vector<int32_t>{kNoOwner, kNoOwner, kNoOwner}));
}

TEST(Assignor, FirstAssignmentIsBalancedWithinEachTopicToo) {
  Random random(1);
  for (int round = 0; round < 300; ++round) {
    const int32_t members = 1 + Below(random, 12);
    std::vector<uint32_t> counts(1 + Below(random, 8));
    for (uint32_t& count : counts) count = 1 + Below(random, 30);
    Topics topics = Shared(members, counts);
    Assign(members, topics);
    ExpectSound(members, topics);
    EXPECT_LE(Spread(LoadsOf(members, topics)), 1);
    for (const AssignorTopic& topic : topics) {
      EXPECT_LE(Spread(LoadsOf(members, {topic})), 1);
    }
  }
}

TEST(Assignor, EqualSubscriptionsStayBalancedWithTheFewestMoves) {
  Random random(2);
  for (int round = 0; round < 2'000; ++round) {
    const int32_t members = 1 + Below(random, 12);
    Topics topics =
        Shared(members, std::vector<uint32_t>(1 + Below(random, 4), 1 + Below(random, 25)));
    // Any owners, as members that left, came or changed their minds leave behind.
    const int32_t favoured = 1 + Below(random, members);
    for (AssignorTopic& topic : topics) {
      for (int32_t& owner : topic.owners) owner = Below(random, favoured + 1) - 1;
    }
    const Topics before = topics;
    Assign(members, topics);
    ExpectSound(members, topics);
    EXPECT_LE(Spread(LoadsOf(members, topics)), 1);
    EXPECT_EQ(Moves(before, topics), FewestMoves(members, before));
  }
}

TEST(Assignor, DifferentSubscriptions) {
  Random random(3);
  for (int round = 0; round < 2'000; ++round) {
    const int32_t members = 1 + Below(random, 10);
    Topics topics(1 + Below(random, 8));
    for (AssignorTopic& topic : topics) {
      for (int32_t m = 0; m < members; ++m) {
        if (Below(random, 3) > 0) topic.subscribers.push_back(m);
      }
      topic.owners.resize(1 + Below(random, 12));
      for (int32_t& owner : topic.owners) owner = Below(random, members + 1) - 1;
    }
    Assign(members, topics);
    ExpectSound(members, topics);
  }
}

TEST(Assignor, WhatIsBalancedStaysAsItIs) {
  Random random(4);
  for (int round = 0; round < 500; ++round) {
    const int32_t members = 1 + Below(random, 10);
    Topics topics = Shared(members, {7, 3, 12});
    for (AssignorTopic& topic : topics) {
      for (int32_t& owner : topic.owners) owner = Below(random, members);
    }
    Assign(members, topics);
    const Topics before = topics;
    Assign(members, topics);
    EXPECT_EQ(Moves(before, topics), 0);
  }
}

TEST(Assignor, WhoOnlyOneCanTakeGoesToThatOneAndTheRestEvensOut) {
  // Member 0 alone has topic 0; both have topic 1.
  Topics topics(2);
  topics[0] = {.owners = std::vector<int32_t>(3, kNoOwner), .subscribers = {0}};
  topics[1] = {.owners = std::vector<int32_t>(3, kNoOwner), .subscribers = {0, 1}};
  Assign(2, topics);
  EXPECT_EQ(topics[0].owners, (std::vector<int32_t>{0, 0, 0}));
  EXPECT_EQ(topics[1].owners, (std::vector<int32_t>{1, 1, 1}));
}

TEST(Assignor, ALargeGroupTakesNoTime) {
  constexpr int32_t kMembers = 500;
  Topics topics = Shared(kMembers, std::vector<uint32_t>(20, 50));
  const std::clock_t start = std::clock();
  Assign(kMembers, topics);
  // Half of the members leave.
  for (AssignorTopic& topic : topics) {
    std::erase_if(topic.subscribers, [](int32_t m) { return m % 2 == 1; });
  }
  Assign(kMembers, topics);
  const double seconds = static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC;
  // Some milliseconds when optimised; this holds under sanitizers too.
  EXPECT_LT(seconds, 2);
  for (const int32_t load : LoadsOf(kMembers, topics)) EXPECT_TRUE(load == 0 || load == 4);
}

TEST(Assignor, ManyTopicsTakeNoTimeEither) {
  // One member has 1,000 topics, then 499 others come.
  constexpr int32_t kMembers = 500;
  Topics topics = Shared(kMembers, std::vector<uint32_t>(1'000, 1));
  for (AssignorTopic& topic : topics) topic.owners = {0};
  const std::clock_t start = std::clock();
  Assign(kMembers, topics);
  const double seconds = static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC;
  EXPECT_LT(seconds, 2);
  for (const int32_t load : LoadsOf(kMembers, topics)) EXPECT_EQ(load, 2);
}

}  // namespace
}  // namespace leat::group
