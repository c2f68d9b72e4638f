// How an idempotent producer numbers what it sends to a partition. Client and server agree here.

#ifndef LEAT_STORAGE_RECORD_PRODUCER_SEQUENCE_H_
#define LEAT_STORAGE_RECORD_PRODUCER_SEQUENCE_H_

#include <cstddef>
#include <cstdint>

namespace leat::record {

// Whose a batch is, and which of theirs: `leat.v1.ProducerSequence`.
struct ProducerSequence {
  int64_t producer_id = 0;
  int32_t producer_epoch = 0;
  int32_t base_sequence = 0;  // Of its first record.
};

// Sequences number records from 0, and go on at 0 after this one.
inline constexpr uint32_t kLastSequence = INT32_MAX;

// So many batches of a producer are known again, and may be in flight.
inline constexpr size_t kMaxSequencedInFlight = 8;

inline int32_t SequenceAfter(int32_t sequence, uint32_t records) {
  return static_cast<int32_t>((static_cast<uint32_t>(sequence) + records) & kLastSequence);
}

}  // namespace leat::record

#endif  // LEAT_STORAGE_RECORD_PRODUCER_SEQUENCE_H_
