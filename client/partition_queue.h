// The batches of one partition, from their first record to their last answer: a pure state machine.
// Time is an argument (monotonic), nothing is sent here. Internal; the producer's lock guards it.
//
// Order holds: when a batch fails, the server takes none after it (they come back with
// EARLIER_REQUEST_FAILED) until a request says `resume_after`. So nothing is sent while answers are
// outstanding after a failure; then what may be sent again goes out first, in order.

#ifndef LEAT_CLIENT_PARTITION_QUEUE_H_
#define LEAT_CLIENT_PARTITION_QUEUE_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "client/record.h"
#include "client/send_batch.h"
#include "client/sequencing.h"

namespace leat::client {

struct QueueOptions {
  size_t batch_bytes = 1 << 20;
  absl::Duration linger = absl::Milliseconds(5);
  absl::Duration delivery_timeout = absl::Seconds(30);
  size_t max_in_flight = 8;
  absl::Duration min_backoff = absl::Milliseconds(20);
  absl::Duration max_backoff = absl::Seconds(1);
};

class PartitionQueue {
 public:
  PartitionQueue(const QueueOptions& options, std::shared_ptr<const BatchTarget> target)
      : options_(options), target_(std::move(target)) {}

  // --- Filling ---

  struct Added {
    bool began_batch = false;
    bool closed_batch = false;
  };
  // Adds a record; if it begins a batch, that one is called `batch_id`. `wall_clock_ms` is its
  // timestamp if it has none. After either the sender has to look at this queue again.
  Added Add(const OutgoingRecord& record, SendCallback callback, size_t charge_bytes,
            uint64_t batch_id, int64_t wall_clock_ms, absl::Time now);

  // Closes the batch being filled if `record` does not fit. Whether it did.
  bool CloseIfFull(const OutgoingRecord& record);
  bool has_open_batch() const { return open_ != nullptr; }

  // Batches begun from now on go there: the topic was made again.
  void set_target(std::shared_ptr<const BatchTarget> target) { target_ = std::move(target); }

  // --- Idempotence ---

  // Begins to number batches, or goes on after the producer was initialised again; nothing must be
  // in flight. Errors of batches of which nobody can tell any more go to `completed`.
  void Renew(const ProducerIdentity& identity, std::vector<CompletedBatch>* completed);
  // Nothing is sent before `Renew`.
  bool broken() const { return sequencing_.broken(); }
  bool in_flight() const { return !in_flight_.empty(); }

  // --- Sending ---

  // Whether `TakeForSend` has something. Batches up to `flush_to` do not wait for linger.
  bool Sendable(absl::Time now, uint64_t flush_to) const;

  struct Outgoing {
    SendBatch* batch = nullptr;  // Lives until its answer is handled by this queue.
    std::optional<uint64_t> resume_after;
  };
  // The next batch, which is in flight as `request_id` from now on. Requires `Sendable`.
  Outgoing TakeForSend(uint64_t request_id);

  // Handles the answer to a request; `answer.status` tells whether it is an error. Appends to
  // `completed` what is over.
  void OnAnswer(uint64_t request_id, const SendResult& answer, absl::Time now,
                std::vector<CompletedBatch>* completed);

  // The stream ended with `status`: what was in flight has no answer, and the next stream has no
  // halted partitions.
  void OnStreamEnded(const absl::Status& status, absl::Time now,
                     std::vector<CompletedBatch>* completed);

  // Gives up what is older than the delivery timeout; `reason`, or else the last refusal, tells why
  // it may have waited. What is in flight then has an unknown outcome.
  void Expire(absl::Time now, const absl::Status& reason, std::vector<CompletedBatch>* completed);

  // Gives up everything.
  void Abandon(const absl::Status& status, std::vector<CompletedBatch>* completed);

  // --- Waiting ---

  // Why the server refused what was to be sent again; OK after something was appended.
  const absl::Status& refusal() const { return refusal_; }
  bool empty() const { return open_ == nullptr && waiting_.empty() && in_flight_.empty(); }
  // The first moment after `now` when `Sendable` or `Expire` may have something to do, if no answer
  // comes before.
  absl::Time NextDeadline(absl::Time now) const;

 private:
  struct InFlight {
    uint64_t request_id = 0;
    // Null when given up: the answer is awaited for the order's sake only.
    std::unique_ptr<SendBatch> batch;
  };

  void CloseOpenBatch();
  void OnFailure(InFlight request, const absl::Status& status, absl::Time now,
                 std::vector<CompletedBatch>* completed);
  absl::Duration NextBackoff(const absl::Status& status);
  // Puts those to be sent again before all others, in order, once the last answer is there.
  void RequeueRetries();

  const QueueOptions& options_;
  std::shared_ptr<const BatchTarget> target_;
  Sequencing sequencing_;
  std::unique_ptr<SendBatch> open_;
  std::deque<std::unique_ptr<SendBatch>> waiting_;
  std::deque<InFlight> in_flight_;
  std::vector<std::unique_ptr<SendBatch>> retries_;
  // What the server waits to hear of: the first request that failed since the last resume.
  std::optional<uint64_t> halted_by_;
  int failures_in_a_row_ = 0;
  absl::Status refusal_;
  absl::Time not_before_ = absl::InfinitePast();
};

}  // namespace leat::client

#endif  // LEAT_CLIENT_PARTITION_QUEUE_H_
