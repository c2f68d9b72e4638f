// Decides about each batch of an idempotent producer as it comes, before what came ahead of it is
// durable: the table of what is, and on top of it the batches that are under way.
//
// Memory only. Owned by the log's `Appender`; the log's thread.

#ifndef LEAT_STORAGE_LOG_SEQUENCER_H_
#define LEAT_STORAGE_LOG_SEQUENCER_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "storage/io/clock.h"
#include "storage/log/producer_table.h"
#include "storage/record/batch.h"
#include "storage/record/ids.h"

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

  // Who appended nothing since here was idle for `idle`, by a clock that does not jump, and as far
  // as calls of this can tell: it learns with each where the log, whose `high_watermark` is that of
  // `now`, was at some time.
  record::Offset IdleBefore(absl::Duration idle, io::MonotonicTime now,
                            record::Offset high_watermark);

  // As `ProducerTable::Expire`, of what is durable.
  void Expire(record::Offset offset) { durable_.Expire(offset); }

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

  // So many times within `idle` it is noted where the log is.
  static constexpr int kMarks = 64;

  struct Mark {
    io::MonotonicTime time;
    record::Offset high_watermark;
  };

  ProducerTable durable_;
  std::deque<Mark> marks_;
  absl::flat_hash_map<int64_t, Ahead> ahead_;
};

}  // namespace leat::log

#endif  // LEAT_STORAGE_LOG_SEQUENCER_H_
