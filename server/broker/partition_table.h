// The topics as one shard knows them, and its partitions of them.
//
// Owned by the shard; its thread only. A partition is opened at start when it has files, else on
// its first use: one that nobody has written to or waits at costs nothing.

#ifndef LEAT_SERVER_BROKER_PARTITION_TABLE_H_
#define LEAT_SERVER_BROKER_PARTITION_TABLE_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "server/broker/barrier.h"
#include "server/broker/calls.h"
#include "server/broker/data_directory.h"
#include "server/broker/partition.h"
#include "server/broker/producer_grants.h"
#include "server/broker/topic.h"
#include "server/broker/topic_catalog.h"
#include "server/broker/topic_command.h"
#include "storage/io/file_system.h"
#include "storage/log/checkpoint.h"
#include "storage/log/log.h"
#include "storage/log/recovery.h"
#include "storage/record/batch.h"

namespace leat::broker {

// What the checkpoint is to say of a partition from now on; nullopt: nothing.
struct CheckpointUpdate {
  log::PartitionKey key;
  std::optional<log::CheckpointEntry> entry;
};

class PartitionTable {
 public:
  // What the tables of all shards share; outlives them.
  struct Surroundings {
    io::FileSystem* files = nullptr;
    const DataDirectory* directory = nullptr;
    const TopicCatalog* catalog = nullptr;
    absl::Duration producer_expiry = absl::Hours(24 * 7);
  };

  // `environment` outlives this; the tails of all partitions together hold about `tail_bytes`.
  PartitionTable(const Surroundings& surroundings, const log::LogEnvironment& environment,
                 uint64_t tail_bytes);

  // --- Topics ---

  // A topic that is new, or as it is now.
  void PutTopic(const TopicHandle& topic);

  // Tells the observer of a topic that was put, once every thread can find it.
  void AnnounceTopic(const Topic& topic);

  // Ends waiting fetches and refuses further calls with kTopicNotFound, at once; lets go of
  // `closed` when the logs are closed.
  void RemoveTopic(const log::Uuid& id, Barrier closed);

  void MoveLogStart(const LogStart& start);

  // All producers of a topic that was put, at the start; and one that was initialised.
  void PutProducers(const log::Uuid& topic_id, const ProducerNames& names);
  void PutProducer(const ProducerChange& change);

  // As `Broker::ObserveTopics`.
  void ObserveTopics(TopicObserver observer);

  // --- Partitions ---

  // The partition that a call names, opened if need be; it lives until the topic is removed.
  // kServerStopping, kTopicNotFound, kTopicRecreated, kPartitionNotFound.
  absl::StatusOr<Partition*> Open(const Topic& topic, uint32_t partition);

  // The grant by which a batch comes to a partition of this topic, as `ProducerGrants::Check`.
  absl::StatusOr<uint64_t> CheckProducer(const log::Uuid& topic_id,
                                         const record::BatchHeader& header) const;

  // Asks all partitions of a topic that are open here what they know of a producer; `found` is
  // called for each that knows something, or cannot tell. kServerStopping: it is not called.
  using FoundProducer = std::function<void(uint32_t, absl::StatusOr<log::ProducerBatch>)>;
  absl::Status FindProducer(const log::Uuid& topic_id, const ProducerGrant& grant,
                            const FoundProducer& found);

  // Without opening it. The same errors.
  absl::StatusOr<PartitionStatus> Describe(const Topic& topic, uint32_t partition);

  // nullptr when it is not open.
  Partition* FindOpen(const log::PartitionKey& key);

  // Where retention wants logs to start.
  std::vector<LogStart> RetentionTargets();

  // Which partitions have segments to rewrite.
  std::vector<log::PartitionKey> CompactionDue();

  // What changed since this was last asked.
  std::vector<CheckpointUpdate> TakeCheckpointUpdates();

  // --- Start and stop ---

  // Opens a partition of a topic that was put, with what was found of it.
  void OpenRecovered(const log::RecoveryInput& place, log::RecoveredLog recovered);

  // Refuses all calls from now on with kServerStopping.
  void Refuse();

  // Ends waiting fetches and closes every log, those of removed topics included; lets go of
  // `closed` when that is done. After `Refuse`.
  void Close(Barrier closed);

  // Whether every log was closed in order. After `Close`.
  bool closed_cleanly() const { return closed_cleanly_; }

 private:
  struct TopicEntry {
    TopicHandle topic;
    ProducerGrants producers;
    absl::flat_hash_map<uint32_t, std::unique_ptr<Partition>> partitions;  // Those that are open.
  };
  enum class AfterClose { kKeepCheckpoint, kDropCheckpoint };

  absl::StatusOr<TopicEntry*> Find(const Topic& topic, uint32_t partition);
  Partition& Adopt(TopicEntry& entry, const log::RecoveryInput& place, log::RecoveredLog recovered);
  void CloseAll(TopicEntry& entry, const absl::Status& why, AfterClose after,
                const std::optional<Barrier>& closed);
  void OnClosed(std::unique_ptr<Partition> partition, AfterClose after, const absl::Status& status);
  log::LogOptions OptionsFor(const Topic& topic) const;
  void ShareTailMemory();

  const Surroundings surroundings_;
  const log::LogEnvironment& environment_;
  const uint64_t tail_bytes_;

  absl::flat_hash_map<log::Uuid, TopicEntry, UuidHash> topics_;
  TopicObserver observer_;
  size_t open_partitions_ = 0;
  size_t tail_shares_ = 1;  // A power of two: lest every new partition changes all the others.
  std::vector<CheckpointUpdate> closed_updates_;
  bool refusing_ = false;
  size_t closing_ = 0;  // Partitions that are being closed.
  std::optional<Barrier> all_closed_;
  bool closed_cleanly_ = true;
};

}  // namespace leat::broker

#endif  // LEAT_SERVER_BROKER_PARTITION_TABLE_H_
