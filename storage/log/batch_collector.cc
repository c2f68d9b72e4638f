#include "storage/log/batch_collector.h"

#include <string>
#include <utility>

#include "absl/strings/cord.h"

namespace leat::log {

bool BatchCollector::Add(absl::Span<const record::Batch> batches, const io::AlignedBuffer& memory) {
  for (const record::Batch& batch : batches) {
    if (batch.header.next_offset() <= result_.next_offset) continue;
    if (!empty() && bytes_ + batch.payload.size() > max_bytes_) return false;
    if (std::exchange(last_memory_, &memory) != &memory) memory_bytes_ += memory.size();
    bytes_ += batch.payload.size();
    result_.batches.push_back(batch);
    result_.next_offset = batch.header.next_offset();
  }
  return empty() || bytes_ < max_bytes_;
}

ReadResult BatchCollector::Take() {
  if (memory_bytes_ > kMaxMemoryRatio * bytes_ + kMaxMemorySlackBytes) {
    for (record::Batch& batch : result_.batches) batch.payload = std::string(batch.payload);
  }
  return std::move(result_);
}

}  // namespace leat::log
