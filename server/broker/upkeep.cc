#include "server/broker/upkeep.h"

#include <utility>
#include <vector>

#include "server/broker/barrier.h"

namespace leat::broker {
namespace {

Checkpointer::Collect CollectCheckpoint(ShardSet& shards, TopicRegistry& registry) {
  return [&shards, &registry](auto collected) {
    shards.Gather<CheckpointUpdate>(
        [](Shard& shard) { return shard.TakeCheckpointUpdates(); },
        [&registry, collected = std::move(collected)](Checkpointer::Updates updates) mutable {
          std::optional<CheckpointUpdate> topics = registry.CheckpointOfLog();
          if (topics.has_value()) updates.push_back(*topics);
          std::move(collected)(std::move(updates));
        });
  };
}

Retention::Collect CollectRetention(ShardSet& shards) {
  return [&shards](auto collected) {
    shards.Gather<LogStart>([](Shard& shard) { return shard.partitions().RetentionTargets(); },
                            std::move(collected));
  };
}

Retention::Move MoveLogStarts(TopicRegistry& registry) {
  return [&registry](std::vector<LogStart> targets, io::IoCallback moved) {
    registry.Submit(command::MoveLogStarts{std::move(targets)},
                    Answer<TopicHandle>([moved = std::move(moved)](auto result) mutable {
                      std::move(moved)(result.status());
                    }));
  };
}

Compaction::Collect CollectCompaction(ShardSet& shards) {
  return [&shards](auto collected) {
    shards.Gather<log::PartitionKey>(
        [](Shard& shard) { return shard.partitions().CompactionDue(); }, std::move(collected));
  };
}

// Runs on the partition's shard, and ends on the metadata shard.
Compaction::Compact CompactPartition(ShardSet& shards, const log::CompactionLimits& limits) {
  return [&shards, limits](const log::PartitionKey& key, io::Task ended) {
    io::Task end = [&shards, ended = std::move(ended)]() mutable {
      shards.metadata_shard().Post(std::move(ended));
    };
    Shard& shard = shards.Of(key.topic_id, key.partition);
    shard.Post([&shard, key, limits, end = std::move(end)]() mutable {
      Partition* partition = shard.partitions().FindOpen(key);
      if (partition == nullptr || !partition->CompactionDue()) return std::move(end)();
      partition->Compact(limits, std::move(end));
    });
  };
}

Compaction::Cancel CancelCompaction(ShardSet& shards) {
  return [&shards](const log::PartitionKey& key) {
    Shard& shard = shards.Of(key.topic_id, key.partition);
    shard.Post([&shard, key] {
      if (Partition* partition = shard.partitions().FindOpen(key)) partition->CancelCompaction();
    });
  };
}

}  // namespace

Upkeep::Upkeep(io::FileSystem& files, const DataDirectory& directory, ShardSet& shards,
               TopicRegistry& registry, log::Checkpoint read_at_start, const Options& options)
    : checkpointer_(files, shards.metadata_shard().loop(), directory.CheckpointPath(),
                    options.checkpoint_interval, std::move(read_at_start),
                    CollectCheckpoint(shards, registry)),
      retention_(shards.metadata_shard().loop(), options.retention_interval,
                 CollectRetention(shards), MoveLogStarts(registry)),
      compaction_(shards.metadata_shard().loop(), options.compaction_interval,
                  CollectCompaction(shards), CompactPartition(shards, options.compaction),
                  CancelCompaction(shards)),
      space_watch_(
          files, shards.metadata_shard().loop(), directory.path(), options.min_free_bytes,
          [&shards](Space space) {
            for (size_t i = 0; i < shards.size(); ++i) {
              shards.at(i).Post([&shard = shards.at(i), space] { shard.set_space(space); });
            }
          }) {}

absl::Status Upkeep::Start() {
  absl::Status looked = space_watch_.Start();
  if (!looked.ok()) return looked;
  absl::Status cleared = checkpointer_.ClearCleanMark();
  if (!cleared.ok()) return cleared;
  checkpointer_.Start();
  retention_.Start();
  compaction_.Start();
  return absl::OkStatus();
}

void Upkeep::Stop(io::Task idle) {
  const Barrier all_idle(std::move(idle));
  checkpointer_.Stop([all_idle] {});
  retention_.Stop([all_idle] {});
  compaction_.Stop([all_idle] {});
  space_watch_.Stop([all_idle] {});
}

}  // namespace leat::broker
