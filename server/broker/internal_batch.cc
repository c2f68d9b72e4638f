#include "server/broker/internal_batch.h"

#include <optional>

#include "absl/strings/cord.h"
#include "storage/record/record_set.h"

namespace leat::broker {

record::Batch EncodeInternalBatch(const std::vector<std::string>& values, int64_t now_ms) {
  record::RecordSetBuilder set;
  for (const std::string& value : values) set.Add(std::nullopt, value);
  record::Batch batch;
  batch.header.record_count = set.record_count();
  batch.header.last_offset_delta = set.record_count() - 1;
  batch.header.base_timestamp_ms = now_ms;
  batch.header.max_timestamp_ms = now_ms;
  batch.payload = absl::Cord(set.Take());
  batch.header.payload_bytes = batch.payload.size();
  batch.header.uncompressed_bytes = batch.payload.size();
  batch.header.payload_crc32c = record::Crc32c(batch.payload);
  return batch;
}

absl::StatusOr<std::vector<std::string>> DecodeInternalBatch(const record::Batch& batch) {
  std::vector<std::string> values;
  bool sound = batch.header.codec == record::Codec::kNone;
  const std::string payload(batch.payload);
  absl::Status walked =
      record::ForEachRecord(payload, [&](const record::RecordView& record, uint32_t) {
        sound = sound && record.value.has_value();
        if (sound) values.emplace_back(*record.value);
        return sound;
      });
  if (!walked.ok()) return walked;
  if (!sound) return absl::DataLossError("not a record of the server's own");
  return values;
}

}  // namespace leat::broker
