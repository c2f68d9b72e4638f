#include "tests/crash/ledger.h"

#include <algorithm>
#include <string_view>

#include "fmt/format.h"
#include "storage/record/record_set.h"

namespace leat::crash {
namespace {

template <typename... Args>
absl::Status Wrong(fmt::format_string<Args...> format, Args&&... args) {
  return absl::DataLossError(fmt::format(format, std::forward<Args>(args)...));
}

absl::Status In(std::string_view what, const absl::Status& status) {
  return status.ok() ? status : Wrong("{}: {}", what, std::string(status.message()));
}

struct Record {
  std::string_view key;
  bool tombstone = false;
  std::string_view element;
};

// Notes the records of a set by their offsets.
void AddRecords(std::string_view set, int64_t base_offset, std::map<int64_t, Record>& records) {
  const auto note = [&](const record::RecordView& record, uint32_t delta) {
    records[base_offset + delta] = {record.key.value_or(""), !record.value.has_value(),
                                    record.element};
    return true;
  };
  if (!record::ForEachRecord(set, note).ok()) records.clear();
}

template <typename Map>
auto* Find(Map& map, const typename Map::key_type& key) {
  const auto at = map.find(key);
  return at == map.end() ? nullptr : &at->second;
}

}  // namespace

// --- Partitions ---

void PartitionLedger::Send(uint64_t number, uint32_t records, std::string payload) {
  doubtful_.push_back({number, records, std::move(payload)});
}

absl::Status PartitionLedger::Acknowledge(uint64_t number, int64_t base_offset) {
  if (doubtful_.empty() || doubtful_.front().number != number) {
    return Wrong("append {} is answered out of turn", number);
  }
  if (base_offset != end_) {
    return Wrong("append {} is answered with offset {} instead of {}", number, base_offset, end_);
  }
  end_ += doubtful_.front().records;
  acknowledged_.emplace(base_offset, std::move(doubtful_.front()));
  doubtful_.pop_front();
  return absl::OkStatus();
}

void PartitionLedger::Refuse(uint64_t number) {
  std::erase_if(doubtful_, [number](const Sent& sent) { return sent.number == number; });
}

void PartitionLedger::AskTrim(int64_t log_start) {
  asked_log_start_ = std::max(asked_log_start_, log_start);
}

void PartitionLedger::NoteLogStart(int64_t log_start) {
  log_start_ = std::max(log_start_, log_start);
  AskTrim(log_start);
}

absl::Status PartitionLedger::Check(const FoundPartition& found, const Upkeep& upkeep) const {
  if (found.high_watermark < end_) {
    return Wrong("acknowledged records are missing: offsets {} to {}", found.high_watermark,
                 end_ - 1);
  }
  if (found.log_start < log_start_) {
    return Wrong("the log start {} went back to {}", log_start_, found.log_start);
  }
  if (found.log_start > (upkeep.expires ? found.high_watermark : asked_log_start_)) {
    return Wrong("the log start {} is one that nobody asked for", found.log_start);
  }
  if (absl::Status order = CheckOrder(found); !order.ok()) return order;
  return upkeep.compacts ? CheckRecords(found) : CheckBatches(found);
}

absl::Status PartitionLedger::CheckOrder(const FoundPartition& found) const {
  int64_t next = found.batches.empty() ? found.log_start : found.batches.front().base_offset;
  int64_t timestamp_ms = 0;
  if (next > found.log_start) return Wrong("offsets {} to {} are missing", found.log_start, next);
  for (const FoundBatch& batch : found.batches) {
    if (batch.base_offset != next) return Wrong("offset {} follows {}", batch.base_offset, next);
    if (batch.append_timestamp_ms < timestamp_ms) {
      return Wrong("append time goes back at offset {}", next);
    }
    timestamp_ms = batch.append_timestamp_ms;
    next = batch.next_offset;
  }
  if (next == found.high_watermark) return absl::OkStatus();
  return Wrong("the log ends at offset {} and not at its high watermark {}", next,
               found.high_watermark);
}

std::map<int64_t, const PartitionLedger::Sent*> PartitionLedger::Expected() const {
  std::map<int64_t, const Sent*> expected;
  for (const auto& [offset, sent] : acknowledged_) expected.emplace(offset, &sent);
  int64_t offset = end_;
  for (const Sent& sent : doubtful_) {
    expected.emplace(offset, &sent);
    offset += sent.records;
  }
  return expected;
}

absl::Status PartitionLedger::CheckBatches(const FoundPartition& found) const {
  const std::map<int64_t, const Sent*> expected = Expected();
  for (const FoundBatch& batch : found.batches) {
    const auto sent = expected.find(batch.base_offset);
    if (sent == expected.end()) {
      return Wrong("the batch at offset {} was never sent there", batch.base_offset);
    }
    if (batch.payload != sent->second->payload || batch.records != sent->second->records) {
      return Wrong("the batch at offset {} is not that which was sent", batch.base_offset);
    }
  }
  return absl::OkStatus();
}

// The last record of each key must be there; where that is a tombstone, it may be gone with all
// that it deletes.
absl::Status PartitionLedger::CheckRecords(const FoundPartition& found) const {
  std::map<int64_t, Record> sent;
  for (const auto& [offset, batch] : Expected()) AddRecords(batch->payload, offset, sent);
  std::map<int64_t, Record> there;
  for (const FoundBatch& batch : found.batches) AddRecords(batch.payload, batch.base_offset, there);

  std::map<std::string_view, int64_t> first;
  for (const auto& [offset, record] : there) {
    const Record* known = Find(sent, offset);
    if (known == nullptr || known->element != record.element) {
      return Wrong("the record at offset {} was never sent there", offset);
    }
    first.try_emplace(record.key, offset);
  }
  std::map<std::string_view, int64_t> last;
  const int64_t begin = found.batches.empty() ? found.log_start : found.batches.front().base_offset;
  for (auto it = sent.lower_bound(begin); it != sent.end(); ++it) {
    if (it->first < found.high_watermark) last[it->second.key] = it->first;
  }
  for (const auto& [key, offset] : last) {
    if (there.contains(offset)) continue;
    if (!sent.at(offset).tombstone) return Wrong("offset {}, the last of its key, is gone", offset);
    if (const int64_t* back = Find(first, key)) {
      return Wrong("offset {} is there, and offset {}, which deletes it, is not", *back, offset);
    }
  }
  return absl::OkStatus();
}

void PartitionLedger::Adopt(const FoundPartition& found) {
  while (!doubtful_.empty() && end_ < found.high_watermark) {
    (void)Acknowledge(doubtful_.front().number, end_);
  }
  doubtful_.clear();
  // Where nothing was known before.
  for (const FoundBatch& batch : found.batches) {
    acknowledged_.try_emplace(batch.base_offset, Sent{0, batch.records, batch.payload});
  }
  acknowledged_.erase(acknowledged_.begin(),
                      found.batches.empty()
                          ? acknowledged_.end()
                          : acknowledged_.find(found.batches.front().base_offset));
  end_ = found.high_watermark;
  log_start_ = found.log_start;
  asked_log_start_ = found.log_start;
}

// --- Topics ---

void TopicLedger::Answer(State now) {
  asked_.reset();
  known_ = std::move(now);
  partitions_.resize(known_.has_value() ? known_->partition_count : 0);
}

absl::Status TopicLedger::Check(const FoundTopic* found) const {
  const auto is = [found](const State& state) {
    if (found == nullptr || !state.has_value()) return (found == nullptr) == !state.has_value();
    return found->topic.partition_count == state->partition_count &&
           found->topic.settings == state->settings &&
           (state->id == log::Uuid{} || found->topic.id == state->id);
  };
  if (!is(known_) && !(asked_.has_value() && is(*asked_))) {
    if (found == nullptr) return Wrong("is missing");
    return known_.has_value() ? Wrong("is not as it was told") : Wrong("was not made, or deleted");
  }
  if (found == nullptr) return absl::OkStatus();
  Upkeep upkeep;
  for (const State& state : {known_, asked_.value_or(std::nullopt)}) {
    if (!state.has_value()) continue;
    const broker::TopicSettings& settings = state->settings;
    upkeep.expires |= settings.retention_bytes > 0 && settings.cleanup != broker::Cleanup::kCompact;
    upkeep.compacts |= settings.cleanup != broker::Cleanup::kDelete;
  }
  for (size_t i = 0; i < found->partitions.size(); ++i) {
    absl::Status checked = i < partitions_.size()
                               ? partitions_[i].Check(found->partitions[i], upkeep)
                               : PartitionLedger().Check(found->partitions[i], upkeep);
    if (!checked.ok()) return In(fmt::format("partition {}", i), checked);
  }
  return absl::OkStatus();
}

void TopicLedger::Adopt(const FoundTopic* found) {
  Answer(found == nullptr ? State() : found->topic);
  for (size_t i = 0; i < partitions_.size(); ++i) partitions_[i].Adopt(found->partitions[i]);
}

// --- Groups ---

void GroupLedger::Answer(uint64_t number) {
  while (!asked_.empty() && asked_.front().first <= number) {
    known_ = asked_.front().second;
    asked_.pop_front();
  }
}

void GroupLedger::Refuse(uint64_t number) {
  std::erase_if(asked_, [number](const auto& asked) { return asked.first == number; });
}

absl::Status GroupLedger::Check(const std::vector<int64_t>* found) const {
  const auto is = [found](const State& state) {
    if (found == nullptr || !state.has_value()) return (found == nullptr) == !state.has_value();
    return !found->empty() && std::all_of(found->begin(), found->end(),
                                          [&](int64_t offset) { return offset == *state; });
  };
  if (is(known_)) return absl::OkStatus();
  for (const auto& [number, state] : asked_) {
    if (is(state)) return absl::OkStatus();
  }
  if (found == nullptr) return Wrong("is missing");
  if (!known_.has_value()) return Wrong("was not made, or deleted");
  return Wrong("has committed {}, but was told {}", fmt::join(*found, ", "), *known_);
}

void GroupLedger::Adopt(const std::vector<int64_t>* found) {
  asked_.clear();
  known_ = found == nullptr || found->empty() ? State() : found->front();
}

// --- All ---

absl::Status Ledger::Check(const Found& found) const {
  for (const auto& [name, topic] : topics) {
    absl::Status checked = topic.Check(Find(found.topics, name));
    if (!checked.ok()) return In("topic " + name, checked);
  }
  for (const auto& [name, group] : groups) {
    absl::Status checked = group.Check(Find(found.groups, name));
    if (!checked.ok()) return In("group " + name, checked);
  }
  for (const auto& [name, topic] : found.topics) {
    if (!topics.contains(name)) return Wrong("topic {}: nobody asked for it", name);
  }
  for (const auto& [name, group] : found.groups) {
    if (!groups.contains(name)) return Wrong("group {}: nobody asked for it", name);
  }
  return absl::OkStatus();
}

void Ledger::Adopt(const Found& found) {
  for (const auto& [name, topic] : found.topics) topics.try_emplace(name);
  for (const auto& [name, group] : found.groups) groups.try_emplace(name);
  for (auto& [name, topic] : topics) topic.Adopt(Find(found.topics, name));
  for (auto& [name, group] : groups) group.Adopt(Find(found.groups, name));
}

}  // namespace leat::crash
