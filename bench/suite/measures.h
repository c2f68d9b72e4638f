// What the suite measures: the rows of the table in docs/performance.md. Each runs for its rounds,
// Leat and its floors in turn. Blocking.

#ifndef LEAT_BENCH_SUITE_MEASURES_H_
#define LEAT_BENCH_SUITE_MEASURES_H_

#include <vector>

#include "absl/status/statusor.h"
#include "bench/suite/stage.h"
#include "bench/suite/suite_row.h"

namespace leat::bench {

using Rows = std::vector<SuiteRow>;

struct Measure {
  const char* name;
  absl::StatusOr<Rows> (*run)(const Stage& stage);
};

const std::vector<Measure>& AllMeasures();

// Those that compare Leat with null servers and the bare disk.
absl::StatusOr<Rows> ProduceLargeBatches(const Stage& stage);
absl::StatusOr<Rows> ProduceThroughClient(const Stage& stage);
absl::StatusOr<Rows> ProduceUnary(const Stage& stage);
absl::StatusOr<Rows> ProduceUnbatched(const Stage& stage);
absl::StatusOr<Rows> Replay(const Stage& stage);
absl::StatusOr<Rows> OneAtATime(const Stage& stage);

// Those that compare Leat with itself.
absl::StatusOr<Rows> HalfOfSaturation(const Stage& stage);
absl::StatusOr<Rows> Together(const Stage& stage);
absl::StatusOr<Rows> ManyPartitions(const Stage& stage);
absl::StatusOr<Rows> ManyConsumers(const Stage& stage);
absl::StatusOr<Rows> IdleFollowers(const Stage& stage);

}  // namespace leat::bench

#endif  // LEAT_BENCH_SUITE_MEASURES_H_
