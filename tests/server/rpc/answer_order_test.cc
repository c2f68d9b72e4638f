#include "server/rpc/answer_order.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <set>
#include <string>
#include <vector>

namespace leat::rpc {
namespace {

class AnswerOrderTest : public testing::Test {
 protected:
  AnswerOrder::Entry* Enter(const std::set<uint32_t>& partitions) {
    std::vector<PartitionPlace> places;
    for (const uint32_t partition : partitions) places.push_back({"t", partition});
    return order_.Enter(std::move(places));
  }
  void Answer(AnswerOrder::Entry* entry, const std::string& name) {
    order_.Answer(entry, absl::Cord(name));
  }

  std::vector<std::string> sent_;
  AnswerOrder order_{[this](absl::Cord answer) { sent_.push_back(std::string(answer)); }};
};

using Sent = std::vector<std::string>;

TEST_F(AnswerOrderTest, KeepsOrderWithinAPartitionOnly) {
  auto* a0 = Enter({0});
  auto* b0 = Enter({0});
  auto* c1 = Enter({1});
  Answer(b0, "b0");
  EXPECT_EQ(sent_, Sent{});
  EXPECT_EQ(order_.held_bytes(), 2u);
  Answer(c1, "c1");
  EXPECT_EQ(sent_, Sent{"c1"});
  Answer(a0, "a0");
  EXPECT_EQ(sent_, (Sent{"c1", "a0", "b0"}));
  EXPECT_EQ(order_.size(), 0u);
  EXPECT_EQ(order_.held_bytes(), 0u);
}

TEST_F(AnswerOrderTest, RequestsForSeveralPartitionsWaitForAll) {
  auto* a0 = Enter({0});
  auto* b1 = Enter({1});
  auto* c01 = Enter({0, 1});
  auto* d0 = Enter({0});
  Answer(c01, "c01");
  Answer(d0, "d0");
  Answer(a0, "a0");
  EXPECT_EQ(sent_, Sent{"a0"});
  Answer(b1, "b1");
  EXPECT_EQ(sent_, (Sent{"a0", "b1", "c01", "d0"}));
}

TEST_F(AnswerOrderTest, RequestsForNoKnownPartitionWaitForNothing) {
  Enter({0});
  Answer(Enter({}), "x");
  EXPECT_EQ(sent_, Sent{"x"});
  EXPECT_EQ(order_.size(), 1u);
}

TEST_F(AnswerOrderTest, TopicsAreToldApart) {
  order_.Enter({{"a", 0}});
  order_.Answer(order_.Enter({{"b", 0}}), absl::Cord("b"));
  EXPECT_EQ(sent_, Sent{"b"});
}

TEST_F(AnswerOrderTest, AnyOrderOfAnswersKeepsEachPartitionInOrder) {
  std::mt19937 random(1);
  for (int round = 0; round < 200; ++round) {
    sent_.clear();
    std::map<uint32_t, Sent> expected;
    std::vector<std::pair<AnswerOrder::Entry*, std::string>> open;
    std::map<std::string, std::set<uint32_t>> partitions_of;
    for (int i = 0; i < 30; ++i) {
      std::set<uint32_t> partitions;
      for (uint32_t j = random() % 3; j > 0; --j) partitions.insert(random() % 4);
      const std::string name = std::to_string(i);
      for (const uint32_t partition : partitions) expected[partition].push_back(name);
      partitions_of[name] = partitions;
      open.emplace_back(Enter(partitions), name);
    }
    std::shuffle(open.begin(), open.end(), random);
    for (const auto& [entry, name] : open) Answer(entry, name);
    std::map<uint32_t, Sent> actual;
    for (const std::string& name : sent_) {
      for (const uint32_t partition : partitions_of[name]) actual[partition].push_back(name);
    }
    ASSERT_EQ(actual, expected);
    ASSERT_EQ(sent_.size(), 30u);
    ASSERT_EQ(order_.size(), 0u);
  }
}

}  // namespace
}  // namespace leat::rpc
