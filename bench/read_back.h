// The few calls that benchmarks need to prepare a topic and to check what they wrote. Blocking.

#ifndef LEAT_BENCH_READ_BACK_H_
#define LEAT_BENCH_READ_BACK_H_

#include <cstdint>
#include <string>

#include "absl/status/status.h"

namespace leat::bench {

absl::Status CreateTopic(const std::string& address, const std::string& topic,
                         uint32_t partition_count = 1);
absl::Status DeleteTopic(const std::string& address, const std::string& topic);

// Reads a partition from its start, whole batches; an error unless it holds exactly `records`
// records, densely, each checksum right.
absl::Status ReadBack(const std::string& address, const std::string& topic, uint64_t records,
                      uint32_t partition = 0);

}  // namespace leat::bench

#endif  // LEAT_BENCH_READ_BACK_H_
