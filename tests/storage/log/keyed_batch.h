// Batches of records with keys, and perhaps ids, that are appended on a condition on the keys.

#ifndef LEAT_TESTS_STORAGE_LOG_KEYED_BATCH_H_
#define LEAT_TESTS_STORAGE_LOG_KEYED_BATCH_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "storage/log/log_types.h"
#include "storage/record/fingerprint.h"
#include "storage/record/message_ids.h"
#include "storage/record/record_set.h"
#include "tests/storage/log/batches.h"

namespace leat::log {

// A record to be: an empty id is none.
struct KeyedRecord {
  std::string key;
  std::string value;
  std::string id;
};

struct KeyedBatch {
  record::Batch batch;
  AppendConditions conditions;
};

inline KeyedBatch MakeKeyed(const std::vector<KeyedRecord>& records, int64_t timestamp_ms,
                            std::optional<int64_t> expected_key_offset = std::nullopt) {
  record::RecordSetBuilder builder;
  for (const KeyedRecord& record : records) {
    std::vector<record::HeaderView> headers;
    if (!record.id.empty()) headers.push_back({record::kMessageIdHeader, record.id});
    builder.Add(record.key, record.value, 0, headers);
  }
  const std::string set = builder.Take();
  KeyedBatch made{BatchOf(set, -1, static_cast<uint32_t>(records.size()), timestamp_ms), {}};
  made.conditions.keys =
      std::make_shared<const record::KeyFingerprints>(record::FingerprintKeys(set).value());
  record::IdentifiedRecords identified = record::IdentifyRecords(set).value();
  if (!identified.empty()) {
    made.conditions.records =
        std::make_shared<const record::IdentifiedRecords>(std::move(identified));
  }
  if (expected_key_offset.has_value()) made.conditions.expected_key_offset = {*expected_key_offset};
  return made;
}

}  // namespace leat::log

#endif  // LEAT_TESTS_STORAGE_LOG_KEYED_BATCH_H_
