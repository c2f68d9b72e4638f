#include "server/broker/metadata_batch.h"

#include <string>
#include <utility>

#include "absl/strings/cord.h"
#include "storage/io/aligned_buffer.h"
#include "storage/log/format.h"
#include "storage/record/record_set.h"

namespace leat::broker {

record::Batch EncodeMetadataBatch(const std::vector<internal::MetadataRecord>& records,
                                  int64_t now_ms) {
  record::RecordSetBuilder set;
  for (const internal::MetadataRecord& record : records) {
    set.Add(std::nullopt, record.SerializeAsString());
  }
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

absl::StatusOr<std::vector<internal::MetadataRecord>> DecodeMetadataBatch(
    const record::Batch& batch) {
  std::vector<internal::MetadataRecord> records;
  bool sound = batch.header.codec == record::Codec::kNone;
  const std::string payload(batch.payload);
  absl::Status walked =
      record::ForEachRecord(payload, [&](const record::RecordView& view, uint32_t) {
        internal::MetadataRecord& record = records.emplace_back();
        sound = sound && view.value.has_value() &&
                record.ParseFromArray(view.value->data(), static_cast<int>(view.value->size()));
        return sound;
      });
  if (!walked.ok()) return walked;
  if (!sound) return absl::DataLossError("not a record of the topics' log");
  return records;
}

uint64_t MetadataBatchBytes(const record::Batch& batch) {
  return io::RoundUpToBlock(log::FrameHeader::kEncodedBytes + record::BatchHeader::kEncodedBytes +
                            batch.payload.size());
}

}  // namespace leat::broker
