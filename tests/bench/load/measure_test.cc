#include "bench/load/meter.h"
#include "bench/load/offset_tiling.h"
#include "bench/load/schedule.h"
#include "gtest/gtest.h"

namespace leat::bench {
namespace {

TEST(OffsetTilingTest, TakesRangesInAnyOrderFromSeveralProducers) {
  OffsetTiling first(2), second(2);
  first.Add(0, 15, 5);
  first.Add(1, 0, 3);
  second.Add(0, 10, 5);
  second.Add(0, 20, 1);
  first.Merge(second);
  EXPECT_TRUE(first.Check(0, 10, 21).ok());
  EXPECT_TRUE(first.Check(1, 0, 3).ok());
}

TEST(OffsetTilingTest, FindsAGapAnOverlapAndWhatLiesOutside) {
  OffsetTiling gap(1), overlap(1), outside(1);
  gap.Add(0, 0, 5), gap.Add(0, 6, 5);
  EXPECT_FALSE(gap.Check(0, 0, 11).ok());
  EXPECT_FALSE(gap.Check(0, 0, 10).ok());
  overlap.Add(0, 0, 5), overlap.Add(0, 0, 5);
  EXPECT_FALSE(overlap.Check(0, 0, 10).ok());
  outside.Add(0, 100, 10);
  EXPECT_FALSE(outside.Check(0, 0, 10).ok());
}

TEST(OffsetTilingTest, KnowsItsPartitions) {
  OffsetTiling tiling(2);
  EXPECT_TRUE(tiling.Add(1, 0, 1));
  EXPECT_FALSE(tiling.Add(2, 0, 1));
  EXPECT_TRUE(tiling.Check(0, 7, 7).ok());
}

TEST(ScheduleTest, AnOpenLoopDoesNotWaitForAnyone) {
  const Schedule schedule(1'000, /*per_second=*/1e6);
  EXPECT_EQ(schedule.At(0, 500'000), 1'000);
  EXPECT_EQ(schedule.At(3, 500'000), 4'000);
  EXPECT_EQ(schedule.CountDue(999), 0u);
  EXPECT_EQ(schedule.CountDue(1'000), 1u);
  EXPECT_EQ(schedule.CountDue(3'999), 3u);
  EXPECT_EQ(schedule.CountDue(4'000), 4u);
}

TEST(ScheduleTest, AClosedLoopIsDueAtOnce) {
  const Schedule schedule(1'000, 0);
  EXPECT_FALSE(schedule.open());
  EXPECT_EQ(schedule.At(7, 5'000), 5'000);
}

TEST(MeterTest, MeasuresWhatFallsIntoItsTime) {
  Meter meter({.from = 100, .until = 200});
  for (const Nanos moment : {99, 100, 199, 200}) meter.Count(moment, {1, 10});
  EXPECT_EQ(meter.total().records, 4u);
  EXPECT_EQ(meter.measured().records, 2u);
  EXPECT_EQ(meter.measured().bytes, 20u);
}

TEST(MeterTest, LatencyCountsFromWhenItWasToBeSent) {
  Meter meter({.from = 100, .until = 200});
  meter.Time(/*intended=*/50, /*now=*/150);   // Due before.
  meter.Time(/*intended=*/150, /*now=*/350);  // Late, but due in time.
  EXPECT_EQ(meter.latency().count(), 1u);
  EXPECT_EQ(meter.latency().max(), 200u);
}

TEST(MeterTest, TellsWhatWasMissedApart) {
  Meter meter({.from = 100, .until = 200});
  meter.Miss(/*intended=*/99, /*now=*/300);
  meter.Miss(/*intended=*/150, /*now=*/300);
  EXPECT_EQ(meter.missed().count(), 1u);
  EXPECT_EQ(meter.missed().max(), 150u);
  EXPECT_EQ(meter.latency().count(), 0u);
}

}  // namespace
}  // namespace leat::bench
