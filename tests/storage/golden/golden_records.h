// What the golden data directories hold, so that every later version can be asked for it.

#ifndef LEAT_TESTS_STORAGE_GOLDEN_GOLDEN_RECORDS_H_
#define LEAT_TESTS_STORAGE_GOLDEN_GOLDEN_RECORDS_H_

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "storage/record/batch.h"

namespace leat::golden {

inline constexpr char kTopic[] = "golden";
inline constexpr char kEmptyTopic[] = "empty";  // Of two partitions.
inline constexpr int64_t kLogStart = 1;         // Of kTopic, as it was trimmed.
inline constexpr int64_t kBaseTimestampMs = 1'700'000'000'000;

struct Record {
  std::optional<std::string> key;
  std::optional<std::string> value;
  std::vector<std::pair<std::string, std::optional<std::string>>> headers;
  int64_t timestamp_ms = kBaseTimestampMs;

  friend bool operator==(const Record&, const Record&) = default;
};

struct Batch {
  record::Codec codec = record::Codec::kNone;
  std::vector<Record> records;
};

// The batches of partition 0 of kTopic, in order from offset 0.
inline std::vector<Batch> Batches() {
  std::vector<Batch> batches;
  batches.push_back({record::Codec::kNone,
                     {{.key = "k1", .value = "hello"},
                      {.key = "k2",
                       .headers = {{"h", "x"}, {"h", ""}, {"n", std::nullopt}},
                       .timestamp_ms = kBaseTimestampMs + 5},
                      {.value = "", .timestamp_ms = kBaseTimestampMs - 5},
                      {}}});
  for (const record::Codec codec : {record::Codec::kZstd, record::Codec::kLz4}) {
    Batch& batch = batches.emplace_back(Batch{.codec = codec});
    for (int i = 0; i < 20; ++i) {
      batch.records.push_back({.key = "key " + std::to_string(i % 3),
                               .value = std::string(100, static_cast<char>('a' + i)),
                               .timestamp_ms = kBaseTimestampMs + i});
    }
  }
  // More than a block each, which begin new segments.
  for (const char fill : {'x', 'y'}) {
    batches.push_back(
        {record::Codec::kNone, {{.key = std::string(1, fill), .value = std::string(5'000, fill)}}});
  }
  return batches;
}

// The other directory of version 1 holds what compaction and dense rewriting made of these.
inline constexpr char kCompactedTopic[] = "compacted";
inline constexpr char kPaddedTopic[] = "padded";
inline constexpr char kTombstoneKey[] = "k2";

// Of kCompactedTopic: two sealed segments and an active one. Both codecs, batches that lose all,
// some and none of their records, a tombstone that is still there.
inline std::vector<Batch> KeyedBatches() {
  const auto record = [](const char* key, int number) {
    return Record{.key = key,
                  .value = key + std::string(" ") + std::to_string(number),
                  .headers = {{"n", std::to_string(number)}},
                  .timestamp_ms = kBaseTimestampMs + number};
  };
  const Record deleted{.key = kTombstoneKey, .timestamp_ms = kBaseTimestampMs + 40};
  return {
      {record::Codec::kNone, {record("k0", 0), record("k1", 1)}},
      {record::Codec::kZstd, {record("k2", 10), record("k0", 11), record("k3", 12)}},
      {record::Codec::kNone, {record("k1", 20), record("k0", 21)}},
      {record::Codec::kLz4, {record("k1", 30), record("k4", 31), record("k5", 32)}},
      {record::Codec::kNone, {deleted, record("k0", 41)}},
      {record::Codec::kNone, {record("k6", 50)}},
      {record::Codec::kNone, {record("k4", 60), record("k6", 61)}},
  };
}

// Of its records those that a later one superseded before the directory was written.
inline std::vector<int64_t> OffsetsCompactedAway() { return {0, 1, 2, 3, 5, 6}; }

// Of kPaddedTopic: a record each, in a block of its own until the segment was rewritten.
inline std::vector<Batch> PaddedBatches() {
  std::vector<Batch> batches;
  for (int i = 0; i < 8; ++i) {
    batches.push_back({record::Codec::kNone,
                       {{.key = "k", .value = std::string(50, static_cast<char>('a' + i))}}});
  }
  return batches;
}

}  // namespace leat::golden

#endif  // LEAT_TESTS_STORAGE_GOLDEN_GOLDEN_RECORDS_H_
