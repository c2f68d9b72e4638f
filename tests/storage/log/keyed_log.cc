#include "tests/storage/log/keyed_log.h"

#include <algorithm>
#include <utility>

#include "gtest/gtest.h"
#include "storage/log/segment_file.h"
#include "storage/record/compression.h"
#include "storage/record/record_set.h"

namespace leat::log {
namespace {

record::Batch MakeKeyedBatch(const std::vector<KeyedRecord>& records, int64_t base_timestamp_ms,
                             record::Codec codec) {
  record::RecordSetBuilder builder;
  record::Batch batch;
  record::BatchHeader& header = batch.header;
  header.max_timestamp_ms = INT64_MIN;
  for (const KeyedRecord& record : records) {
    builder.Add(record.key, record.value, record.timestamp_ms - base_timestamp_ms);
    header.max_timestamp_ms = std::max(header.max_timestamp_ms, record.timestamp_ms);
  }
  const std::string set = builder.Take();
  std::string payload = codec == record::Codec::kNone ? set : *record::Compress(codec, set);
  header.base_offset = {-1};
  header.codec = codec;
  header.record_count = static_cast<uint32_t>(records.size());
  header.last_offset_delta = header.record_count - 1;
  header.uncompressed_bytes = static_cast<uint32_t>(set.size());
  header.payload_bytes = static_cast<uint32_t>(payload.size());
  header.payload_crc32c = record::Crc32c(payload);
  header.base_timestamp_ms = base_timestamp_ms;
  batch.payload = absl::Cord(std::move(payload));
  return batch;
}

}  // namespace

KeyedRecords RecordsOf(const record::Batch& batch) {
  const record::BatchHeader& header = batch.header;
  std::string set(batch.payload);
  if (header.codec != record::Codec::kNone) {
    set = record::Decompress(header.codec, set, header.uncompressed_bytes).value();
  }
  EXPECT_EQ(set.size(), header.uncompressed_bytes);
  KeyedRecords records;
  const absl::Status read =
      record::ForEachRecord(set, [&](const record::RecordView& record, uint32_t delta) {
        EXPECT_LE(delta, header.last_offset_delta);
        KeyedRecord& found = records[header.base_offset.value + delta];
        if (record.key.has_value()) found.key = std::string(*record.key);
        if (record.value.has_value()) found.value = std::string(*record.value);
        found.timestamp_ms = header.base_timestamp_ms + record.timestamp_delta_ms;
        found.element = std::string(record.element);
        found.append_timestamp_ms = header.append_timestamp_ms;
        EXPECT_LE(found.timestamp_ms, header.max_timestamp_ms);
        return true;
      });
  EXPECT_TRUE(read.ok()) << read;
  EXPECT_EQ(records.size(), header.record_count);
  return records;
}

absl::Status KeyedLog::AppendKeyed(const std::vector<KeyedRecord>& records, record::Codec codec) {
  const record::Batch batch = MakeKeyedBatch(records, clock().WallMillis(), codec);
  std::optional<absl::StatusOr<AppendResult>> answer;
  log().Append(batch,
               [&answer](absl::StatusOr<AppendResult> result) { answer = std::move(result); });
  while (!answer.has_value() && loop().Step()) {
  }
  if (!answer.has_value()) return absl::UnknownError("no answer");
  if (!answer->ok()) return answer->status();
  record::Batch appended = batch;
  appended.header.base_offset = (*answer)->base_offset;
  appended.header.append_timestamp_ms = (*answer)->append_timestamp_ms;
  EXPECT_EQ(appended.header.base_offset.value, end_);
  end_ = appended.header.next_offset().value;
  appended_.merge(RecordsOf(appended));
  return absl::OkStatus();
}

void KeyedLog::Roll() {
  LogOptions old = options();
  old.segment_age = absl::ZeroDuration();
  log().SetOptions(old);
  clock().AdvanceTo(clock().Monotonic() + absl::Milliseconds(1));
  log().RetentionTarget();
  Run();
  log().SetOptions(options());
}

void KeyedLog::BeginCompaction(const CompactionLimits& limits) {
  compacting_ = true;
  log().Compact(limits, [this](absl::Status status, CompactionReport report) {
    compacting_ = false;
    status_ = std::move(status);
    report_ = report;
  });
}

absl::Status KeyedLog::Compact(const CompactionLimits& limits) {
  BeginCompaction(limits);
  Run();
  return compacting_ ? absl::UnknownError("compaction does not end") : status_;
}

KeyedRecords KeyedLog::ReadKeyed(size_t max_bytes) {
  KeyedRecords all;
  record::Offset next = log().log_start();
  while (next < log().high_watermark()) {
    const absl::StatusOr<ReadResult> result = ReadBatches(next.value, max_bytes);
    EXPECT_TRUE(result.ok()) << result.status();
    if (!result.ok() || result->batches.empty()) return all;
    for (const record::Batch& batch : result->batches) {
      const bool first = next == log().log_start();
      EXPECT_TRUE(batch.header.base_offset == next || (first && batch.header.base_offset < next));
      next = batch.header.next_offset();
      all.merge(RecordsOf(batch));
    }
    EXPECT_EQ(result->next_offset, next);
  }
  EXPECT_EQ(next, log().high_watermark());
  all.erase(all.begin(), all.lower_bound(log().log_start().value));
  return all;
}

void KeyedLog::ExpectSound(const KeyedRecords& seen, int64_t from, int64_t to) const {
  for (const auto& [offset, record] : seen) {
    const auto known = appended_.find(offset);
    ASSERT_NE(known, appended_.end()) << "invented: offset " << offset;
    EXPECT_EQ(record, known->second) << "changed: offset " << offset;
  }
  const std::map<std::string, int64_t> last = LastOffsets(appended_, end_);
  for (auto it = appended_.lower_bound(from); it != appended_.end() && it->first < to; ++it) {
    const auto& [offset, record] = *it;
    const bool superseded = record.key.has_value() && last.at(*record.key) != offset;
    const bool tombstone = record.key.has_value() && !record.value.has_value();
    if (superseded || tombstone) continue;
    EXPECT_TRUE(seen.contains(offset)) << "lost: offset " << offset;
  }
}

void KeyedLog::ExpectSound() {
  const KeyedRecords all = ReadKeyed();
  ExpectSound(all, log().log_start().value, end_);
  const std::map<std::string, int64_t> last = LastOffsets(appended_, end_);
  for (const auto& [offset, record] : all) {
    if (!record.key.has_value()) continue;
    EXPECT_TRUE(all.contains(last.at(*record.key)))
        << "offset " << offset << " is back, which offset " << last.at(*record.key) << " replaced";
  }
}

int64_t KeyedLog::SealedEnd() {
  int64_t end = 0;
  for (const std::string& name : Files()) {
    if (const auto base = ParseSegmentFileName(name)) end = base->value;
  }
  return end;
}

std::map<std::string, int64_t> LastOffsets(const KeyedRecords& records, int64_t end) {
  std::map<std::string, int64_t> last;
  for (const auto& [offset, record] : records) {
    if (offset < end && record.key.has_value()) last[*record.key] = offset;
  }
  return last;
}

}  // namespace leat::log
