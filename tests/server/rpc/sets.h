// Record sets and batches for tests of this folder.

#ifndef LEAT_TESTS_SERVER_RPC_SETS_H_
#define LEAT_TESTS_SERVER_RPC_SETS_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/cord.h"
#include "leat/v1/record.pb.h"
#include "storage/record/batch.h"
#include "storage/record/compression.h"

namespace leat::rpc {

// `count` records whose values are `prefix` and a number, filled up to `value_bytes`.
inline v1::RecordSet Values(int count, const std::string& prefix = "v", size_t value_bytes = 0) {
  v1::RecordSet set;
  for (int i = 0; i < count; ++i) {
    std::string value = prefix + std::to_string(i);
    if (value.size() < value_bytes) value.append(value_bytes - value.size(), '.');
    set.add_records()->set_value(value);
  }
  return set;
}

// The set as a stored batch from `base` on.
inline record::Batch MakeBatch(const v1::RecordSet& set, int64_t base,
                               record::Codec codec = record::Codec::kNone) {
  const std::string bytes = set.SerializeAsString();
  record::Batch batch;
  batch.header.base_offset = {base};
  batch.header.record_count = static_cast<uint32_t>(set.records_size());
  batch.header.last_offset_delta = batch.header.record_count - 1;
  batch.header.codec = codec;
  batch.header.uncompressed_bytes = static_cast<uint32_t>(bytes.size());
  batch.payload =
      absl::Cord(codec == record::Codec::kNone ? bytes : *record::Compress(codec, bytes));
  batch.header.payload_bytes = static_cast<uint32_t>(batch.payload.size());
  return batch;
}

inline std::vector<std::string> ValuesOf(const v1::RecordSet& set) {
  std::vector<std::string> values;
  for (const v1::Record& record : set.records()) values.push_back(record.value());
  return values;
}

inline v1::RecordSet ParseSet(const absl::Cord& bytes) {
  v1::RecordSet set;
  if (!set.ParseFromString(std::string(bytes))) set.add_records()->set_value("(not a record set)");
  return set;
}

}  // namespace leat::rpc

#endif  // LEAT_TESTS_SERVER_RPC_SETS_H_
