// Gathers the batches of one read: from the one that contains the offset asked for, as many as fit,
// but at least one. Memory only; the log's thread.

#ifndef LEAT_STORAGE_LOG_BATCH_COLLECTOR_H_
#define LEAT_STORAGE_LOG_BATCH_COLLECTOR_H_

#include <cstddef>

#include "absl/types/span.h"
#include "storage/io/aligned_buffer.h"
#include "storage/log/log_types.h"
#include "storage/record/batch.h"
#include "storage/record/ids.h"

namespace leat::log {

class BatchCollector {
 public:
  BatchCollector(record::Offset from, size_t max_bytes)
      : max_bytes_(max_bytes), result_{.batches = {}, .next_offset = from} {}

  // Adds those of `batches` that are wanted; they follow on what was given before, and share
  // `memory`. False when the read has all that it wants.
  bool Add(absl::Span<const record::Batch> batches, const io::AlignedBuffer& memory);

  bool empty() const { return result_.batches.empty(); }
  record::Offset next_offset() const { return result_.next_offset; }

  // The result. Where it would keep much more memory than it needs it is a copy.
  ReadResult Take();

 private:
  const size_t max_bytes_;
  size_t bytes_ = 0;
  const io::AlignedBuffer* last_memory_ = nullptr;
  size_t memory_bytes_ = 0;  // Of all that the result shares.
  ReadResult result_;
};

}  // namespace leat::log

#endif  // LEAT_STORAGE_LOG_BATCH_COLLECTOR_H_
