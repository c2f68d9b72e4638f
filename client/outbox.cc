#include "client/outbox.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "absl/strings/str_cat.h"
#include "client/monotonic_clock.h"
#include "storage/record/error.h"
#include "storage/record/message_ids.h"
#include "storage/record/partitioner.h"
#include "storage/record/producer_sequence.h"

namespace leat::client {
namespace {

// What a record costs beside its bytes: its callback and its place.
constexpr size_t kRecordOverheadBytes = 64;

// Pause before the next try to ask for a topic that is known, but not freshly.
constexpr absl::Duration kAskAgainAfter = absl::Seconds(1);

// For timestamps. absl::Now() costs twice as much, which counts when it is called for each record.
int64_t WallClockMillis() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

// Errors that say that what was known of the topic is out of date.
bool SaysTopicChanged(const absl::Status& status) {
  const std::optional<record::Reason> reason = record::ReasonOf(status);
  return reason == record::Reason::kTopicNotFound || reason == record::Reason::kTopicRecreated ||
         reason == record::Reason::kPartitionNotFound;
}

}  // namespace

bool Outbox::IsFresh(std::string_view topic, absl::Time now) const {
  absl::MutexLock lock(&mutex_);
  const Topic* found = Find(topic);
  return found != nullptr && now < found->fresh_until;
}

bool Outbox::AskAgainLater(std::string_view topic, absl::Time now) {
  absl::MutexLock lock(&mutex_);
  Topic* found = Find(topic);
  if (found == nullptr) return false;
  found->fresh_until = now + kAskAgainAfter;
  return true;
}

void Outbox::Learn(std::string_view name, TopicFacts facts, absl::Time now) {
  absl::MutexLock lock(&mutex_);
  std::unique_ptr<Topic>& topic = topics_[std::string(name)];
  if (topic == nullptr) {
    topic = std::make_unique<Topic>();
    topic->queue_options = {.linger = options_.linger,
                            .delivery_timeout = options_.delivery_timeout,
                            .max_in_flight = options_.max_in_flight_per_partition};
    if (options_.idempotent) {
      size_t& in_flight = topic->queue_options.max_in_flight;
      in_flight = std::min(in_flight, record::kMaxSequencedInFlight);
    }
    // Producers that start together should not all begin with the same partition.
    topic->keyless_partition = static_cast<uint32_t>(absl::ToUnixNanos(now) >> 10);
  }
  topic->fresh_until = now + options_.topic_refresh_interval;
  topic->queue_options.batch_bytes = std::min<size_t>(options_.batch_bytes, facts.max_batch_bytes);
  for (uint32_t i = 0; i < facts.partition_count; ++i) {
    auto target =
        std::make_shared<const BatchTarget>(BatchTarget{std::string(name), facts.topic_id, i});
    if (i < topic->partitions.size()) {
      topic->partitions[i]->queue.set_target(std::move(target));
    } else {
      topic->partitions.push_back(std::make_unique<Partition>(
          Partition{topic.get(), PartitionQueue(topic->queue_options, std::move(target))}));
    }
  }
  const bool is_new = topic->facts.topic_id != facts.topic_id;
  const bool grew = topic->facts.partition_count != facts.partition_count;
  topic->renewing |= options_.idempotent && (is_new || grew);
  if (is_new) topic->fenced = absl::OkStatus();
  topic->facts = std::move(facts);
}

Outbox::Topic* Outbox::Find(std::string_view topic) const {
  const auto found = topics_.find(topic);
  return found == topics_.end() ? nullptr : found->second.get();
}

absl::StatusOr<Outbox::Added> Outbox::Add(std::string_view name, const OutgoingRecord& record,
                                          SendCallback callback, absl::Duration max_wait,
                                          absl::Time now) {
  absl::MutexLock lock(&mutex_);
  Topic* topic = Find(name);
  if (topic == nullptr) return absl::InternalError("record for a topic that is not known");
  if (!topic->fenced.ok()) return topic->fenced;
  const uint32_t max_record_bytes =
      std::min(topic->facts.max_record_bytes, topic->facts.max_batch_bytes);
  if (absl::Status status = CheckOutgoingRecord(record, max_record_bytes); !status.ok())
    return status;
  const size_t bytes = MaxEncodedBytes(record) + kRecordOverheadBytes;
  if (absl::Status status = Charge(bytes, max_wait, &now); !status.ok()) return status;
  // After the wait for memory, during which other records may have moved the choice on.
  const uint32_t keyless_before = topic->keyless_partition;
  const absl::StatusOr<uint32_t> index = ChoosePartition(*topic, record);
  if (!index.ok()) {
    charged_bytes_ -= bytes;
    return index.status();
  }
  Partition& partition = *topic->partitions[*index];
  const PartitionQueue::Added added =
      partition.queue.Add(record, std::move(callback), bytes, last_batch_id_ + 1,
                          record.timestamp_ms.has_value() ? 0 : WallClockMillis(), now);
  if (added.began_batch) live_batches_.insert(++last_batch_id_);
  if (!std::exchange(partition.active, true)) active_.push_back(&partition);
  return Added{last_batch_id_, added.began_batch || added.closed_batch ||
                                   topic->keyless_partition != keyless_before};
}

absl::Status Outbox::Charge(size_t bytes, absl::Duration max_wait, absl::Time* now) {
  if (bytes > options_.buffer_bytes) {
    return absl::ResourceExhaustedError(
        absl::StrCat("a record of ", bytes, " bytes is larger than the producer's buffer of ",
                     options_.buffer_bytes));
  }
  const absl::Time begin = *now;
  while (refusal_.ok() && charged_bytes_ + bytes > options_.buffer_bytes) {
    const absl::Duration left = max_wait - (*now - begin);
    if (left <= absl::ZeroDuration()) {
      return absl::ResourceExhaustedError(
          absl::StrCat("the producer's buffer of ", options_.buffer_bytes, " bytes is full"));
    }
    released_.WaitWithTimeout(&mutex_, left);
    *now = MonotonicNow();
  }
  if (refusal_.ok()) charged_bytes_ += bytes;
  return refusal_;
}

absl::StatusOr<uint32_t> Outbox::ChoosePartition(Topic& topic, const OutgoingRecord& record) {
  const uint32_t count = topic.facts.partition_count;
  if (record.partition.has_value()) {
    if (*record.partition < count) return *record.partition;
    return record::MakeError(
        record::Reason::kPartitionNotFound,
        absl::StrCat("partition ", *record.partition, " does not exist: the topic has ", count),
        {{"partition", absl::StrCat(*record.partition)}, {"partitionCount", absl::StrCat(count)}});
  }
  std::optional<std::string_view> key = record.key;
  if (!key.has_value() && topic.facts.remembers_ids) {
    const auto id = record::FindMessageId(record.headers);
    if (!id.ok()) return id.status();
    key = *id;
  }
  if (key.has_value()) return record::PartitionForKey(*key, count);
  // A batch at a time goes to one partition: records that were spread would make small batches.
  PartitionQueue& queue = topic.partitions[topic.keyless_partition % count]->queue;
  if (queue.CloseIfFull(record) || !queue.has_open_batch()) ++topic.keyless_partition;
  return topic.keyless_partition % count;
}

void Outbox::FlushTo(uint64_t batch_id) {
  absl::MutexLock lock(&mutex_);
  flush_to_ = std::max(flush_to_, batch_id);
}

uint64_t Outbox::last_batch_id() const {
  absl::MutexLock lock(&mutex_);
  return last_batch_id_;
}

bool Outbox::WaitReleased(uint64_t batch_id, absl::Duration timeout) const {
  const absl::Time deadline = MonotonicNow() + timeout;
  absl::MutexLock lock(&mutex_);
  while (!live_batches_.empty() && *live_batches_.begin() <= batch_id) {
    const absl::Duration left = deadline - MonotonicNow();
    if (left <= absl::ZeroDuration()) return false;
    released_.WaitWithTimeout(&mutex_, left);
  }
  return true;
}

bool Outbox::HasSendable(absl::Time now) const {
  absl::MutexLock lock(&mutex_);
  return std::any_of(active_.begin(), active_.end(),
                     [&](const Partition* partition) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
                       return Sendable(*partition, now);
                     });
}

