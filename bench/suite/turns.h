// A round of a measure: whoever is measured, one after the other. Blocking.

#ifndef LEAT_BENCH_SUITE_TURNS_H_
#define LEAT_BENCH_SUITE_TURNS_H_

#include <functional>
#include <vector>

#include "absl/status/statusor.h"
#include "bench/load/histogram.h"
#include "bench/load/load.h"

namespace leat::bench {

// Ends with a figure.
using Turn = std::function<absl::StatusOr<double>()>;

// The figures of `turns`, by their place, or the first error. In every second round the last one
// begins: what the one before left behind, to a disk or a processor that clocks down, is on both
// sides. Before each the kernel writes what it still holds.
absl::StatusOr<std::vector<double>> TakeTurns(int round, const std::vector<Turn>& turns);

enum class Figure { kRecords, kBytes };

// A second: produced and consumed together. The error of a load that failed.
absl::StatusOr<double> RateOf(const absl::StatusOr<LoadResult>& result, Figure figure);

// UNAVAILABLE where nothing was timed.
absl::StatusOr<double> SecondsAt(const Histogram& latency, double percentile);

}  // namespace leat::bench

#endif  // LEAT_BENCH_SUITE_TURNS_H_
