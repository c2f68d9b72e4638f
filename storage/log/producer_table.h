// What a log remembers of its idempotent producers: of each one its last batches, by which a batch
// that comes again is told from one that is next, and from one that cannot be taken.
//
// Pure: no I/O, no clock. `Apply` is the only way in, in order of the log: for batches as they
// become durable, and for those that recovery finds. Memory is bounded: when a producer comes that
// there is no room for, the one that was idle longest is forgotten, and those that were granted
// before it could have been are refused from then on (`forgotten_grant`), never taken for new.

#ifndef LEAT_STORAGE_LOG_PRODUCER_TABLE_H_
#define LEAT_STORAGE_LOG_PRODUCER_TABLE_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "absl/container/btree_map.h"
#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "storage/record/batch.h"
#include "storage/record/ids.h"
#include "storage/record/producer_sequence.h"

namespace leat::log {

// A batch that is in the log.
struct ProducerBatch {
  int32_t base_sequence = 0;
  uint32_t last_offset_delta = 0;  // Which compaction leaves as it was, unlike the record count.
  record::Offset base_offset;
  int64_t append_timestamp_ms = 0;

  int32_t last_sequence() const { return record::SequenceAfter(base_sequence, last_offset_delta); }
  record::Offset next_offset() const { return base_offset + (int64_t{last_offset_delta} + 1); }

  friend bool operator==(const ProducerBatch&, const ProducerBatch&) = default;
};

// One producer. `grant` numbers what the topic's producers were granted, one for each epoch; 0 when
// it is not known.
class ProducerEntry {
 public:
  // What comes again is among them.
  static constexpr size_t kMaxBatches = record::kMaxSequencedInFlight;

  int32_t epoch = -1;
  uint64_t grant = 0;

  // Takes in the batch of `header`; the oldest one goes. When it does not follow on those before,
  // the producer was forgotten and began anew, where this was not seen: then they all go.
  void Add(const record::BatchHeader& header);
  void Add(const ProducerBatch& batch);

  // As it was before the batch at `offset`: without that one and those after it.
  ProducerEntry Before(record::Offset offset) const;

  size_t size() const { return size_; }
  // Oldest first; there is at least one once any was added.
  const ProducerBatch& batch(size_t i) const { return batches_[i]; }
  const ProducerBatch& last() const { return batches_[size_ - 1]; }

  friend bool operator==(const ProducerEntry&, const ProducerEntry&) = default;

 private:
  std::array<ProducerBatch, kMaxBatches> batches_;
  size_t size_ = 0;
};

class ProducerTable {
 public:
  static constexpr size_t kMaxProducers = 1'000;
  // For `forgotten_grant`: whatever was granted so far. For what was lost with a snapshot.
  static constexpr uint64_t kAllGrants = UINT64_MAX;

  ProducerTable() : ProducerTable(kMaxProducers) {}
  explicit ProducerTable(size_t max_producers) : max_producers_(max_producers) {}

  // Takes in a batch of a producer.
  void Apply(const record::BatchHeader& header, uint64_t grant);

  // Takes in a whole entry, of a producer that is not there.
  void Put(int64_t producer_id, const ProducerEntry& entry);

  // Forgets producers whose last batch lies before `offset`.
  void Expire(record::Offset offset);

  // Fills in grants that a log does not tell. `latest` is the last one made.
  void ResolveGrants(absl::FunctionRef<uint64_t(int64_t producer_id)> grant_of, uint64_t latest);

  // Notes that a producer was granted anew, which is going to be told what is known of it here:
  // nullptr if nothing is. It then is not forgotten without that grant.
  const ProducerEntry* Renew(int64_t producer_id, uint64_t grant);

  // nullptr when it is not known.
  const ProducerEntry* Find(int64_t producer_id) const;

  // Producers granted up to here and not in the table may have been.
  uint64_t forgotten_grant() const { return forgotten_grant_; }
  void set_forgotten_grant(uint64_t grant) { forgotten_grant_ = grant; }

  const absl::btree_map<int64_t, ProducerEntry>& entries() const { return entries_; }
  bool empty() const { return entries_.empty(); }

 private:
  using Entries = absl::btree_map<int64_t, ProducerEntry>;

  Entries::iterator Forget(Entries::iterator entry);
  void MakeRoom();

  size_t max_producers_;
  Entries entries_;
  uint64_t forgotten_grant_ = 0;
};

// kProducerExpired, and kProducerFenced by the epoch in force, for the producer of `header`.
absl::Status ProducerExpired(const record::BatchHeader& header);
absl::Status ProducerFenced(const record::BatchHeader& header, int32_t epoch);

// What is to become of a batch of a producer of which `entry` is known (null: nothing). nullopt: it
// is the next one. A batch: it is there already, as this one. Errors: kOutOfOrderSequence,
// kProducerFenced, and kProducerExpired where the producer may have been forgotten.
absl::StatusOr<std::optional<ProducerBatch>> CheckSequence(const record::BatchHeader& header,
                                                           uint64_t grant,
                                                           const ProducerEntry* entry,
                                                           uint64_t forgotten_grant);

}  // namespace leat::log

#endif  // LEAT_STORAGE_LOG_PRODUCER_TABLE_H_
