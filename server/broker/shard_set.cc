#include "server/broker/shard_set.h"

#include <algorithm>

#include "fmt/format.h"

namespace leat::broker {
namespace {

// Flushed writes in flight on the device, and memory for tails, shared out among the shards.
constexpr size_t kFlushesInFlight = 64;
constexpr uint64_t kTailBytes = 256 << 20;

}  // namespace

ShardSet::ShardSet(const PartitionTable::Surroundings& surroundings,
                   std::vector<std::unique_ptr<io::EventLoop>> loops, const Random& random) {
  const Shard::Limits limits{
      .flushes_in_flight = std::max<size_t>(1, kFlushesInFlight / loops.size()),
      .tail_bytes = kTailBytes / loops.size()};
  for (std::unique_ptr<io::EventLoop>& loop : loops) {
    shards_.push_back(std::make_unique<Shard>(shards_.size(), surroundings, limits, std::move(loop),
                                              random ? random : SystemRandom()));
  }
}

ShardSet::~ShardSet() { Stop(); }

void ShardSet::Start() {
  for (size_t i = 0; i < size(); ++i) at(i).Start(fmt::format("shard-{}", i));
}

void ShardSet::Stop() {
  // The metadata shard last: the others report to it.
  for (auto shard = shards_.rbegin(); shard != shards_.rend(); ++shard) (*shard)->Stop();
}

Shard& ShardSet::Of(const log::Uuid& topic_id, uint32_t partition) {
  return *shards_[(UuidHash()(topic_id) + partition) % shards_.size()];
}

void ShardSet::ForAll(const std::function<void(Shard&, const Barrier&)>& task, io::Task then) {
  const Barrier all_done(
      [this, then = std::move(then)]() mutable { metadata_shard().Post(std::move(then)); });
  for (std::unique_ptr<Shard>& shard : shards_) {
    shard->Post([shard = shard.get(), task, all_done] { task(*shard, all_done); });
  }
}

}  // namespace leat::broker
