#include "storage/log/index.h"

#include <algorithm>
#include <utility>

#include "storage/io/check.h"

namespace leat::log {

SegmentIndex::SegmentIndex(std::vector<IndexEntry> entries, int64_t max_timestamp_ms)
    : entries_(std::move(entries)), max_timestamp_ms_(max_timestamp_ms) {}

void SegmentIndex::AddFrame(record::Offset first_offset, io::FilePosition position,
                            int64_t max_timestamp_ms) {
  LEAT_CHECK(entries_.empty() ||
             (position > entries_.back().position && first_offset >= entries_.back().first_offset));
  if (entries_.empty() || position - entries_.back().position >= kIndexIntervalBytes) {
    entries_.push_back({first_offset, position, max_timestamp_ms_});
  }
  max_timestamp_ms_ = std::max(max_timestamp_ms_, max_timestamp_ms);
}

void SegmentIndex::Learn(const IndexEntry& frame) {
  const auto after = std::upper_bound(
      entries_.begin(), entries_.end(), frame.position,
      [](io::FilePosition wanted, const IndexEntry& entry) { return wanted < entry.position; });
  LEAT_CHECK(after != entries_.begin());
  if (frame.position - std::prev(after)->position < kIndexIntervalBytes) return;
  if (after != entries_.end() && after->position - frame.position < kIndexIntervalBytes) return;
  entries_.insert(after, frame);
}

IndexEntry SegmentIndex::FindOffset(record::Offset offset) const {
  LEAT_CHECK(!entries_.empty());
  const auto after = std::upper_bound(
      entries_.begin(), entries_.end(), offset,
      [](record::Offset wanted, const IndexEntry& entry) { return wanted < entry.first_offset; });
  return after == entries_.begin() ? entries_.front() : *std::prev(after);
}

IndexEntry SegmentIndex::FindTimestamp(int64_t timestamp_ms) const {
  LEAT_CHECK(!entries_.empty());
  // Everything before an entry is older than what is wanted as long as its maximum is.
  const auto after = std::partition_point(
      entries_.begin(), entries_.end(),
      [timestamp_ms](const IndexEntry& e) { return e.max_timestamp_ms < timestamp_ms; });
  return after == entries_.begin() ? entries_.front() : *std::prev(after);
}

}  // namespace leat::log
