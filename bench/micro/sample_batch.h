// Batches as a producer sends them, for the benchmarks. Pure.

#ifndef LEAT_BENCH_MICRO_SAMPLE_BATCH_H_
#define LEAT_BENCH_MICRO_SAMPLE_BATCH_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "storage/record/batch.h"
#include "storage/record/record_set.h"

namespace leat::bench {

// A serialized set of so many records without a key.
inline std::string SampleRecordSet(uint32_t records, std::string_view value) {
  record::RecordSetBuilder builder;
  for (uint32_t i = 0; i < records; ++i) builder.Add(std::nullopt, value);
  return builder.Take();
}

inline record::Batch SampleBatch(uint32_t records, size_t record_bytes, int64_t base_offset) {
  const std::string set = SampleRecordSet(records, std::string(record_bytes, 'v'));
  record::Batch batch{.payload = absl::Cord(set)};
  batch.header.payload_bytes = static_cast<uint32_t>(set.size());
  batch.header.uncompressed_bytes = static_cast<uint32_t>(set.size());
  batch.header.payload_crc32c = record::Crc32c(set);
  batch.header.base_offset = {base_offset};
  batch.header.record_count = records;
  batch.header.last_offset_delta = records - 1;
  return batch;
}

}  // namespace leat::bench

#endif  // LEAT_BENCH_MICRO_SAMPLE_BATCH_H_
