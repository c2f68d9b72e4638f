// Decides about each batch of an idempotent producer as it comes, before what came ahead of it is
// durable: the table of what is, and on top of it the batches that are under way.
//
// Memory only. Owned by the log's `Appender`; the log's thread.

#ifndef LEAT_STORAGE_LOG_SEQUENCER_H_
#define LEAT_STORAGE_LOG_SEQUENCER_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "storage/log/producer_table.h"
#include "storage/record/batch.h"

namespace leat::log {

class Sequencer {
 public:
  explicit Sequencer(ProducerTable durable) : durable_(std::move(durable)) {}

  // As `CheckSequence`, for a batch that would be queued now. nullopt also for one of no producer.
  absl::StatusOr<std::optional<ProducerBatch>> Check(const record::BatchHeader& header,
                                                     uint64_t grant) const;

  // The batch was queued; its offset and time are set.
  void Queue(const record::BatchHeader& header, uint64_t grant);

  // The batch, the first one under way of its producer, is durable.
  void Publish(const record::BatchHeader& header);

  // What was queued is not any more: of the batches under way only these are left.
  void TakeBack(absl::Span<const record::BatchHeader> left);

  // Forgets producers that were idle since before `timestamp_ms`.
  void Expire(int64_t timestamp_ms) { durable_.Expire(timestamp_ms); }

  // As `ProducerTable::Renew`, of what is durable.
  const ProducerEntry* Renew(int64_t producer_id, uint64_t grant) {
    return durable_.Renew(producer_id, grant);
  }

  // What is durable.
  const ProducerTable& durable() const { return durable_; }
  bool under_way() const { return !ahead_.empty(); }

 private:
  // A producer with batches under way.
  struct Ahead {
    ProducerEntry entry;  // As it is once they are durable.
    size_t batches = 0;
  };

  ProducerTable durable_;
  absl::flat_hash_map<int64_t, Ahead> ahead_;
};

}  // namespace leat::log

#endif  // LEAT_STORAGE_LOG_SEQUENCER_H_