bool Outbox::Sendable(const Partition& partition, absl::Time now) const {
  return !partition.topic->renewing && partition.queue.Sendable(now, flush_to_);
}

std::optional<Outbox::Outgoing> Outbox::TakeForSend(absl::Time now) {
  absl::MutexLock lock(&mutex_);
  for (size_t i = 0; i < active_.size(); ++i) {
    Partition* partition = active_[turn_++ % active_.size()];
    if (!Sendable(*partition, now)) continue;
    const uint64_t request_id = ++last_request_id_;
    const PartitionQueue::Outgoing outgoing = partition->queue.TakeForSend(request_id);
    requests_[request_id] = partition;
    return Outgoing{outgoing.batch, request_id, outgoing.resume_after};
  }
  return std::nullopt;
}

void Outbox::OnAnswer(uint64_t request_id, const SendResult& answer, absl::Time now,
                      std::vector<CompletedBatch>* completed) {
  absl::MutexLock lock(&mutex_);
  const auto found = requests_.find(request_id);
  if (found == requests_.end()) return;
  Partition& partition = *found->second;
  requests_.erase(found);
  if (SaysTopicChanged(answer.status)) partition.topic->fresh_until = absl::InfinitePast();
  if (record::ReasonOf(answer.status) == record::Reason::kProducerFenced) {
    partition.topic->fenced = answer.status;
  }
  partition.queue.OnAnswer(request_id, answer, now, completed);
  if (!answer.status.ok()) LookForBroken();
  if (partition.queue.empty()) DropInactive();
}

