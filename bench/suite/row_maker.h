// Gathers the rounds of a measure into a row. Pure.

#ifndef LEAT_BENCH_SUITE_ROW_MAKER_H_
#define LEAT_BENCH_SUITE_ROW_MAKER_H_

#include <string>
#include <vector>

#include "bench/suite/suite_row.h"

namespace leat::bench {

// Which of two floors is nearer: the lower one of rates, the higher one of times.
enum class Better { kMore, kLess };

class RowMaker {
 public:
  // `row` has everything but figures.
  RowMaker(SuiteRow row, Better better) : row_(std::move(row)), better_(better) {}

  struct Floor {
    std::string name;
    double value = 0;
  };
  // A round, with what was measured beside it. The same floors each time.
  void Add(double value, std::vector<Floor> floors = {});

  // Requires a round.
  SuiteRow Make() const;

 private:
  SuiteRow row_;
  const Better better_;
  std::vector<double> values_;
  std::vector<double> ratios_;
  std::vector<std::vector<Floor>> floors_;
};

}  // namespace leat::bench

#endif  // LEAT_BENCH_SUITE_ROW_MAKER_H_
