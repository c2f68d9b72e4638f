#include "storage/log/tail_cache.h"

#include <algorithm>
#include <utility>

#include "storage/io/check.h"
#include "storage/log/batch_collector.h"

namespace leat::log {

void TailCache::Add(BuiltFrame frame) {
  if (frame.batches.empty()) return;
  LEAT_CHECK(frames_.empty() || frames_.back().next_offset() == frame.header.first_offset);
  bytes_ += frame.bytes->size();
  frames_.push_back(std::move(frame));
  Evict();
}

bool TailCache::Contains(record::Offset offset) const {
  return !frames_.empty() && frames_.front().header.first_offset <= offset &&
         offset < frames_.back().next_offset();
}

ReadResult TailCache::Read(record::Offset from, size_t max_bytes) const {
  LEAT_CHECK(Contains(from));
  auto frame = std::partition_point(frames_.begin(), frames_.end(), [from](const BuiltFrame& f) {
    return f.next_offset() <= from;
  });
  BatchCollector collector(from, max_bytes);
  while (frame != frames_.end() && collector.Add(frame->batches, *frame->bytes)) ++frame;
  return collector.Take();
}

void TailCache::DropBefore(record::Offset offset) {
  while (!frames_.empty() && frames_.front().next_offset() <= offset) DropOldest();
}

void TailCache::SetBytes(size_t bytes) {
  wanted_bytes_ = bytes;
  Evict();
}

void TailCache::Clear() {
  frames_.clear();
  bytes_ = 0;
}

void TailCache::Evict() {
  // The oldest frame goes once the others cover what is wanted, so that frames as large as the
  // whole tail are kept too.
  while (!frames_.empty() && bytes_ - frames_.front().bytes->size() >= wanted_bytes_) DropOldest();
}

void TailCache::DropOldest() {
  bytes_ -= frames_.front().bytes->size();
  frames_.pop_front();
}

}  // namespace leat::log