void Outbox::OnStreamEnded(const absl::Status& status, absl::Time now,
                           std::vector<CompletedBatch>* completed) {
  absl::MutexLock lock(&mutex_);
  requests_.clear();
  for (Partition* partition : active_) partition->queue.OnStreamEnded(status, now, completed);
  LookForBroken();
  DropInactive();
}

void Outbox::Expire(absl::Time now, const absl::Status& reason,
                    std::vector<CompletedBatch>* completed) {
  absl::MutexLock lock(&mutex_);
  const size_t completed_before = completed->size();
  for (Partition* partition : active_) {
    const absl::Status& renew_error = partition->topic->renew_error;
    partition->queue.Expire(now, renew_error.ok() ? reason : renew_error, completed);
  }
  if (completed->size() == completed_before) return;
  LookForBroken();
  DropInactive();
}

void Outbox::LookForBroken() {
  for (Partition* partition : active_) partition->topic->renewing |= partition->queue.broken();
}

std::optional<TopicName> Outbox::TopicToRenew(absl::Time now) const {
  absl::MutexLock lock(&mutex_);
  for (const auto& [name, topic] : topics_) {
    if (!topic->renewing || now < topic->renew_at || !topic->fenced.ok()) continue;
    const bool busy =
        std::any_of(topic->partitions.begin(), topic->partitions.end(),
                    [](const auto& partition) { return partition->queue.in_flight(); });
    if (!busy) return TopicName{name, topic->facts.topic_id};
  }
  return std::nullopt;
}

void Outbox::BeginRenewal(const TopicName& name) {
  absl::MutexLock lock(&mutex_);
  Find(name.topic)->renew_at = absl::InfiniteFuture();
}

void Outbox::Renew(const TopicName& name, const absl::StatusOr<ProducerIdentity>& identity,
                   absl::Time now, std::vector<CompletedBatch>* completed) {
  absl::MutexLock lock(&mutex_);
  Topic& topic = *Find(name.topic);
  if (!identity.ok()) {
    topic.renew_at = now + kAskAgainAfter;
    topic.renew_error = identity.status();
    if (SaysTopicChanged(identity.status())) topic.fresh_until = absl::InfinitePast();
    return;
  }
  topic.renew_at = absl::InfinitePast();
  topic.renew_error = absl::OkStatus();
  for (const auto& partition : topic.partitions) partition->queue.Renew(*identity, completed);
  topic.renewing = topic.facts.topic_id != name.topic_id;
}

void Outbox::Abandon(const absl::Status& status, std::vector<CompletedBatch>* completed) {
  absl::MutexLock lock(&mutex_);
  requests_.clear();
  for (Partition* partition : active_) partition->queue.Abandon(status, completed);
  DropInactive();
  refusal_ = status;
  released_.SignalAll();
}

absl::Status Outbox::Obstacle(const absl::Status& stream_error) const {
  absl::MutexLock lock(&mutex_);
  for (const Partition* partition : active_) {
    if (!partition->topic->renew_error.ok()) return partition->topic->renew_error;
    if (!stream_error.ok()) return stream_error;
    if (!partition->queue.refusal().ok()) return partition->queue.refusal();
  }
  return absl::OkStatus();
}

absl::Time Outbox::NextDeadline(absl::Time now) const {
  absl::MutexLock lock(&mutex_);
  absl::Time next = absl::InfiniteFuture();
  for (const Partition* partition : active_) {
    next = std::min(next, partition->queue.NextDeadline(now));
    const absl::Time renew_at = partition->topic->renew_at;
    if (partition->topic->renewing && renew_at > now) next = std::min(next, renew_at);
  }
  return next;
}

void Outbox::DropInactive() {
  std::erase_if(active_, [](Partition* partition) {
    partition->active = !partition->queue.empty();
    return !partition->active;
  });
}

void Outbox::Release(const SendBatch& batch) {
  absl::MutexLock lock(&mutex_);
  charged_bytes_ -= batch.charged_bytes();
  live_batches_.erase(batch.id());
  released_.SignalAll();
}

}  // namespace leat::client
