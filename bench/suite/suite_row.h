// One line of what the suite finds. Plain values.

#ifndef LEAT_BENCH_SUITE_SUITE_ROW_H_
#define LEAT_BENCH_SUITE_SUITE_ROW_H_

#include <optional>
#include <string>
#include <vector>

namespace leat::bench {

struct SuiteRow {
  std::string measure;  // Such as "produce_1k".
  std::string title;
  double value = 0;  // The median of `values`, one a round.
  std::vector<double> values = {};
  std::string unit;        // "bytes/s", "records/s", "s", "bytes".
  std::string durability;  // What an answer means: "flushed", "read".
  // What it is held against, measured in the same rounds; empty when it is nothing.
  std::string floor = {};
  double floor_value = 0;
  // The median of the rounds' ratios of value to floor.
  double ratio = 0;
  // Whether the floor is what the machine can do, rather than Leat in another setting; and whether
  // the ratio is better than that allows.
  bool bounded = false;
  bool beyond = false;
  // What is aimed at: of the ratio where there is a floor, else of the value.
  std::optional<double> aim = std::nullopt;
};

}  // namespace leat::bench

#endif  // LEAT_BENCH_SUITE_SUITE_ROW_H_
