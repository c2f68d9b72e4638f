#include "storage/log/key_offsets.h"

#include <algorithm>
#include <string>
#include <string_view>

#include "fmt/format.h"
#include "storage/record/error.h"

namespace leat::log {
namespace {

using record::MakeError;
using record::Reason;

// Calls `visit(key, offset)` for each of `records` that has a key, if the first of them lies at
// `offset`.
template <typename Visit>
void ForEachKey(const KeyedRecords& records, record::Offset offset, Visit visit) {
  for (size_t i = 0; i < records.keys.size(); ++i) {
    if (records.places != nullptr && records.places->duplicates[i]) continue;
    if (records.keys[i].has_value()) visit(*records.keys[i], offset);
    offset = offset + 1;
  }
}

absl::Status PastTheEnd(record::Offset expected, record::Offset log_end) {
  return MakeError(Reason::kOffsetOutOfRange,
                   fmt::format("expected_key_offset is {}, and the log ends at {}", expected.value,
                               log_end.value),
                   {{"expected", fmt::to_string(expected.value)},
                    {"highWatermark", fmt::to_string(log_end.value)}});
}

absl::Status Conflict(std::string_view message, std::string_view name, record::Offset offset,
                      record::Offset expected) {
  return MakeError(Reason::kOffsetConflict, message,
                   {{std::string(name), fmt::to_string(offset.value)},
                    {"expected", fmt::to_string(expected.value)}});
}

}  // namespace

void KeyOffsets::SetLimit(size_t max_keys, record::Offset log_end) {
  if (!on() || max_keys == 0) BeginAt(log_end);
  const bool smaller = max_keys < max_keys_;
  max_keys_ = max_keys;
  Shrink();
  if (smaller) by_key_.rehash(0);
}

void KeyOffsets::BeginAt(record::Offset log_end) {
  by_key_.clear();
  by_offset_.clear();
  horizon_ = log_end;
}

absl::Status KeyOffsets::Check(const KeyedRecords& records, record::Offset expected,
                               record::Offset log_end) const {
  if (!on()) {
    return MakeError(Reason::kKeysNotChecked,
                     "the topic does not remember where its keys are: its checked_keys is 0");
  }
  if (expected > log_end) return PastTheEnd(expected, log_end);
  record::Offset last{-1};
  bool all_known = true;
  ForEachKey(records, log_end, [&](const record::Fingerprint& key, record::Offset) {
    const auto known = by_key_.find(key);
    all_known &= known != by_key_.end();
    if (known != by_key_.end()) last = std::max(last, known->second->offset);
  });
  if (last >= expected) {
    return Conflict(fmt::format("the key's last record is at offset {}, not before {}", last.value,
                                expected.value),
                    "actual", last, expected);
  }
  if (all_known || expected >= horizon_) return absl::OkStatus();
  return Conflict(fmt::format("where the key is before offset {} is not known", horizon_.value),
                  "horizon", horizon_, expected);
}

void KeyOffsets::Add(const KeyedRecords& records, const record::BatchHeader& header) {
  ForEachKey(records, header.base_offset,
             [this](const record::Fingerprint& key, record::Offset offset) {
               Add(key, offset);
               Shrink();
             });
}

void KeyOffsets::Add(const record::Fingerprint& key, record::Offset offset) {
  const auto [known, is_new] = by_key_.try_emplace(key);
  if (is_new) {
    known->second = by_offset_.insert(by_offset_.end(), {key, offset});
    return;
  }
  known->second->offset = offset;
  by_offset_.splice(by_offset_.end(), by_offset_, known->second);
}

void KeyOffsets::Shrink() {
  while (by_key_.size() > max_keys_) {
    const LastOffset& oldest = by_offset_.front();
    horizon_ = std::max(horizon_, oldest.offset + 1);
    by_key_.erase(oldest.key);
    by_offset_.pop_front();
  }
}

// Where their keys were before is not known: those are forgotten too.
void KeyOffsets::TakeBack(record::Offset log_end) {
  bool forgot = horizon_ > log_end;
  while (!by_offset_.empty() && by_offset_.back().offset >= log_end) {
    by_key_.erase(by_offset_.back().key);
    by_offset_.pop_back();
    forgot = true;
  }
  if (forgot) horizon_ = log_end;
}

}  // namespace leat::log
