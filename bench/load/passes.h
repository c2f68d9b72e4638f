// One pass over a topic that is there: batches written, or read and checked, and nothing measured.
// Blocking.

#ifndef LEAT_BENCH_LOAD_PASSES_H_
#define LEAT_BENCH_LOAD_PASSES_H_

#include <cstdint>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "bench/load/load_settings.h"

namespace leat::bench {

// Writes `settings.batches_max` batches, to the partitions in turn, as fast as answers come, to a
// topic that is empty. How many records each partition has got. Errors as those of `RunLoad`.
absl::StatusOr<std::vector<int64_t>> WriteBatches(const LoadSettings& settings);

// Reads from the start of each partition so many records. DATA_LOSS when one is missing or damaged
// or, unless they came through the client, another one than `WriteBatches` writes.
absl::Status ReadBatches(const LoadSettings& settings, const std::vector<int64_t>& records);

}  // namespace leat::bench

#endif  // LEAT_BENCH_LOAD_PASSES_H_
