// What lies in the middle of several measurements. Pure.

#ifndef LEAT_BENCH_MEDIAN_H_
#define LEAT_BENCH_MEDIAN_H_

#include <algorithm>
#include <vector>

namespace leat::bench {

// The upper one of two in the middle. Requires at least one value.
template <typename Value>
Value Median(std::vector<Value> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

}  // namespace leat::bench

#endif  // LEAT_BENCH_MEDIAN_H_
