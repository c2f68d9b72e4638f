#include "storage/log/producer_table.h"

#include <algorithm>

#include "fmt/format.h"
#include "storage/io/check.h"
#include "storage/record/error.h"

namespace leat::log {
namespace {

using record::MakeError;
using record::Reason;

absl::Status OutOfOrder(const record::BatchHeader& header, int32_t expected) {
  return MakeError(Reason::kOutOfOrderSequence,
                   fmt::format("the batch begins at sequence {}; the next one of producer {} is {}",
                               header.base_sequence, header.producer_id, expected),
                   {{"producerId", fmt::to_string(header.producer_id)},
                    {"expectedSequence", fmt::to_string(expected)}});
}

}  // namespace

absl::Status ProducerExpired(const record::BatchHeader& header) {
  return MakeError(
      Reason::kProducerExpired,
      fmt::format("nothing is known here of producer {}: initialise it again", header.producer_id),
      {{"producerId", fmt::to_string(header.producer_id)}});
}

absl::Status ProducerFenced(const record::BatchHeader& header, int32_t epoch) {
  return MakeError(Reason::kProducerFenced,
                   fmt::format("producer {} was initialised again: its epoch is {}, not {}",
                               header.producer_id, epoch, header.producer_epoch),
                   {{"producerId", fmt::to_string(header.producer_id)},
                    {"producerEpoch", fmt::to_string(epoch)}});
}

void ProducerEntry::Add(const record::BatchHeader& header) {
  epoch = std::max(epoch, header.producer_epoch);
  if (size_ > 0 && header.base_sequence != record::SequenceAfter(last().last_sequence(), 1)) {
    size_ = 0;
  }
  Add(ProducerBatch{.base_sequence = header.base_sequence,
                    .last_offset_delta = header.last_offset_delta,
                    .base_offset = header.base_offset,
                    .append_timestamp_ms = header.append_timestamp_ms});
}

void ProducerEntry::Add(const ProducerBatch& batch) {
  if (size_ == kMaxBatches) {
    std::move(batches_.begin() + 1, batches_.end(), batches_.begin());
    --size_;
  }
  batches_[size_++] = batch;
}

ProducerEntry ProducerEntry::Before(record::Offset offset) const {
  ProducerEntry before;
  before.epoch = epoch;
  before.grant = grant;
  for (size_t i = 0; i < size_ && batches_[i].base_offset < offset; ++i) before.Add(batches_[i]);
  return before;
}

void ProducerTable::Apply(const record::BatchHeader& header, uint64_t grant) {
  auto found = entries_.find(header.producer_id);
  if (found == entries_.end()) {
    MakeRoom();
    found = entries_.emplace(header.producer_id, ProducerEntry{}).first;
  }
  found->second.Add(header);
  found->second.grant = std::max(found->second.grant, grant);
}

void ProducerTable::Put(int64_t producer_id, const ProducerEntry& entry) {
  LEAT_CHECK(entry.size() > 0);
  MakeRoom();
  LEAT_CHECK(entries_.emplace(producer_id, entry).second);
}

void ProducerTable::Expire(record::Offset offset) {
  for (auto entry = entries_.begin(); entry != entries_.end();) {
    const bool idle = entry->second.last().base_offset < offset;
    entry = idle ? Forget(entry) : std::next(entry);
  }
}

void ProducerTable::MakeRoom() {
  if (entries_.size() < max_producers_) return;
  Forget(std::min_element(entries_.begin(), entries_.end(), [](const auto& a, const auto& b) {
    return a.second.last().base_offset < b.second.last().base_offset;
  }));
}

ProducerTable::Entries::iterator ProducerTable::Forget(Entries::iterator entry) {
  forgotten_grant_ = std::max(forgotten_grant_, entry->second.grant);
  return entries_.erase(entry);
}

void ProducerTable::ResolveGrants(absl::FunctionRef<uint64_t(int64_t producer_id)> grant_of,
                                  uint64_t latest) {
  for (auto& [id, entry] : entries_) entry.grant = std::max(entry.grant, grant_of(id));
  if (forgotten_grant_ == kAllGrants) forgotten_grant_ = latest;
}

const ProducerEntry* ProducerTable::Renew(int64_t producer_id, uint64_t grant) {
  const auto found = entries_.find(producer_id);
  if (found == entries_.end()) return nullptr;
  found->second.grant = std::max(found->second.grant, grant);
  return &found->second;
}

const ProducerEntry* ProducerTable::Find(int64_t producer_id) const {
  const auto found = entries_.find(producer_id);
  return found == entries_.end() ? nullptr : &found->second;
}

absl::StatusOr<std::optional<ProducerBatch>> CheckSequence(const record::BatchHeader& header,
                                                           uint64_t grant,
                                                           const ProducerEntry* entry,
                                                           uint64_t forgotten_grant) {
  if (entry == nullptr) {
    if (grant <= forgotten_grant) return ProducerExpired(header);
    if (header.base_sequence != 0) return OutOfOrder(header, 0);
    return std::nullopt;
  }
  if (header.producer_epoch < entry->epoch) return ProducerFenced(header, entry->epoch);
  const int32_t expected = record::SequenceAfter(entry->last().last_sequence(), 1);
  if (header.base_sequence == expected) return std::nullopt;
  for (size_t i = 0; i < entry->size(); ++i) {
    const ProducerBatch& batch = entry->batch(i);
    if (batch.base_sequence == header.base_sequence &&
        batch.last_offset_delta == header.last_offset_delta) {
      return batch;
    }
  }
  return OutOfOrder(header, expected);
}

}  // namespace leat::log
