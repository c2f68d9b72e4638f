#include "server/broker/partition_table.h"

#include <algorithm>
#include <utility>

#include "server/broker/answer.h"
#include "server/broker/topic_error.h"

namespace leat::broker {
namespace {

constexpr uint64_t kTailBytesMin = 64 << 10;
constexpr uint64_t kTailBytesMax = 4 << 20;

}  // namespace

PartitionTable::PartitionTable(const Surroundings& surroundings,
                               const log::LogEnvironment& environment, uint64_t tail_bytes)
    : surroundings_(surroundings), environment_(environment), tail_bytes_(tail_bytes) {}

// --- Topics ---

void PartitionTable::PutTopic(const TopicHandle& topic) {
  TopicEntry& entry = topics_[topic->id];
  entry.topic = topic;
  for (auto& [number, partition] : entry.partitions) partition->SetOptions(OptionsFor(*topic));
}

void PartitionTable::AnnounceTopic(const Topic& topic) {
  if (observer_) observer_(topic, TopicEvent::kPut);
}

void PartitionTable::RemoveTopic(const log::Uuid& id, Barrier closed) {
  auto found = topics_.find(id);
  if (found == topics_.end()) return;
  TopicEntry entry = std::move(found->second);
  topics_.erase(found);
  if (observer_) observer_(*entry.topic, TopicEvent::kRemoved);
  CloseAll(entry, TopicNotFound(entry.topic->name), AfterClose::kDropCheckpoint, std::move(closed));
}

void PartitionTable::MoveLogStart(const LogStart& start) {
  // One that is not open has no records, hence nothing to trim.
  if (Partition* partition = FindOpen(start.key)) partition->TrimTo(start.offset);
}

void PartitionTable::PutProducers(const log::Uuid& topic_id, const ProducerNames& names) {
  topics_.at(topic_id).producers = ProducerGrants(names);
}

void PartitionTable::PutProducer(const ProducerChange& change) {
  topics_.at(change.topic_id).producers.Apply(change);
}

void PartitionTable::ObserveTopics(TopicObserver observer) {
  observer_ = std::move(observer);
  for (const auto& [id, entry] : topics_) observer_(*entry.topic, TopicEvent::kPut);
}

// --- Partitions ---

absl::StatusOr<PartitionTable::TopicEntry*> PartitionTable::Find(const Topic& topic,
                                                                 uint32_t partition) {
  if (refusing_) return ServerStopping();
  auto found = topics_.find(topic.id);
  if (found == topics_.end()) {
    const bool recreated = surroundings_.catalog->Find(topic.name) != nullptr;
    return recreated ? TopicRecreated(topic.name, FormatUuid(topic.id)) : TopicNotFound(topic.name);
  }
  if (partition >= found->second.topic->partition_count) {
    return PartitionNotFound(*found->second.topic, partition);
  }
  return &found->second;
}

absl::StatusOr<Partition*> PartitionTable::Open(const Topic& topic, uint32_t partition) {
  absl::StatusOr<TopicEntry*> entry = Find(topic, partition);
  if (!entry.ok()) return entry.status();
  auto found = (*entry)->partitions.find(partition);
  if (found != (*entry)->partitions.end()) return found->second.get();
  const log::PartitionKey key{topic.id, partition};
  const DataDirectory& directory = *surroundings_.directory;
  return &Adopt(**entry,
                {.directory = directory.PartitionDirectory(key),
                 .quarantine_directory = directory.QuarantineDirectory(key),
                 .key = key},
                {});
}

absl::StatusOr<uint64_t> PartitionTable::CheckProducer(const log::Uuid& topic_id,
                                                       const record::BatchHeader& header) const {
  return topics_.at(topic_id).producers.Check(header);
}

absl::Status PartitionTable::FindProducer(const log::Uuid& topic_id, const ProducerGrant& grant,
                                          const FoundProducer& found) {
  if (refusing_) return ServerStopping();
  const auto topic = topics_.find(topic_id);
  if (topic == topics_.end()) return absl::OkStatus();
  for (auto& [number, partition] : topic->second.partitions) {
    Answer<std::optional<log::ProducerBatch>> told(
        [found, number = number](absl::StatusOr<std::optional<log::ProducerBatch>> batch) {
          if (!batch.ok()) return found(number, batch.status());
          if (batch->has_value()) found(number, **batch);
        });
    partition->FindProducer(grant, std::move(told));
  }
  return absl::OkStatus();
}

absl::StatusOr<PartitionStatus> PartitionTable::Describe(const Topic& topic, uint32_t partition) {
  absl::StatusOr<TopicEntry*> entry = Find(topic, partition);
  if (!entry.ok()) return entry.status();
  auto found = (*entry)->partitions.find(partition);
  if (found != (*entry)->partitions.end()) return found->second->Status();
  return PartitionStatus{.partition = partition};
}

Partition* PartitionTable::FindOpen(const log::PartitionKey& key) {
  auto topic = topics_.find(key.topic_id);
  if (topic == topics_.end()) return nullptr;
  auto partition = topic->second.partitions.find(key.partition);
  return partition == topic->second.partitions.end() ? nullptr : partition->second.get();
}

Partition& PartitionTable::Adopt(TopicEntry& entry, const log::RecoveryInput& place,
                                 log::RecoveredLog recovered) {
  std::unique_ptr<Partition>& partition = entry.partitions[place.key.partition];
  partition = std::make_unique<Partition>(
      place.key,
      log::Log::Create(environment_, place, std::move(recovered), OptionsFor(*entry.topic)));
  ++open_partitions_;
  ShareTailMemory();
  return *partition;
}

std::vector<LogStart> PartitionTable::RetentionTargets() {
  std::vector<LogStart> targets;
  for (auto& [id, entry] : topics_) {
    for (auto& [number, partition] : entry.partitions) {
      std::optional<record::Offset> target = partition->RetentionTarget();
      if (target.has_value()) targets.push_back({partition->key(), *target});
    }
  }
  return targets;
}

std::vector<log::PartitionKey> PartitionTable::CompactionDue() {
  std::vector<log::PartitionKey> due;
  for (auto& [id, entry] : topics_) {
    for (auto& [number, partition] : entry.partitions) {
      if (partition->CompactionDue()) due.push_back(partition->key());
    }
  }
  return due;
}

std::vector<CheckpointUpdate> PartitionTable::TakeCheckpointUpdates() {
  std::vector<CheckpointUpdate> updates = std::exchange(closed_updates_, {});
  for (auto& [id, entry] : topics_) {
    for (auto& [number, partition] : entry.partitions) {
      if (!partition->TakeChanged() || partition->state() != log::LogState::kOnline) continue;
      updates.push_back({partition->key(), partition->checkpoint()});
    }
  }
  return updates;
}

// --- Start and stop ---

void PartitionTable::OpenRecovered(const log::RecoveryInput& place, log::RecoveredLog recovered) {
  TopicEntry& entry = topics_.at(place.key.topic_id);
  entry.producers.Resolve(recovered.producers.table);
  Adopt(entry, place, std::move(recovered));
}

void PartitionTable::Refuse() { refusing_ = true; }

void PartitionTable::Close(Barrier closed) {
  for (auto& [id, entry] : topics_) {
    CloseAll(entry, ServerStopping(), AfterClose::kKeepCheckpoint, std::nullopt);
  }
  if (closing_ > 0) all_closed_ = std::move(closed);
}

void PartitionTable::CloseAll(TopicEntry& entry, const absl::Status& why, AfterClose after,
                              const std::optional<Barrier>& closed) {
  for (auto& [number, owned] : entry.partitions) {
    ++closing_;
    Partition* partition = owned.release();
    partition->Close(why, [this, partition, after, closed](const absl::Status& status) {
      OnClosed(std::unique_ptr<Partition>(partition), after, status);
    });
  }
  entry.partitions.clear();
}

void PartitionTable::OnClosed(std::unique_ptr<Partition> partition, AfterClose after,
                              const absl::Status& status) {
  --open_partitions_;
  if (after == AfterClose::kDropCheckpoint) {
    closed_updates_.push_back({partition->key(), std::nullopt});
  } else {
    if (partition->state() == log::LogState::kOnline) {
      closed_updates_.push_back({partition->key(), partition->checkpoint()});
    }
    closed_cleanly_ &= status.ok() && partition->state() != log::LogState::kOffline;
  }
  // Not here: this is called from within the log.
  environment_.loop->Post([partition = std::move(partition)] {});
  if (--closing_ == 0) all_closed_.reset();
}

// --- Settings ---

log::LogOptions PartitionTable::OptionsFor(const Topic& topic) const {
  const TopicSettings& settings = topic.settings;
  const bool expires = settings.cleanup != Cleanup::kCompact;
  return {.segment_bytes = settings.segment_bytes,
          .segment_age = settings.segment_age,
          .retention_time = expires ? settings.retention_time : absl::ZeroDuration(),
          .retention_bytes = expires ? settings.retention_bytes : 0,
          .compact = settings.cleanup != Cleanup::kDelete,
          .tombstone_retention = settings.tombstone_retention,
          .tail_bytes = std::clamp(tail_bytes_ / tail_shares_, kTailBytesMin, kTailBytesMax),
          .producer_expiry = surroundings_.producer_expiry,
          .deduplication_time = settings.deduplication_time,
          .deduplication_ids = settings.deduplication_ids,
          .checked_keys = settings.checked_keys};
}

void PartitionTable::ShareTailMemory() {
  if (open_partitions_ <= tail_shares_) return;
  while (tail_shares_ < open_partitions_) tail_shares_ *= 2;
  for (auto& [id, entry] : topics_) {
    for (auto& [number, partition] : entry.partitions)
      partition->SetOptions(OptionsFor(*entry.topic));
  }
}

}  // namespace leat::broker
