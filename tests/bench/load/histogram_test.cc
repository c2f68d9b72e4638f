#include "bench/load/histogram.h"

#include <algorithm>
#include <cmath>
#include <random>
#include <string>
#include <vector>

#include "gtest/gtest.h"

namespace leat::bench {
namespace {

constexpr double kPercentiles[] = {0, 1, 25, 50, 90, 99, 99.9, 99.99, 100};

// What a histogram without any error would say.
uint64_t ExactValueAt(const std::vector<uint64_t>& sorted, double percentile) {
  const double rank = std::ceil(percentile / 100 * static_cast<double>(sorted.size()));
  return sorted[std::max<size_t>(1, static_cast<size_t>(rank)) - 1];
}

// Latencies as they are: most in the middle, a few far out.
std::vector<uint64_t> Samples(uint64_t seed) {
  std::mt19937_64 random(seed);
  std::lognormal_distribution<double> latency(12, 2.5);
  std::vector<uint64_t> samples(20'000);
  for (uint64_t& sample : samples) sample = static_cast<uint64_t>(latency(random));
  return samples;
}

void ExpectAsSorted(const Histogram& histogram, std::vector<uint64_t> samples) {
  std::sort(samples.begin(), samples.end());
  EXPECT_EQ(histogram.count(), samples.size());
  EXPECT_EQ(histogram.max(), samples.back());
  for (const double percentile : kPercentiles) {
    const uint64_t exact = ExactValueAt(samples, percentile);
    const uint64_t value = histogram.ValueAt(percentile).value_or(0);
    EXPECT_GE(value, exact) << percentile;
    EXPECT_LE(static_cast<double>(value), static_cast<double>(exact) * (1 + 1.0 / 128))
        << percentile;
  }
}

TEST(HistogramTest, TellsPercentilesWithinItsErrorBound) {
  Histogram histogram;
  const std::vector<uint64_t> samples = Samples(1);
  for (const uint64_t sample : samples) histogram.Record(sample);
  ExpectAsSorted(histogram, samples);
}

TEST(HistogramTest, IsExactForSmallValues) {
  Histogram histogram;
  for (uint64_t value = 0; value < 256; ++value) histogram.Record(value);
  for (uint64_t value = 0; value < 256; ++value) {
    EXPECT_EQ(histogram.ValueAt(100.0 * static_cast<double>(value + 1) / 256), value);
  }
}

TEST(HistogramTest, MergesAsIfRecordedInOne) {
  std::vector<uint64_t> samples = Samples(2);
  Histogram first, second;
  for (const uint64_t sample : samples) first.Record(sample);
  for (const uint64_t sample : Samples(3)) {
    samples.push_back(sample);
    second.Record(sample);
  }
  first.Merge(second);
  ExpectAsSorted(first, samples);
}

TEST(HistogramTest, HoldsEveryPowerOfTwoAndItsNeighbours) {
  for (int bit = 1; bit <= 42; ++bit) {
    for (const uint64_t value :
         {(uint64_t{1} << bit) - 1, uint64_t{1} << bit, (uint64_t{1} << bit) + 1}) {
      Histogram histogram;
      histogram.Record(value);
      EXPECT_EQ(histogram.ValueAt(50), std::min(value, Histogram::kMaxValue));
    }
  }
}

TEST(HistogramTest, CountsWhatIsTooLargeAsTheLargest) {
  Histogram histogram;
  histogram.Record(UINT64_MAX);
  EXPECT_EQ(histogram.max(), Histogram::kMaxValue);
  EXPECT_EQ(histogram.count(), 1u);
}

TEST(HistogramTest, AnEmptyOneTellsNothing) {
  const Histogram histogram;
  EXPECT_EQ(histogram.ValueAt(99), std::nullopt);
  EXPECT_EQ(histogram.max(), std::nullopt);
  EXPECT_EQ(histogram.Mean(), std::nullopt);
  EXPECT_EQ(histogram.StandardDeviation(), std::nullopt);
}

TEST(HistogramTest, TellsMeanAndDeviation) {
  Histogram histogram;
  histogram.Record(2, 3);
  histogram.Record(6);
  EXPECT_DOUBLE_EQ(histogram.Mean().value_or(0), 3);
  EXPECT_DOUBLE_EQ(histogram.StandardDeviation().value_or(0), std::sqrt(3.0));
}

// Lines as HdrHistogram's own tools read them: value, share, running count, 1 / (1 - share).
TEST(HistogramTest, WritesPercentilesUpToTheLargestValue) {
  Histogram histogram;
  for (uint64_t value = 1; value <= 100; ++value) histogram.Record(value * 1'000'000);
  const std::string text = histogram.ToPercentileText(1e6);
  EXPECT_NE(text.find("       Value     Percentile TotalCount 1/(1-Percentile)\n\n"), text.npos);
  EXPECT_NE(text.find(" 0.500000000000         50           2.00\n"), text.npos) << text;
  EXPECT_NE(text.find("     100.000 1.000000000000        100\n#[Mean"), text.npos) << text;
  EXPECT_NE(text.find("#[Max     =      100.000, Total count    =          100]\n"), text.npos);
}

}  // namespace
}  // namespace leat::bench
