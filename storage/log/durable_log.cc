#include "storage/log/durable_log.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include "storage/io/check.h"

namespace leat::log {

DurableLog::DurableLog(RecoveredLog recovered, size_t tail_bytes)
    : tail_(tail_bytes), log_start_(recovered.log_start), high_watermark_(recovered.next_offset) {
  for (SealedSegment& sealed : recovered.sealed) {
    segments_.push_back(std::make_shared<Segment>(std::move(sealed)));
  }
  if (recovered.active.has_value()) {
    segments_.push_back(std::make_shared<Segment>(*std::move(recovered.active)));
  }
  CheckOrder();
}

void DurableLog::Publish(BuiltFrame frame) {
  LEAT_CHECK(active() != nullptr && frame.header.first_offset == high_watermark_);
  active()->Publish(frame);
  high_watermark_ = frame.next_offset();
  tail_.Add(std::move(frame));
  CheckOrder();
}

void DurableLog::Add(ActiveSegment segment) {
  LEAT_CHECK(active() == nullptr && segment.header.base_offset == high_watermark_);
  segments_.push_back(std::make_shared<Segment>(std::move(segment)));
}

std::vector<std::shared_ptr<Segment>> DurableLog::TrimTo(record::Offset log_start) {
  log_start_ = std::max(log_start_, std::min(log_start, high_watermark_));
  CheckOrder();
  std::vector<std::shared_ptr<Segment>> dropped;
  while (!segments_.empty() && !segments_.front()->active() &&
         segments_.front()->next_offset() <= log_start_) {
    dropped.push_back(std::move(segments_.front()));
    segments_.pop_front();
  }
  return dropped;
}

bool DurableLog::Replace(const std::shared_ptr<Segment>& segment, SealedSegment replacement) {
  const auto place = std::find(segments_.begin(), segments_.end(), segment);
  if (place == segments_.end()) return false;
  LEAT_CHECK(!segment->active() && replacement.header.base_offset == segment->base_offset() &&
             replacement.footer.next_offset == segment->next_offset());
  *place = std::make_shared<Segment>(std::move(replacement));
  return true;
}

std::shared_ptr<Segment> DurableLog::active() const {
  return !segments_.empty() && segments_.back()->active() ? segments_.back() : nullptr;
}

std::shared_ptr<Segment> DurableLog::Find(record::Offset offset) const {
  const auto segment = std::partition_point(
      segments_.begin(), segments_.end(),
      [offset](const std::shared_ptr<Segment>& s) { return s->next_offset() <= offset; });
  const bool found = segment != segments_.end() && (*segment)->base_offset() <= offset;
  return found ? *segment : nullptr;
}

uint64_t DurableLog::bytes_on_disk() const {
  return std::accumulate(segments_.begin(), segments_.end(), uint64_t{0},
                         [](uint64_t sum, const std::shared_ptr<Segment>& segment) {
                           return sum + segment->file_bytes();
                         });
}

void DurableLog::CheckOrder() const { LEAT_CHECK(log_start_ <= high_watermark_); }

}  // namespace leat::log
