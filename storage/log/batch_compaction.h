// What compaction makes of one batch: which of its records stay. Bytes only; any thread.
//
// A batch keeps its place among the offsets, whatever is taken out of it: the offsets of batches
// follow one another without a gap, those of records need not.

#ifndef LEAT_STORAGE_LOG_BATCH_COMPACTION_H_
#define LEAT_STORAGE_LOG_BATCH_COMPACTION_H_

#include <cstdint>

#include "absl/status/statusor.h"
#include "storage/log/compaction_keys.h"
#include "storage/record/batch.h"
#include "storage/record/ids.h"

namespace leat::log {

enum class Tombstones { kKeep, kDrop };

struct CompactionRule {
  const CompactionKeys* keys = nullptr;
  Tombstones tombstones = Tombstones::kKeep;
};

struct CompactedBatch {
  record::Batch batch;
  uint32_t removed = 0;     // Records that are not in it any more.
  uint32_t tombstones = 0;  // Records without a value that are.
};

// Notes the keys of the records of `batch` at or after `from`. Gives the first offset that found no
// room; the end of the batch when all did. DATA_LOSS when the payload is malformed.
absl::StatusOr<record::Offset> NoteKeys(const record::Batch& batch, record::Offset from,
                                        CompactionKeys& keys);

// Takes out the records whose key has a later one in `rule.keys`, and tombstones where they are to
// go. Records without a key stay, and so do control and transactional batches as a whole. Without a
// change the payload is shared. DATA_LOSS when the payload is malformed.
absl::StatusOr<CompactedBatch> CompactBatch(const record::Batch& batch, const CompactionRule& rule);

// Whether `next`, which follows on `batch`, adds nothing but offsets to it: neither has records, or
// a producer whose sequence they bear witness of.
bool CanJoin(const record::BatchHeader& batch, const record::BatchHeader& next);

// Extends an empty batch by the one that follows on it.
void Join(record::BatchHeader& batch, const record::BatchHeader& next);

}  // namespace leat::log

#endif  // LEAT_STORAGE_LOG_BATCH_COMPACTION_H_
