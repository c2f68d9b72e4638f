#include "storage/log/timestamp_search.h"

#include <algorithm>
#include <utility>

namespace leat::log {

TimestampSearch::TimestampSearch(std::shared_ptr<const DurableLog> log, int64_t timestamp_ms)
    : log_(std::move(log)), timestamp_ms_(timestamp_ms) {}

std::optional<TimestampSearch::Start> TimestampSearch::FindStart() const {
  const record::Offset log_start = log_->log_start();
  for (const std::shared_ptr<Segment>& segment : log_->segments()) {
    const SegmentIndex& index = segment->index();
    if (segment->next_offset() <= log_start || segment->empty() ||
        index.max_timestamp_ms() < timestamp_ms_) {
      continue;
    }
    const IndexEntry by_time = index.FindTimestamp(timestamp_ms_);
    const IndexEntry by_offset = index.FindOffset(std::max(log_start, segment->base_offset()));
    return Start{.segment = segment,
                 .entry = by_time.position < by_offset.position ? by_offset : by_time};
  }
  return std::nullopt;
}

bool TimestampSearch::Visit(const ParsedFrame& frame) {
  for (const record::Batch& batch : frame.batches) {
    const bool trimmed = batch.header.next_offset() <= log_->log_start();
    if (!trimmed && batch.header.max_timestamp_ms >= timestamp_ms_) {
      found_ = batch.header.base_offset;
      return false;
    }
  }
  return true;
}

record::Offset TimestampSearch::Result() const {
  return std::max(found_.value_or(log_->high_watermark()), log_->log_start());
}

}  // namespace leat::log
