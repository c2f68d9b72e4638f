// What the broker does by itself, round after round: checkpoint, retention, compaction, a look at
// the free space.
//
// Owned by the broker; the metadata shard's thread.

#ifndef LEAT_SERVER_BROKER_UPKEEP_H_
#define LEAT_SERVER_BROKER_UPKEEP_H_

#include <cstdint>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "server/broker/checkpointer.h"
#include "server/broker/compaction.h"
#include "server/broker/data_directory.h"
#include "server/broker/retention.h"
#include "server/broker/shard_set.h"
#include "server/broker/space_watch.h"
#include "server/broker/topic_registry.h"
#include "storage/io/file_system.h"
#include "storage/log/checkpoint.h"
#include "storage/log/log_types.h"

namespace leat::broker {

class Upkeep {
 public:
  struct Options {
    uint64_t min_free_bytes = 0;
    absl::Duration retention_interval;
    absl::Duration checkpoint_interval;
    absl::Duration compaction_interval;
    log::CompactionLimits compaction;
  };

  // All outlive this. `read_at_start`: the checkpoint as the start found it.
  Upkeep(io::FileSystem& files, const DataDirectory& directory, ShardSet& shards,
         TopicRegistry& registry, log::Checkpoint read_at_start, const Options& options);

  // Makes the directory one in use, durably, and begins the rounds. Blocks.
  absl::Status Start();

  // Ends the rounds; `idle` runs when none is under way.
  void Stop(io::Task idle);

  Checkpointer& checkpointer() { return checkpointer_; }

 private:
  Checkpointer checkpointer_;
  Retention retention_;
  Compaction compaction_;
  SpaceWatch space_watch_;
};

}  // namespace leat::broker

#endif  // LEAT_SERVER_BROKER_UPKEEP_H_
