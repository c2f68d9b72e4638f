#include "storage/log/batch_compaction.h"

#include <limits>
#include <string>
#include <utility>

#include "absl/strings/cord.h"
#include "storage/record/compression.h"
#include "storage/record/record_set.h"

namespace leat::log {
namespace {

using record::Batch;
using record::BatchHeader;
using record::Codec;
using record::Offset;
using record::RecordView;

// Whether what is in the batch are records for consumers, that stand for themselves.
bool HasPlainRecords(const BatchHeader& header) {
  constexpr uint16_t kNotPlain = record::kControlBatch | record::kTransactionalBatch;
  return header.record_count > 0 && (header.attributes & kNotPlain) == 0 &&
         header.encryption_key_id == 0;
}

absl::StatusOr<std::string> ReadRecords(const Batch& batch) {
  std::string payload(batch.payload);
  if (batch.header.codec == Codec::kNone) return payload;
  absl::StatusOr<std::string> set =
      record::Decompress(batch.header.codec, payload, batch.header.uncompressed_bytes);
  if (!set.ok()) return absl::DataLossError(set.status().message());
  return set;
}

absl::StatusOr<Batch> Rebuild(const BatchHeader& before, record::FilteredRecordSet left) {
  Batch batch{.header = before};
  BatchHeader& header = batch.header;
  header.attributes |= record::kCompactedBatch;
  header.record_count = left.record_count;
  header.uncompressed_bytes = static_cast<uint32_t>(left.records.size());
  if (left.record_count == 0) {
    header.codec = Codec::kNone;
    header.max_timestamp_ms = std::numeric_limits<int64_t>::min();
  } else if (header.timestamp_type == record::TimestampType::kCreate) {
    header.max_timestamp_ms = header.base_timestamp_ms + left.max_timestamp_delta_ms;
  }
  if (header.codec != Codec::kNone) {
    absl::StatusOr<std::string> compressed = record::Compress(header.codec, left.records);
    if (!compressed.ok()) return compressed.status();
    left.records = *std::move(compressed);
  }
  header.payload_bytes = static_cast<uint32_t>(left.records.size());
  header.payload_crc32c = record::Crc32c(left.records);
  batch.payload = absl::Cord(std::move(left.records));
  return batch;
}

}  // namespace

absl::StatusOr<Offset> NoteKeys(const Batch& batch, Offset from, CompactionKeys& keys) {
  const BatchHeader& header = batch.header;
  Offset noted_end = header.next_offset();
  if (!HasPlainRecords(header)) return noted_end;
  const absl::StatusOr<std::string> set = ReadRecords(batch);
  if (!set.ok()) return set.status();
  const absl::Status read =
      record::ForEachRecord(*set, [&](const RecordView& record, uint32_t delta) {
        const Offset offset = header.base_offset + delta;
        if (offset < from || !record.key.has_value() || keys.Add(*record.key, offset)) return true;
        noted_end = offset;
        return false;
      });
  if (!read.ok()) return read;
  return noted_end;
}

absl::StatusOr<CompactedBatch> CompactBatch(const Batch& batch, const CompactionRule& rule) {
  const BatchHeader& header = batch.header;
  CompactedBatch result{.batch = batch};
  if (!HasPlainRecords(header)) return result;
  const absl::StatusOr<std::string> set = ReadRecords(batch);
  if (!set.ok()) return set.status();
  absl::StatusOr<record::FilteredRecordSet> left =
      record::FilterRecordSet(*set, [&](const RecordView& record, uint32_t delta) {
        if (!record.key.has_value()) return true;
        const std::optional<Offset> last = rule.keys->Find(*record.key);
        if (last.has_value() && *last > header.base_offset + delta) return false;
        if (record.value.has_value()) return true;
        if (rule.tombstones == Tombstones::kDrop) return false;
        ++result.tombstones;
        return true;
      });
  if (!left.ok()) return left.status();
  result.removed = left->removed_count;
  if (result.removed == 0) return result;
  absl::StatusOr<Batch> rebuilt = Rebuild(header, *std::move(left));
  if (!rebuilt.ok()) return rebuilt.status();
  result.batch = *std::move(rebuilt);
  return result;
}

bool CanJoin(const BatchHeader& batch, const BatchHeader& next) {
  const auto only_offsets = [](const BatchHeader& header) {
    return header.record_count == 0 && header.producer_id == record::kNoProducer;
  };
  return only_offsets(batch) && only_offsets(next) && batch.leader_epoch == next.leader_epoch &&
         next.next_offset() - batch.base_offset <= std::numeric_limits<int32_t>::max();
}

void Join(BatchHeader& batch, const BatchHeader& next) {
  batch.last_offset_delta = static_cast<uint32_t>(next.next_offset() - batch.base_offset - 1);
  batch.append_timestamp_ms = next.append_timestamp_ms;
}

}  // namespace leat::log
