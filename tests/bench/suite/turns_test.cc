#include "bench/suite/turns.h"

#include <string>

#include "gtest/gtest.h"

namespace leat::bench {
namespace {

TEST(TurnsTest, TheOneThatBeginsChangesAndFiguresKeepTheirPlace) {
  std::string order;
  const std::vector<Turn> turns = {[&] { return order += 'a', 1.0; },
                                   [&] { return order += 'b', 2.0; },
                                   [&] { return order += 'c', 3.0; }};
  for (int round = 0; round < 3; ++round) {
    const auto figures = TakeTurns(round, turns);
    ASSERT_TRUE(figures.ok());
    EXPECT_EQ(*figures, (std::vector<double>{1, 2, 3}));
  }
  EXPECT_EQ(order, "abccbaabc");
}

TEST(TurnsTest, AnErrorEndsTheRound) {
  int turns_taken = 0;
  const auto figures = TakeTurns(0, {[&]() -> absl::StatusOr<double> {
                                       ++turns_taken;
                                       return absl::DataLossError("lost");
                                     },
                                     [&] { return ++turns_taken; }});
  EXPECT_EQ(figures.status().message(), "lost");
  EXPECT_EQ(turns_taken, 1);
}

TEST(TurnsTest, ARateIsOfAllThatWasMoved) {
  LoadResult result;
  result.produced = {.records = 10, .bytes = 1000};
  result.consumed = {.records = 30, .bytes = 3000};
  result.elapsed = absl::Seconds(2);
  EXPECT_EQ(RateOf(result, Figure::kRecords).value_or(0), 20);
  EXPECT_EQ(RateOf(result, Figure::kBytes).value_or(0), 2000);
  EXPECT_FALSE(RateOf(absl::DataLossError("lost"), Figure::kBytes).ok());
}

TEST(TurnsTest, NoLatencyIsAnErrorRatherThanZero) {
  Histogram latency;
  EXPECT_FALSE(SecondsAt(latency, 50).ok());
  latency.Record(200);
  EXPECT_EQ(SecondsAt(latency, 50).value_or(0), 200e-9);
}

}  // namespace
}  // namespace leat::bench
