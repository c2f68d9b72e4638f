// Batches of records with message ids.

#ifndef LEAT_TESTS_STORAGE_LOG_IDENTIFIED_H_
#define LEAT_TESTS_STORAGE_LOG_IDENTIFIED_H_

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "gtest/gtest.h"
#include "storage/log/log_types.h"
#include "storage/record/compression.h"
#include "storage/record/message_ids.h"
#include "storage/record/record_set.h"
#include "tests/storage/log/batches.h"

namespace leat::log {

// A record to be: empty ids are none. All have the same key.
struct IdAndValue {
  std::string id;
  std::string value;
};

struct IdentifiedBatch {
  record::Batch batch;
  AppendConditions conditions;
};

inline IdentifiedBatch MakeIdentified(const std::vector<IdAndValue>& records, int64_t timestamp_ms,
                                      record::Codec codec = record::Codec::kNone) {
  record::RecordSetBuilder builder;
  for (const auto& [id, value] : records) {
    std::vector<record::HeaderView> headers;
    if (!id.empty()) headers.push_back({record::kMessageIdHeader, id});
    builder.Add("key", value, 0, headers);
  }
  const std::string set = builder.Take();
  auto identified = record::IdentifyRecords(set);
  EXPECT_TRUE(identified.ok()) << identified.status();
  IdentifiedBatch made{BatchOf(set, -1, static_cast<uint32_t>(records.size()), timestamp_ms), {}};
  if (codec != record::Codec::kNone) {
    const std::string compressed = *record::Compress(codec, set);
    made.batch.payload = absl::Cord(compressed);
    made.batch.header.codec = codec;
    made.batch.header.payload_bytes = static_cast<uint32_t>(compressed.size());
    made.batch.header.payload_crc32c = record::Crc32c(compressed);
  }
  if (!identified->empty()) {
    made.conditions.records =
        std::make_shared<const record::IdentifiedRecords>(*std::move(identified));
  }
  return made;
}

}  // namespace leat::log

#endif  // LEAT_TESTS_STORAGE_LOG_IDENTIFIED_H_
