// Gathers the batches of one read: from the one that contains the offset asked for, as many as fit,
// but at least one. Memory only; the log's thread.

#ifndef LEAT_STORAGE_LOG_BATCH_COLLECTOR_H_
#define LEAT_STORAGE_LOG_BATCH_COLLECTOR_H_

#include <cstddef>
#include <utility>

#include "absl/types/span.h"
#include "storage/log/log_types.h"
#include "storage/record/batch.h"
#include "storage/record/ids.h"

namespace leat::log {

class BatchCollector {
 public:
  BatchCollector(record::Offset from, size_t max_bytes)
      : max_bytes_(max_bytes), result_{.batches = {}, .next_offset = from} {}

  // Adds those of `batches` that are wanted; they follow on what was given before. False when the
  // read has all that it wants.
  bool Add(absl::Span<const record::Batch> batches) {
    for (const record::Batch& batch : batches) {
      if (batch.header.next_offset() <= result_.next_offset) continue;
      if (!empty() && bytes_ + batch.payload.size() > max_bytes_) return false;
      bytes_ += batch.payload.size();
      result_.batches.push_back(batch);
      result_.next_offset = batch.header.next_offset();
    }
    return empty() || bytes_ < max_bytes_;
  }

  bool empty() const { return result_.batches.empty(); }
  record::Offset next_offset() const { return result_.next_offset; }
  ReadResult Take() { return std::move(result_); }

 private:
  const size_t max_bytes_;
  size_t bytes_ = 0;
  ReadResult result_;
};

}  // namespace leat::log

#endif  // LEAT_STORAGE_LOG_BATCH_COLLECTOR_H_
