// The topics of the server: what `__meta` says of them, brought into force everywhere.
//
// Owned by the broker; the metadata shard's thread, but for `Submit`. A change is durable first,
// then known to every shard and to the catalog, then answered.

#ifndef LEAT_SERVER_BROKER_TOPIC_REGISTRY_H_
#define LEAT_SERVER_BROKER_TOPIC_REGISTRY_H_

#include <memory>
#include <optional>
#include <vector>

#include "server/broker/answer.h"
#include "server/broker/data_directory.h"
#include "server/broker/metadata_log.h"
#include "server/broker/partition_table.h"
#include "server/broker/shard_set.h"
#include "server/broker/topic_catalog.h"
#include "server/broker/topic_command.h"
#include "storage/io/event_loop.h"
#include "storage/log/recovery.h"

namespace leat::broker {

class TopicRegistry {
 public:
  // All outlive this. `recovered` is what was found at `place`, that of `TopicsLog`.
  TopicRegistry(ShardSet& shards, DataDirectory& directory, TopicCatalog& catalog,
                const log::RecoveryInput& place, log::RecoveredLog recovered,
                const TopicLimits& limits);

  // Reads the topics. DATA_LOSS when the log makes no sense.
  void Load(io::IoCallback done) { log_.Load(std::move(done)); }

  // After `Load`.
  const TopicState& state() const { return log_.state(); }

  // Has `MetadataLog` do it. Any thread; the answer comes on the metadata shard's.
  void Submit(TopicCommand command, Answer<TopicHandle> done);

  // Goes on with what a crash interrupted: removes what is left of deleted topics. After `Load`.
  void RemoveDeleted();

  // What the checkpoint is to say of `__meta`; nullopt: what it said before.
  std::optional<CheckpointUpdate> CheckpointOfLog() const;

  // Whether the log takes no more writes since one failed.
  bool offline() const { return log_.log().state() == log::LogState::kOffline; }

  // See `MetadataLog`.
  void Close(io::IoCallback done) { log_.Close(std::move(done)); }

 private:
  void Publish(std::vector<TopicChange> changes, io::Task in_force);
  void Announce(std::shared_ptr<const std::vector<TopicChange>> changes, io::Task in_force);
  void SaveLogStart(record::Offset log_start, io::IoCallback saved);
  void RemoveDirectories(std::vector<log::Uuid> ids);

  ShardSet& shards_;
  DataDirectory& directory_;
  TopicCatalog& catalog_;
  MetadataLog log_;
};

}  // namespace leat::broker

#endif  // LEAT_SERVER_BROKER_TOPIC_REGISTRY_H_
