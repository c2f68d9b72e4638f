// What lies in the middle of several measurements. Pure.

#ifndef LEAT_BENCH_MEDIAN_H_
#define LEAT_BENCH_MEDIAN_H_

#include <algorithm>
#include <cstddef>
#include <vector>

namespace leat::bench {

// Halfway between the two in the middle where their number is even. Requires at least one value.
template <typename Value>
Value Median(std::vector<Value> values) {
  std::sort(values.begin(), values.end());
  const size_t middle = values.size() / 2;
  if (values.size() % 2 == 1) return values[middle];
  return values[middle - 1] + (values[middle] - values[middle - 1]) / 2;
}

}  // namespace leat::bench

#endif  // LEAT_BENCH_MEDIAN_H_
