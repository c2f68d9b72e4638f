// Batches and frames for tests of the log.

#ifndef LEAT_TESTS_STORAGE_LOG_BATCHES_H_
#define LEAT_TESTS_STORAGE_LOG_BATCHES_H_

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/strings/cord.h"
#include "storage/io/aligned_buffer.h"
#include "storage/log/format.h"
#include "storage/log/frame.h"
#include "storage/record/batch.h"
#include "storage/record/record_set.h"

namespace leat::log {

// A batch of a set of `records` records, made and appended at `timestamp_ms`.
inline record::Batch BatchOf(const std::string& set, int64_t base_offset, uint32_t records,
                             int64_t timestamp_ms) {
  record::Batch batch{.payload = absl::Cord(set)};
  batch.header.payload_bytes = static_cast<uint32_t>(set.size());
  batch.header.uncompressed_bytes = static_cast<uint32_t>(set.size());
  batch.header.payload_crc32c = record::Crc32c(set);
  batch.header.base_offset = {base_offset};
  batch.header.record_count = records;
  batch.header.last_offset_delta = records - 1;
  batch.header.append_timestamp_ms = timestamp_ms;
  batch.header.base_timestamp_ms = timestamp_ms;
  batch.header.max_timestamp_ms = timestamp_ms;
  return batch;
}

// A batch of `records` records, each with `value`.
inline record::Batch MakeBatch(int64_t base_offset, uint32_t records, std::string_view value,
                               int64_t timestamp_ms) {
  record::RecordSetBuilder builder;
  for (uint32_t i = 0; i < records; ++i) builder.Add("key", value);
  return BatchOf(builder.Take(), base_offset, records, timestamp_ms);
}

inline std::string_view BytesOf(const BuiltFrame& frame) {
  return {frame.bytes->data(), frame.bytes->size()};
}

// The block that begins a segment file.
inline std::string SegmentHeaderBlock(const SegmentHeader& header) {
  std::string block(io::kBlockBytes, '\0');
  EncodeSegmentHeader(header, block.data());
  return block;
}

}  // namespace leat::log

#endif  // LEAT_TESTS_STORAGE_LOG_BATCHES_H_
