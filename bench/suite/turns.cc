#include "bench/suite/turns.h"

#include <unistd.h>

#include <cstdint>
#include <optional>

#include "absl/status/status.h"

namespace leat::bench {

absl::StatusOr<std::vector<double>> TakeTurns(int round, const std::vector<Turn>& turns) {
  std::vector<double> figures(turns.size());
  for (size_t i = 0; i < turns.size(); ++i) {
    const size_t place = round % 2 == 0 ? i : turns.size() - 1 - i;
    sync();
    const absl::StatusOr<double> figure = turns[place]();
    if (!figure.ok()) return figure.status();
    figures[place] = *figure;
  }
  return figures;
}

absl::StatusOr<double> RateOf(const absl::StatusOr<LoadResult>& result, Figure figure) {
  if (!result.ok()) return result.status();
  Tally tally = result->produced;
  tally += result->consumed;
  const uint64_t amount = figure == Figure::kRecords ? tally.records : tally.bytes;
  return static_cast<double>(amount) / absl::ToDoubleSeconds(result->elapsed);
}

absl::StatusOr<double> SecondsAt(const Histogram& latency, double percentile) {
  const std::optional<uint64_t> nanos = latency.ValueAt(percentile);
  if (!nanos.has_value()) return absl::UnavailableError("nothing was timed: measure for longer");
  return static_cast<double>(*nanos) / 1e9;
}

}  // namespace leat::bench
