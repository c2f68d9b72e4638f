#include "bench/load/histogram.h"

#include <algorithm>
#include <bit>
#include <cmath>

#include "fmt/format.h"

namespace leat::bench {

// The first two octaves' worth of buckets hold one value each; from then on the n-th next octave
// has buckets of 2^n values.
size_t Histogram::BucketOf(uint64_t value) {
  const int shift = std::max(0, static_cast<int>(std::bit_width(value)) - kPrecisionBits - 1);
  return static_cast<size_t>(shift) * kPerOctave + static_cast<size_t>(value >> shift);
}

uint64_t Histogram::UpperEnd(size_t bucket) {
  if (bucket < 2 * kPerOctave) return bucket;
  const size_t shift = bucket / kPerOctave - 1;
  const uint64_t first = uint64_t{kPerOctave + bucket % kPerOctave} << shift;
  return first + (uint64_t{1} << shift) - 1;
}

void Histogram::Record(uint64_t value, uint64_t count) {
  if (count == 0) return;
  value = std::min(value, kMaxValue);
  counts_[BucketOf(value)] += count;
  count_ += count;
  max_ = std::max(max_, value);
  const auto number = static_cast<double>(value);
  sum_ += number * static_cast<double>(count);
  sum_of_squares_ += number * number * static_cast<double>(count);
}

void Histogram::Merge(const Histogram& other) {
  for (size_t i = 0; i < kBuckets; ++i) counts_[i] += other.counts_[i];
  count_ += other.count_;
  max_ = std::max(max_, other.max_);
  sum_ += other.sum_;
  sum_of_squares_ += other.sum_of_squares_;
}

std::optional<uint64_t> Histogram::max() const {
  return count_ == 0 ? std::nullopt : std::optional(max_);
}

std::optional<double> Histogram::Mean() const {
  return count_ == 0 ? std::nullopt : std::optional(sum_ / static_cast<double>(count_));
}

std::optional<double> Histogram::StandardDeviation() const {
  if (count_ == 0) return std::nullopt;
  const double mean = *Mean();
  return std::sqrt(std::max(0.0, sum_of_squares_ / static_cast<double>(count_) - mean * mean));
}

std::optional<uint64_t> Histogram::ValueAt(double percentile) const {
  if (count_ == 0) return std::nullopt;
  const double share = std::clamp(percentile, 0.0, 100.0) / 100;
  const auto rank =
      std::max<uint64_t>(1, static_cast<uint64_t>(std::ceil(share * static_cast<double>(count_))));
  uint64_t seen = 0;
  for (size_t i = 0; i < kBuckets; ++i) {
    seen += counts_[i];
    if (seen >= rank) return std::min(UpperEnd(i), max_);
  }
  return max_;
}

uint64_t Histogram::CountUpTo(uint64_t value) const {
  uint64_t seen = 0;
  for (size_t i = 0; i <= BucketOf(value); ++i) seen += counts_[i];
  return seen;
}

std::string Histogram::ToPercentileText(double unit) const {
  constexpr double kLinesPerHalving = 5;
  std::string text = fmt::format("{:>12} {:>14} {:>10} {:>14}\n\n", "Value", "Percentile",
                                 "TotalCount", "1/(1-Percentile)");
  double percentile = 0;
  while (count_ > 0) {
    const uint64_t value = *ValueAt(percentile);
    const uint64_t up_to = CountUpTo(value);
    const double share = percentile / 100;
    text += fmt::format("{:12.3f} {:2.12f} {:10}", static_cast<double>(value) / unit, share, up_to);
    text += percentile < 100 ? fmt::format(" {:14.2f}\n", 1 / (1 - share)) : "\n";
    if (percentile >= 100) break;
    // The last step covers what is left: the lines go on to the largest value, and no further.
    const double halvings = std::floor(std::log2(100 / (100 - percentile))) + 1;
    percentile += 100 / (std::exp2(halvings) * kLinesPerHalving);
    if (up_to == count_) percentile = 100;
  }
  text += fmt::format("#[Mean    = {:12.3f}, StdDeviation   = {:12.3f}]\n",
                      Mean().value_or(0) / unit, StandardDeviation().value_or(0) / unit);
  text += fmt::format("#[Max     = {:12.3f}, Total count    = {:12}]\n",
                      static_cast<double>(max_) / unit, count_);
  text += fmt::format("#[Buckets = {:12}, SubBuckets     = {:12}]\n", kBuckets / kPerOctave,
                      kPerOctave);
  return text;
}

}  // namespace leat::bench
