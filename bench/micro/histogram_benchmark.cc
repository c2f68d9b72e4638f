// The histogram of latencies: what recording one costs the load that is measured.

#include <benchmark/benchmark.h>

#include <cstdint>

#include "bench/load/histogram.h"

namespace leat::bench {
namespace {

void BM_HistogramRecord(benchmark::State& state) {
  Histogram histogram;
  uint64_t value = 1;
  for (auto _ : state) {
    // Latencies from nanoseconds to a second, far from each other.
    value = value * 6364136223846793005u + 1442695040888963407u;
    histogram.Record(value >> 34);
  }
  benchmark::DoNotOptimize(histogram.count());
}
BENCHMARK(BM_HistogramRecord);

void BM_HistogramValueAt(benchmark::State& state) {
  Histogram histogram;
  for (uint64_t i = 0; i < 100'000; ++i) histogram.Record(i * i);
  for (auto _ : state) benchmark::DoNotOptimize(histogram.ValueAt(99));
}
BENCHMARK(BM_HistogramValueAt);

}  // namespace
}  // namespace leat::bench
