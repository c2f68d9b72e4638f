// Everything a producer holds: the queues of all partitions, the memory they may take, what is in
// flight. Internal.
//
// Users' threads add, the producer's thread takes and completes; one lock guards it all. It never
// sends and never calls back: callbacks run on the producer's thread from the batches that are
// handed to it.

#ifndef LEAT_CLIENT_OUTBOX_H_
#define LEAT_CLIENT_OUTBOX_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/btree_set.h"
#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "client/partition_queue.h"
#include "client/producer.h"
#include "client/record.h"
#include "client/send_batch.h"

namespace leat::client {

// What a producer must know of a topic.
struct TopicFacts {
  std::string topic_id;
  uint32_t partition_count = 1;
  uint32_t max_record_bytes = 0;
  uint32_t max_batch_bytes = 0;
  bool remembers_ids = false;  // Records without a key go by their message id.
};

// A topic by name and id.
struct TopicName {
  std::string topic;
  std::string topic_id;
};

class Outbox {
 public:
  explicit Outbox(const ProducerOptions& options) : options_(options) {}

  // --- Topics ---

  // False when a topic is not known, or not well enough: it was learnt too long ago, or the server
  // disagrees.
  bool IsFresh(std::string_view topic, absl::Time now) const;
  // Lets what is known pass for fresh a little longer. False when nothing is known.
  bool AskAgainLater(std::string_view topic, absl::Time now);
  void Learn(std::string_view topic, TopicFacts facts, absl::Time now);

  // --- Idempotence ---

  // A topic for which the producer has to be initialised, now: it never was, or the sequence of a
  // partition is broken, and nothing is in flight.
  std::optional<TopicName> TopicToRenew(absl::Time now) const;
  // It is being initialised: until `Renew` it is none of those.
  void BeginRenewal(const TopicName& topic);
  // What came of that. After an error it is to be tried again a little later.
  void Renew(const TopicName& topic, const absl::StatusOr<ProducerIdentity>& identity,
             absl::Time now, std::vector<CompletedBatch>* completed);

  // --- Users' threads ---

  struct Added {
    uint64_t batch_id = 0;
    // Whether the producer's thread has to look again.
    bool changed = false;
  };
  // Adds a record of a known topic, `now`. Waits for memory for at most `max_wait`.
  absl::StatusOr<Added> Add(std::string_view topic, const OutgoingRecord& record,
                            SendCallback callback, absl::Duration max_wait, absl::Time now);

  // Makes batches up to `batch_id` sendable at once.
  void FlushTo(uint64_t batch_id);
  uint64_t last_batch_id() const;
  // Waits until all batches up to `batch_id` are released. False after `timeout`.
  bool WaitReleased(uint64_t batch_id, absl::Duration timeout) const;

  // --- The producer's thread ---

  struct Outgoing {
    SendBatch* batch = nullptr;  // Lives until its request is over.
    uint64_t request_id = 0;
    std::optional<uint64_t> resume_after;
  };
  bool HasSendable(absl::Time now) const;
  // The next batch, partitions taking turns.
  std::optional<Outgoing> TakeForSend(absl::Time now);

  // As the functions of `PartitionQueue`, for all partitions.
  void OnAnswer(uint64_t request_id, const SendResult& answer, absl::Time now,
                std::vector<CompletedBatch>* completed);
  void OnStreamEnded(const absl::Status& status, absl::Time now,
                     std::vector<CompletedBatch>* completed);
  void Expire(absl::Time now, const absl::Status& reason, std::vector<CompletedBatch>* completed);
  // Gives up everything, and refuses what comes later, with `status`.
  void Abandon(const absl::Status& status, std::vector<CompletedBatch>* completed);
  absl::Time NextDeadline(absl::Time now) const;

  // What keeps records waiting: `stream_error`, or why the server refused some; OK when nothing
  // does.
  absl::Status Obstacle(const absl::Status& stream_error) const;

  // Gives back a batch's memory, after its callbacks.
  void Release(const SendBatch& batch);

 private:
  struct Topic;
  struct Partition {
    Topic* topic = nullptr;
    PartitionQueue queue;
    bool active = false;
  };
  struct Topic {
    TopicFacts facts;
    absl::Time fresh_until = absl::InfinitePast();
    QueueOptions queue_options;
    // For records without a key; moves on with each batch.
    uint32_t keyless_partition = 0;
    std::vector<std::unique_ptr<Partition>> partitions;
    // Nothing is sent before `Renew`, which is not to be tried earlier than `renew_at`.
    bool renewing = false;
    absl::Time renew_at = absl::InfinitePast();
    absl::Status renew_error;  // Why it did not succeed the last time.
    absl::Status fenced;  // Not OK once another producer has the name: final for this topic id.
  };

  Topic* Find(std::string_view topic) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Waits while memory is short, after which `now` is a later one.
  absl::Status Charge(size_t bytes, absl::Duration max_wait, absl::Time* now)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::StatusOr<uint32_t> ChoosePartition(Topic& topic, const OutgoingRecord& record)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  bool Sendable(const Partition& partition, absl::Time now) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void LookForBroken() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void DropInactive() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const ProducerOptions& options_;

  mutable absl::Mutex mutex_;
  mutable absl::CondVar released_;
  std::map<std::string, std::unique_ptr<Topic>, std::less<>> topics_ ABSL_GUARDED_BY(mutex_);
  // Partitions whose queues are not empty; `turn_` is the next one to send.
  std::vector<Partition*> active_ ABSL_GUARDED_BY(mutex_);
  size_t turn_ ABSL_GUARDED_BY(mutex_) = 0;
  absl::flat_hash_map<uint64_t, Partition*> requests_ ABSL_GUARDED_BY(mutex_);
  uint64_t last_request_id_ ABSL_GUARDED_BY(mutex_) = 0;
  uint64_t last_batch_id_ ABSL_GUARDED_BY(mutex_) = 0;
  uint64_t flush_to_ ABSL_GUARDED_BY(mutex_) = 0;
  absl::btree_set<uint64_t> live_batches_ ABSL_GUARDED_BY(mutex_);
  size_t charged_bytes_ ABSL_GUARDED_BY(mutex_) = 0;
  absl::Status refusal_ ABSL_GUARDED_BY(mutex_);  // Not OK once abandoned.
};

}  // namespace leat::client

#endif  // LEAT_CLIENT_OUTBOX_H_
