// A log-linear histogram in the manner of HdrHistogram: 128 equal buckets in each power of two.
//
// Fixed memory (36 KiB), whatever is recorded. A value comes back as the upper end of its bucket:
// never less than what was recorded, and more by less than 1/128 (0.8 %). Values up to 255 are
// exact; those from 2^42 on (73 minutes, in nanoseconds) count as 2^42 - 1. One thread at a time.

#ifndef LEAT_BENCH_LOAD_HISTOGRAM_H_
#define LEAT_BENCH_LOAD_HISTOGRAM_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

namespace leat::bench {

class Histogram {
 public:
  static constexpr uint64_t kMaxValue = (uint64_t{1} << 42) - 1;

  void Record(uint64_t value, uint64_t count = 1);

  // As if everything recorded in `other` had been recorded here.
  void Merge(const Histogram& other);

  uint64_t count() const { return count_; }
  // An empty histogram has none of these. The largest is exact but for the limit above.
  std::optional<uint64_t> max() const;
  std::optional<double> Mean() const;
  std::optional<double> StandardDeviation() const;
  // The least value that at least so many percent of those recorded do not exceed. `percentile` is
  // in [0, 100].
  std::optional<uint64_t> ValueAt(double percentile) const;

  // What HdrHistogram's `outputPercentileDistribution` writes, values divided by `unit`: five lines
  // for each halving of what lies above.
  std::string ToPercentileText(double unit) const;

 private:
  static constexpr int kPrecisionBits = 7;
  static constexpr size_t kPerOctave = size_t{1} << kPrecisionBits;
  static constexpr size_t kBuckets = (42 - kPrecisionBits + 1) * kPerOctave;

  static size_t BucketOf(uint64_t value);
  // The largest value of a bucket.
  static uint64_t UpperEnd(size_t bucket);
  // How many of those recorded do not exceed `value`, a bucket's upper end.
  uint64_t CountUpTo(uint64_t value) const;

  std::array<uint64_t, kBuckets> counts_ = {};
  uint64_t count_ = 0;
  uint64_t max_ = 0;
  double sum_ = 0;
  double sum_of_squares_ = 0;
};

}  // namespace leat::bench

#endif  // LEAT_BENCH_LOAD_HISTOGRAM_H_
