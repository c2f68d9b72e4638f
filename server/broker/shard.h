// A shard: one thread with one event loop, and the logs that live on it.
//
// Owned by `ShardSet`. Any thread may `Post`; all else belongs to the shard's own thread, in tasks
// posted to it.

#ifndef LEAT_SERVER_BROKER_SHARD_H_
#define LEAT_SERVER_BROKER_SHARD_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/statusor.h"
#include "server/broker/answer.h"
#include "server/broker/barrier.h"
#include "server/broker/internal_log.h"
#include "server/broker/internal_log_id.h"
#include "server/broker/partition_table.h"
#include "server/broker/random.h"
#include "server/broker/space.h"
#include "server/broker/topic.h"
#include "storage/io/event_loop.h"
#include "storage/log/checkpoint.h"
#include "storage/log/flush_gate.h"
#include "storage/log/log.h"
#include "storage/log/read_ahead_budget.h"
#include "storage/log/recovery.h"
#include "storage/record/batch.h"
#include "storage/record/ids.h"

namespace leat::broker {

class Shard {
 public:
  struct Limits {
    size_t flushes_in_flight = 64;
    uint64_t tail_bytes = 256 << 20;  // Kept in memory for readers of all its partitions' tails.
    uint64_t read_ahead_bytes = 64 << 20;  // For readers of its partitions from disk.
  };

  // `index`: its place in the set. `surroundings` outlive it.
  Shard(size_t index, const PartitionTable::Surroundings& surroundings, const Limits& limits,
        std::unique_ptr<io::EventLoop> loop, Random random);

  // Runs `task` on the shard's thread, after those posted before it by the same thread; destroys it
  // once the shard has stopped.
  void Post(io::Task task) { loop_->Post(std::move(task)); }

  // By the owner. `Stop` lets what was begun end, and blocks. A shard that was not started is
  // turned by whoever made its loop.
  void Start(const std::string& thread_name);
  void Stop();

  // As `Broker::Append`. kDiskFull while there is little space. False when it is refused, whether
  // it was answered already or not.
  bool Append(const Topic& topic, uint32_t partition, record::Batch batch,
              log::AppendConditions conditions, Answer<log::AppendResult> done);
  void set_space(Space space) { space_ = space; }

  // --- Logs of the server's own that live here ---

  // Recovers such a log, and opens it; tells what was found. Damage makes it corrupt. Blocks.
  absl::StatusOr<log::RecoveredLog> OpenInternalLog(const InternalLogId& id,
                                                    const log::Checkpoint& checkpoint);
  const std::vector<std::unique_ptr<InternalLog>>& internal_logs() const { return internal_logs_; }

  // --- All its logs ---

  // What changed since this was last asked.
  std::vector<CheckpointUpdate> TakeCheckpointUpdates();

  // Closes them; lets go of `closed` when that is done. After `PartitionTable::Refuse`.
  void Close(const Barrier& closed);

  // Whether every log was closed in order. After `Close`.
  bool closed_cleanly() const;

  size_t index() const { return index_; }
  io::EventLoop& loop() { return *loop_; }
  PartitionTable& partitions() { return partitions_; }
  const log::LogEnvironment& log_environment() const { return environment_; }
  uint64_t NextRandom() { return environment_.random(); }

 private:
  const size_t index_;
  const std::unique_ptr<io::EventLoop> loop_;
  log::FlushGate flush_gate_;
  log::ReadAheadBudget read_ahead_budget_;
  const PartitionTable::Surroundings surroundings_;
  const log::LogEnvironment environment_;
  PartitionTable partitions_;
  std::vector<std::unique_ptr<InternalLog>> internal_logs_;
  Space space_ = Space::kEnough;
  std::thread thread_;
  bool stopped_ = false;
};

}  // namespace leat::broker

#endif  // LEAT_SERVER_BROKER_SHARD_H_
