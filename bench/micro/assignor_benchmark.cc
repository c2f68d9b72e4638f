// 500 members share out 1,000 partitions: first, and once half of the members have left.

#include <benchmark/benchmark.h>

#include <cstdint>
#include <numeric>
#include <vector>

#include "server/group/assignor.h"

namespace leat::bench {
namespace {

constexpr int32_t kMembers = 500;
constexpr int32_t kPartitions = 1000;

group::AssignorTopic SampleTopic() {
  group::AssignorTopic topic;
  topic.owners.assign(kPartitions, group::kNoOwner);
  topic.subscribers.resize(kMembers);
  std::iota(topic.subscribers.begin(), topic.subscribers.end(), 0);
  return topic;
}

void BM_AssignFirst(benchmark::State& state) {
  const std::vector<group::AssignorTopic> before = {SampleTopic()};
  for (auto _ : state) {
    std::vector<group::AssignorTopic> topics = before;
    group::Assign(kMembers, topics);
    benchmark::DoNotOptimize(topics);
  }
}
BENCHMARK(BM_AssignFirst);

void BM_AssignAfterHalfLeft(benchmark::State& state) {
  std::vector<group::AssignorTopic> before = {SampleTopic()};
  group::Assign(kMembers, before);
  before[0].subscribers.resize(kMembers / 2);
  for (int32_t& owner : before[0].owners) {
    if (owner >= kMembers / 2) owner = group::kNoOwner;
  }
  for (auto _ : state) {
    std::vector<group::AssignorTopic> topics = before;
    group::Assign(kMembers / 2, topics);
    benchmark::DoNotOptimize(topics);
  }
}
BENCHMARK(BM_AssignAfterHalfLeft);

}  // namespace
}  // namespace leat::bench
