#include "server/broker/metadata_batch.h"

#include <string>

#include "server/broker/internal_batch.h"
#include "storage/io/aligned_buffer.h"
#include "storage/log/format.h"

namespace leat::broker {

record::Batch EncodeMetadataBatch(const std::vector<internal::MetadataRecord>& records,
                                  int64_t now_ms) {
  std::vector<std::string> values;
  for (const internal::MetadataRecord& record : records) {
    values.push_back(record.SerializeAsString());
  }
  return EncodeInternalBatch(values, now_ms);
}

absl::StatusOr<std::vector<internal::MetadataRecord>> DecodeMetadataBatch(
    const record::Batch& batch) {
  absl::StatusOr<std::vector<std::string>> values = DecodeInternalBatch(batch);
  if (!values.ok()) return values.status();
  std::vector<internal::MetadataRecord> records;
  for (const std::string& value : *values) {
    if (!records.emplace_back().ParseFromString(value)) {
      return absl::DataLossError("not a record of the topics' log");
    }
  }
  return records;
}

uint64_t MetadataBatchBytes(const record::Batch& batch) {
  return io::RoundUpToBlock(log::FrameHeader::kEncodedBytes + record::BatchHeader::kEncodedBytes +
                            batch.payload.size());
}

}  // namespace leat::broker
