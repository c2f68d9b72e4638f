// What a server holds, as those who read from it see it. Plain values.

#ifndef LEAT_TESTS_CRASH_FOUND_H_
#define LEAT_TESTS_CRASH_FOUND_H_

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "server/broker/topic.h"

namespace leat::crash {

struct FoundBatch {
  int64_t base_offset = 0;
  int64_t next_offset = 0;
  uint32_t records = 0;  // Less than the offsets, where compaction took some out.
  int64_t append_timestamp_ms = 0;
  std::string payload;

  friend bool operator==(const FoundBatch&, const FoundBatch&) = default;
};

struct FoundPartition {
  int64_t log_start = 0;
  int64_t high_watermark = 0;
  std::vector<FoundBatch> batches;  // From the one that holds the log start.

  friend bool operator==(const FoundPartition&, const FoundPartition&) = default;
};

struct FoundTopic {
  broker::Topic topic;
  std::vector<FoundPartition> partitions;

  friend bool operator==(const FoundTopic&, const FoundTopic&) = default;
};

struct Found {
  std::map<std::string, FoundTopic> topics;            // By name.
  std::map<std::string, std::vector<int64_t>> groups;  // Committed offsets, in order of partitions.

  friend bool operator==(const Found&, const Found&) = default;
};

}  // namespace leat::crash

#endif  // LEAT_TESTS_CRASH_FOUND_H_
