#include "storage/log/id_window.h"

#include <algorithm>

#include "absl/container/flat_hash_set.h"

namespace leat::log {

void IdWindow::SetLimits(absl::Duration time, size_t max_ids) {
  time_ = time;
  max_ids_ = max_ids;
  if (on()) return;
  first_ = keep_from_ = end();
  known_.clear();
  numbers_.clear();
  slices_.clear();
}

const KnownId* IdWindow::Find(const record::Fingerprint& id) const {
  const auto found = numbers_.find(id);
  return found == numbers_.end() ? nullptr : &known_[found->second - first_];
}

bool IdWindow::AllNew(const record::IdentifiedRecords& records) const {
  absl::flat_hash_set<record::Fingerprint> here;
  here.reserve(records.size());
  return std::all_of(records.begin(), records.end(), [&](const record::IdentifiedRecord& record) {
    return !record.id.has_value() ||
           (Find(*record.id) == nullptr && here.insert(*record.id).second);
  });
}

std::shared_ptr<const RecordPlaces> IdWindow::Place(const record::IdentifiedRecords& records,
                                                    record::Offset log_end) const {
  if (AllNew(records)) return nullptr;
  auto places = std::make_shared<RecordPlaces>();
  absl::flat_hash_map<record::Fingerprint, record::Offset> here;
  for (const record::IdentifiedRecord& record : records) {
    const KnownId* const known = record.id.has_value() ? Find(*record.id) : nullptr;
    record::Offset offset = known == nullptr ? log_end : known->offset;
    bool duplicate = known != nullptr;
    if (record.id.has_value() && known == nullptr) {
      const auto [first, is_new] = here.try_emplace(*record.id, log_end);
      duplicate = !is_new;
      offset = first->second;
    }
    if (known != nullptr && places->append_timestamp_ms == 0) {
      places->append_timestamp_ms = known->append_timestamp_ms;
    }
    places->offsets.push_back(offset);
    places->duplicates.push_back(duplicate);
    places->duplicate_count += duplicate;
    if (!duplicate) log_end = log_end + 1;
  }
  return places;
}

void IdWindow::Add(const KnownId& known, io::MonotonicTime now) {
  if (slices_.empty() || now - slices_.back().begin >= time_ / kSlices) {
    slices_.push_back({.begin = now, .end = now, .first = end()});
  }
  slices_.back().end = now;
  numbers_[known.id] = end();
  known_.push_back(known);
}

void IdWindow::Add(const record::IdentifiedRecords& records, const RecordPlaces* places,
                   const record::BatchHeader& header, io::MonotonicTime now) {
  record::Offset offset = header.base_offset;
  for (size_t i = 0; i < records.size(); ++i) {
    if (places != nullptr && places->duplicates[i]) continue;
    if (records[i].id.has_value()) {
      Add({.id = *records[i].id,
           .offset = offset,
           .append_timestamp_ms = header.append_timestamp_ms},
          now);
    }
    offset = offset + 1;
  }
}

void IdWindow::Unindex(const record::Fingerprint& id, uint64_t number) {
  // It may have come again since, when it was in the window no more.
  const auto found = numbers_.find(id);
  if (found != numbers_.end() && found->second == number) numbers_.erase(found);
}

void IdWindow::TakeBack(record::Offset log_end) {
  while (!known_.empty() && known_.back().offset >= log_end) {
    Unindex(known_.back().id, end() - 1);
    known_.pop_back();
  }
  while (!slices_.empty() && slices_.back().first >= end()) slices_.pop_back();
  keep_from_ = std::min(keep_from_, end());
}

void IdWindow::Forget(io::MonotonicTime now, record::Offset high_watermark) {
  while (!slices_.empty() && now - slices_.front().end > time_) {
    slices_.pop_front();
    keep_from_ = slices_.empty() ? end() : slices_.front().first;
  }
  // What is queued takes no place from what is there: it may be taken back.
  const auto queued = std::partition_point(
      known_.begin(), known_.end(),
      [high_watermark](const KnownId& known) { return known.offset < high_watermark; });
  const auto durable = static_cast<uint64_t>(queued - known_.begin());
  const uint64_t too_many = first_ + durable - std::min<uint64_t>(durable, max_ids_);
  const uint64_t keep_from = std::max(keep_from_, too_many);
  while (first_ < keep_from && known_.front().offset < high_watermark) {
    Unindex(known_.front().id, first_);
    known_.pop_front();
    ++first_;
  }
}

}  // namespace leat::log
