#include "server/broker/broker.h"

#include <algorithm>
#include <utility>

#include "fmt/format.h"
#include "server/broker/answer.h"
#include "server/broker/broker_impl.h"
#include "server/broker/describe.h"
#include "server/broker/init_producer.h"
#include "server/broker/topic_command.h"
#include "server/broker/topic_error.h"
#include "storage/record/error.h"

namespace leat::broker {
namespace {

using record::MakeError;
using record::Reason;

// Checks that nothing is to be trimmed that is not there yet.
absl::Status CheckTargets(const std::vector<TrimTarget>& targets,
                          const std::vector<PartitionStatus>& partitions) {
  for (size_t i = 0; i < targets.size(); ++i) {
    const PartitionStatus& partition = partitions[i];
    if (targets[i].log_start <= partition.high_watermark) continue;
    return MakeError(
        Reason::kOffsetOutOfRange,
        fmt::format("partition {}: offset {} lies past the high watermark {}", partition.partition,
                    targets[i].log_start.value, partition.high_watermark.value),
        {{"logStartOffset", fmt::to_string(partition.log_start.value)},
         {"highWatermark", fmt::to_string(partition.high_watermark.value)}});
  }
  return absl::OkStatus();
}

}  // namespace

Broker::Broker(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

Broker::~Broker() {
  if (impl_->running) (void)Stop();
}

absl::Status Broker::Stop() {
  impl_->running = false;
  return impl_->Stop();
}

absl::Status Broker::Impl::Stop() {
  Await([this](auto done) {
    shards->ForAll([](Shard& shard, const Barrier&) { shard.partitions().Refuse(); }, done);
  });
  absl::Status topics_closed;
  Await([&](auto done) {
    shards->metadata_shard().Post([this, &topics_closed, done] {
      upkeep->Stop([this, &topics_closed, done] {
        registry->Close([&topics_closed, done](absl::Status status) {
          topics_closed = std::move(status);
          done();
        });
      });
    });
  });
  Await([this](auto done) {
    shards->ForAll([](Shard& shard, const Barrier& closed) { shard.Close(closed); }, done);
  });
  shards->Stop();

  // No thread is left: all of this is ours now.
  bool clean = topics_closed.ok() && !registry->offline();
  Checkpointer::Updates updates;
  for (size_t i = 0; i < shards->size(); ++i) {
    Shard& shard = shards->at(i);
    clean = clean && shard.closed_cleanly();
    for (CheckpointUpdate& update : shard.TakeCheckpointUpdates()) updates.push_back(update);
  }
  if (std::optional<CheckpointUpdate> topics = registry->CheckpointOfLog()) {
    updates.push_back(*topics);
  }
  absl::Status written = upkeep->checkpointer().WriteLast(
      updates, clean ? Checkpointer::Shutdown::kClean : Checkpointer::Shutdown::kUnclean);
  if (!written.ok()) return written;
  if (clean) return absl::OkStatus();
  return absl::DataLossError("not every log could be closed in order: the next start checks them");
}

// --- Topics ---

absl::StatusOr<TopicHandle> Broker::FindTopic(std::string_view name,
                                              std::string_view topic_id) const {
  TopicHandle topic = impl_->catalog.Find(name);
  if (topic == nullptr) return TopicNotFound(name);
  if (!topic_id.empty() && topic_id != FormatUuid(topic->id)) return TopicRecreated(name, topic_id);
  return topic;
}

std::vector<TopicHandle> Broker::ListTopics(std::string_view prefix, std::string_view after,
                                            size_t limit) const {
  return impl_->catalog.List(prefix, after, limit);
}

void Broker::CreateTopic(std::string name, uint32_t partition_count, TopicSettings settings,
                         Callback<TopicHandle> done) {
  impl_->registry->Submit(command::CreateTopic{std::move(name), partition_count, settings},
                          Answer<TopicHandle>(std::move(done)));
}

void Broker::UpdateTopic(TopicHandle topic, std::function<void(TopicSettings&)> change,
                         Callback<TopicHandle> done) {
  impl_->registry->Submit(command::UpdateTopic{std::move(topic), std::move(change)},
                          Answer<TopicHandle>(std::move(done)));
}

void Broker::DeleteTopic(TopicHandle topic, Callback<TopicHandle> done) {
  impl_->registry->Submit(command::DeleteTopic{std::move(topic)},
                          Answer<TopicHandle>(std::move(done)));
}

void Broker::AddPartitions(TopicHandle topic, uint32_t partition_count,
                           Callback<TopicHandle> done) {
  impl_->registry->Submit(command::AddPartitions{std::move(topic), partition_count},
                          Answer<TopicHandle>(std::move(done)));
}

void Broker::TrimTopic(TopicHandle topic, std::vector<TrimTarget> targets,
                       Callback<std::vector<PartitionStatus>> done) {
  using Statuses = std::vector<PartitionStatus>;
  std::vector<uint32_t> partitions;
  command::MoveLogStarts move;
  for (const TrimTarget& target : targets) {
    partitions.push_back(target.partition);
    move.targets.push_back({{topic->id, target.partition}, target.log_start});
  }
  if (partitions.empty()) return DescribePartitions(topic, {}, std::move(done));
  auto trimmed = [this, topic, partitions, done = Answer<Statuses>(std::move(done))](
                     const absl::StatusOr<TopicHandle>& moved) mutable {
    if (!moved.ok()) return std::move(done)(moved.status());
    broker::DescribePartitions(*impl_->shards, topic, partitions, std::move(done));
  };
  auto described = [this, targets = std::move(targets), move = std::move(move),
                    trimmed = std::move(trimmed)](absl::StatusOr<Statuses> statuses) mutable {
    absl::Status sound = statuses.status();
    if (sound.ok()) sound = CheckTargets(targets, *statuses);
    if (!sound.ok()) return std::move(trimmed)(sound);
    impl_->registry->Submit(std::move(move), Answer<TopicHandle>(std::move(trimmed)));
  };
  broker::DescribePartitions(*impl_->shards, topic, std::move(partitions),
                             Answer<Statuses>(std::move(described)));
}

void Broker::DescribePartitions(const TopicHandle& topic, std::vector<uint32_t> partitions,
                                Callback<std::vector<PartitionStatus>> done) {
  broker::DescribePartitions(*impl_->shards, topic, std::move(partitions),
                             Answer<std::vector<PartitionStatus>>(std::move(done)));
}

// --- Records ---

namespace {

// What `done` is told of a failure closes the lane first.
Answer<log::AppendResult> InLane(std::shared_ptr<AppendLane> lane, Answer<log::AppendResult> done) {
  return Answer<log::AppendResult>([lane = std::move(lane), done = std::move(done)](
                                       absl::StatusOr<log::AppendResult> result) mutable {
    if (!result.ok()) lane->failed = true;
    std::move(done)(std::move(result));
  });
}

}  // namespace

void Broker::Append(const TopicHandle& topic, uint32_t partition, record::Batch batch,
                    Callback<log::AppendResult> done, AppendOptions options) {
  Shard& shard = impl_->shards->Of(topic->id, partition);
  shard.Post([&shard, topic, partition, options = std::move(options), batch = std::move(batch),
              done = Answer<log::AppendResult>(std::move(done))]() mutable {
    std::shared_ptr<AppendLane>& lane = options.lane;
    if (lane != nullptr && lane->failed) {
      return std::move(done)(record::MakeError(record::Reason::kEarlierRequestFailed,
                                               "an earlier append of its lane failed"));
    }
    const bool taken =
        shard.Append(*topic, partition, std::move(batch), std::move(options.conditions),
                     lane == nullptr ? std::move(done) : InLane(lane, std::move(done)));
    // At once: the next one may come before this one is answered.
    if (!taken && lane != nullptr) lane->failed = true;
  });
}

void Broker::InitProducer(TopicHandle topic, const std::string& name,
                          Callback<InitializedProducer> done) {
  broker::InitProducer(*impl_->shards, *impl_->registry, std::move(topic), name,
                       Answer<InitializedProducer>(std::move(done)));
}

uint64_t Broker::Fetch(FetchSpec spec, Callback<FetchResult> done) {
  const uint64_t ticket = impl_->next_ticket.fetch_add(1, std::memory_order_relaxed);
  Shard& shard = impl_->shards->Of(spec.topic->id, spec.partition);
  shard.Post([&shard, ticket, spec = std::move(spec),
              done = Answer<FetchResult>(std::move(done))]() mutable {
    absl::StatusOr<Partition*> partition = shard.partitions().Open(*spec.topic, spec.partition);
    if (!partition.ok()) return std::move(done)(partition.status());
    (*partition)->Fetch(ticket, spec, std::move(done));
  });
  return ticket;
}

void Broker::CancelFetch(const TopicHandle& topic, uint32_t partition, uint64_t ticket) {
  Shard& shard = impl_->shards->Of(topic->id, partition);
  shard.Post([&shard, key = log::PartitionKey{topic->id, partition}, ticket] {
    if (Partition* open = shard.partitions().FindOpen(key)) open->CancelFetch(ticket);
  });
}

void Broker::FindTimestamp(const TopicHandle& topic, uint32_t partition, int64_t timestamp_ms,
                           Callback<record::Offset> done) {
  Shard& shard = impl_->shards->Of(topic->id, partition);
  shard.Post([&shard, topic, partition, timestamp_ms,
              done = Answer<record::Offset>(std::move(done))]() mutable {
    absl::StatusOr<Partition*> opened = shard.partitions().Open(*topic, partition);
    if (!opened.ok()) return std::move(done)(opened.status());
    (*opened)->FindTimestamp(timestamp_ms, std::move(done));
  });
}

// --- Logs of groups ---

InternalLog& Broker::group_log(uint32_t number) {
  // Each shard opened its own in order of their numbers.
  return *impl_->shards->OfGroupLog(number).internal_logs()[number / shard_count()];
}

void Broker::ObserveTopics(uint32_t shard, TopicObserver observer) {
  Shard& observed = impl_->shards->at(shard);
  observed.Post([&observed, observer = std::move(observer)]() mutable {
    observed.partitions().ObserveTopics(std::move(observer));
  });
}

// --- The server ---

const RecoverySummary& Broker::recovery() const { return impl_->recovery; }

const log::Uuid& Broker::directory_id() const { return impl_->directory->id(); }

uint32_t Broker::shard_count() const { return impl_->shards->size(); }

const io::Clock& Broker::clock() const { return impl_->shards->metadata_shard().loop().clock(); }

}  // namespace leat::broker
