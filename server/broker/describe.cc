#include "server/broker/describe.h"

#include <memory>
#include <numeric>
#include <utility>

namespace leat::broker {
namespace {

using Statuses = std::vector<absl::StatusOr<PartitionStatus>>;

void AnswerWith(Statuses statuses, Answer<std::vector<PartitionStatus>> done) {
  std::vector<PartitionStatus> sound;
  for (absl::StatusOr<PartitionStatus>& status : statuses) {
    if (!status.ok()) return std::move(done)(status.status());
    sound.push_back(*std::move(status));
  }
  std::move(done)(std::move(sound));
}

}  // namespace

void DescribePartitions(ShardSet& shards, const TopicHandle& topic,
                        std::vector<uint32_t> partitions,
                        Answer<std::vector<PartitionStatus>> done) {
  if (partitions.empty()) {
    partitions.resize(topic->partition_count);
    std::iota(partitions.begin(), partitions.end(), 0);
  }
  // Each shard fills the places of its own partitions, so that their threads need no lock.
  auto statuses = std::make_shared<Statuses>(partitions.size(), PartitionStatus{});
  shards.ForAll(
      [&shards, topic, partitions = std::move(partitions), statuses](Shard& shard, const Barrier&) {
        for (size_t i = 0; i < partitions.size(); ++i) {
          if (&shards.Of(topic->id, partitions[i]) != &shard) continue;
          (*statuses)[i] = shard.partitions().Describe(*topic, partitions[i]);
        }
      },
      [statuses, done = std::move(done)]() mutable {
        AnswerWith(std::move(*statuses), std::move(done));
      });
}

}  // namespace leat::broker
