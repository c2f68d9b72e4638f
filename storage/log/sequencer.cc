#include "storage/log/sequencer.h"

#include "storage/io/check.h"

namespace leat::log {

absl::StatusOr<std::optional<ProducerBatch>> Sequencer::Check(const record::BatchHeader& header,
                                                              uint64_t grant) const {
  if (header.producer_id == record::kNoProducer) return std::nullopt;
  const auto ahead = ahead_.find(header.producer_id);
  const ProducerEntry* const entry =
      ahead == ahead_.end() ? durable_.Find(header.producer_id) : &ahead->second.entry;
  return CheckSequence(header, grant, entry, durable_.forgotten_grant());
}

void Sequencer::Queue(const record::BatchHeader& header, uint64_t grant) {
  if (header.producer_id == record::kNoProducer) return;
  auto [ahead, is_new] = ahead_.try_emplace(header.producer_id);
  ProducerEntry& entry = ahead->second.entry;
  if (is_new) {
    if (const ProducerEntry* known = durable_.Find(header.producer_id)) entry = *known;
  }
  entry.Add(header);
  entry.grant = grant;
  ++ahead->second.batches;
}

void Sequencer::Publish(const record::BatchHeader& header) {
  if (header.producer_id == record::kNoProducer) return;
  const auto ahead = ahead_.find(header.producer_id);
  LEAT_CHECK(ahead != ahead_.end());
  const ProducerEntry& entry = ahead->second.entry;
  if (durable_.Find(header.producer_id) == nullptr) {
    // It was forgotten meanwhile, perhaps. What this batch follows on may come again.
    const ProducerEntry before = entry.Before(header.base_offset);
    if (before.size() > 0) durable_.Put(header.producer_id, before);
  }
  durable_.Apply(header, entry.grant);
  if (--ahead->second.batches == 0) ahead_.erase(ahead);
}

record::Offset Sequencer::IdleBefore(absl::Duration idle, io::MonotonicTime now,
                                     record::Offset high_watermark) {
  if (marks_.empty() || now - marks_.back().time >= idle / kMarks) {
    marks_.push_back({now, high_watermark});
  }
  while (marks_.size() > 1 && now - marks_[1].time > idle) marks_.pop_front();
  return now - marks_.front().time > idle ? marks_.front().high_watermark : record::Offset{};
}

void Sequencer::TakeBack(absl::Span<const record::BatchHeader> left) {
  const absl::flat_hash_map<int64_t, Ahead> before = std::exchange(ahead_, {});
  for (const record::BatchHeader& header : left) {
    if (header.producer_id == record::kNoProducer) continue;
    Queue(header, before.at(header.producer_id).entry.grant);
  }
}

}  // namespace leat::log
