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

}  // namespace leat::golden

#endif  // LEAT_TESTS_STORAGE_GOLDEN_GOLDEN_RECORDS_H_
