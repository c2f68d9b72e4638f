#include "bench/suite/row_maker.h"

#include <algorithm>
#include <utility>

#include "bench/median.h"

namespace leat::bench {
namespace {

const RowMaker::Floor& Nearest(const std::vector<RowMaker::Floor>& floors, Better better) {
  const auto by_value = [](const auto& a, const auto& b) { return a.value < b.value; };
  return better == Better::kMore ? *std::min_element(floors.begin(), floors.end(), by_value)
                                 : *std::max_element(floors.begin(), floors.end(), by_value);
}

}  // namespace

void RowMaker::Add(double value, std::vector<Floor> floors) {
  values_.push_back(value);
  if (floors.empty()) return;
  const double floor = Nearest(floors, better_).value;
  ratios_.push_back(floor > 0 ? value / floor : 0);
  floors_.push_back(std::move(floors));
}

SuiteRow RowMaker::Make() const {
  SuiteRow row = row_;
  row.values = values_;
  row.value = Median(values_);
  if (floors_.empty()) return row;
  std::vector<Floor> medians = floors_.front();
  for (size_t i = 0; i < medians.size(); ++i) {
    std::vector<double> rounds;
    for (const std::vector<Floor>& floors : floors_) rounds.push_back(floors[i].value);
    medians[i].value = Median(rounds);
  }
  const Floor& nearest = Nearest(medians, better_);
  row.floor = nearest.name;
  row.floor_value = nearest.value;
  row.ratio = Median(ratios_);
  row.beyond = row.bounded && (better_ == Better::kMore ? row.ratio > 1 : row.ratio < 1);
  return row;
}

}  // namespace leat::bench
