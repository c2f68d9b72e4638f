#include "bench/suite/row_maker.h"

#include "gtest/gtest.h"

namespace leat::bench {
namespace {

TEST(RowMakerTest, HoldsRatesAgainstTheLowerFloorOfEachRound) {
  RowMaker maker({.measure = "produce"}, Better::kMore);
  maker.Add(50, {{"null", 100}, {"disk", 200}});   // 0.50
  maker.Add(60, {{"null", 100}, {"disk", 80}});    // 0.75
  maker.Add(90, {{"null", 100}, {"disk", 1000}});  // 0.90
  const SuiteRow row = maker.Make();
  EXPECT_EQ(row.value, 60);
  EXPECT_EQ(row.values, (std::vector<double>{50, 60, 90}));
  EXPECT_EQ(row.ratio, 0.75);
  EXPECT_EQ(row.floor, "null");
  EXPECT_EQ(row.floor_value, 100);
}

TEST(RowMakerTest, HoldsTimesAgainstTheHigherFloor) {
  RowMaker maker({.measure = "latency"}, Better::kLess);
  maker.Add(3, {{"null", 1}, {"disk", 2}});
  const SuiteRow row = maker.Make();
  EXPECT_EQ(row.floor, "disk");
  EXPECT_EQ(row.ratio, 1.5);
}

TEST(RowMakerTest, MarksWhatIsBetterThanItsBoundary) {
  const auto beyond = [](bool bounded, Better better, double value) {
    RowMaker maker({.bounded = bounded}, better);
    maker.Add(value, {{"null", 10}});
    return maker.Make().beyond;
  };
  EXPECT_TRUE(beyond(true, Better::kMore, 11));
  EXPECT_FALSE(beyond(true, Better::kMore, 9));
  EXPECT_TRUE(beyond(true, Better::kLess, 9));
  EXPECT_FALSE(beyond(true, Better::kLess, 11));
  EXPECT_FALSE(beyond(false, Better::kMore, 11));
}

TEST(RowMakerTest, NeedsNoFloor) {
  RowMaker maker({.measure = "memory"}, Better::kLess);
  maker.Add(5);
  const SuiteRow row = maker.Make();
  EXPECT_EQ(row.value, 5);
  EXPECT_TRUE(row.floor.empty());
}

}  // namespace
}  // namespace leat::bench
