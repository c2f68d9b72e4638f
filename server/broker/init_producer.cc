#include "server/broker/init_producer.h"

#include <algorithm>
#include <iterator>
#include <memory>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"

namespace leat::broker {
namespace {

using Found = decltype(InitializedProducer::partitions);

// Asks every partition of the topic. What was appended under the grant before has ended when they
// answer: later batches of it are refused.
void FindEverywhere(ShardSet& shards, InitializedProducer producer,
                    Answer<InitializedProducer> done) {
  // A place for each shard, so that their threads need no lock. One that does not answer any more
  // has not told that there is nothing.
  auto found =
      std::make_shared<std::vector<absl::StatusOr<Found>>>(shards.size(), ServerStopping());
  // Arguments may be made in any order, and the last one takes the producer.
  const log::Uuid id = producer.topic->id;
  const ProducerGrant grant = producer.grant;
  shards.ForAll(
      [found, id, grant](Shard& shard, const Barrier& barrier) {
        absl::StatusOr<Found>& here = (*found)[shard.index()];
        here = Found();
        absl::Status asked = shard.partitions().FindProducer(
            id, grant,
            [&here, found, barrier](uint32_t partition, absl::StatusOr<log::ProducerBatch> last) {
              here->emplace_back(partition, std::move(last));
            });
        if (!asked.ok()) here = std::move(asked);
      },
      [found, producer = std::move(producer), done = std::move(done)]() mutable {
        for (absl::StatusOr<Found>& some : *found) {
          if (!some.ok()) return std::move(done)(some.status());
          std::move(some->begin(), some->end(), std::back_inserter(producer.partitions));
        }
        std::sort(producer.partitions.begin(), producer.partitions.end(),
                  [](const auto& a, const auto& b) { return a.first < b.first; });
        std::move(done)(std::move(producer));
      });
}

}  // namespace

void InitProducer(ShardSet& shards, TopicRegistry& registry, TopicHandle topic,
                  const std::string& name, Answer<InitializedProducer> done) {
  auto granted = [&shards, &registry, name,
                  done = std::move(done)](absl::StatusOr<TopicHandle> changed) mutable {
    if (!changed.ok()) return std::move(done)(changed.status());
    // No other command has had its turn yet.
    const ProducerGrant grant = *registry.state().producers((*changed)->id).Find(name);
    FindEverywhere(shards, {.topic = *std::move(changed), .grant = grant}, std::move(done));
  };
  registry.Submit(command::InitProducer{std::move(topic), name},
                  Answer<TopicHandle>(std::move(granted)));
}

}  // namespace leat::broker
