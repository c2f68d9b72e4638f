#include "storage/log/retention.h"

#include <utility>
#include <vector>

#include "gtest/gtest.h"
#include "storage/io/simulated_clock.h"

namespace leat::log {
namespace {

constexpr int64_t kHourMs = 3'600'000;

// Segments of ten records and `bytes` each; the i-th was appended to until hour i + 1.
RecoveredLog Sealed(int count, uint64_t bytes) {
  RecoveredLog log;
  for (int64_t i = 0; i < count; ++i) {
    SealedSegment segment{.header = {.base_offset = {10 * i}}, .file_bytes = bytes};
    segment.footer.next_offset = {10 * i + 10};
    segment.footer.last_append_timestamp_ms = (i + 1) * kHourMs;
    log.sealed.push_back(std::move(segment));
  }
  log.next_offset = {10 * count};
  return log;
}

TEST(RetentionTest, KeepsForEverUnlessTold) {
  const DurableLog log(Sealed(3, 100), 0);
  EXPECT_EQ(RetentionStart(log, {}, 1'000'000 * kHourMs), std::nullopt);
}

TEST(RetentionTest, ByTheAgeOfTheNewestRecord) {
  const DurableLog log(Sealed(3, 100), 0);
  const LogOptions options{.retention_time = absl::Hours(5)};
  EXPECT_EQ(RetentionStart(log, options, 6 * kHourMs), std::nullopt);
  EXPECT_EQ(RetentionStart(log, options, 6 * kHourMs + 1), record::Offset{10});
  EXPECT_EQ(RetentionStart(log, options, 100 * kHourMs), record::Offset{30});
}

TEST(RetentionTest, BySpace) {
  const DurableLog log(Sealed(3, 100), 0);
  EXPECT_EQ(RetentionStart(log, {.retention_bytes = 300}, 0), std::nullopt);
  EXPECT_EQ(RetentionStart(log, {.retention_bytes = 299}, 0), record::Offset{10});
  EXPECT_EQ(RetentionStart(log, {.retention_bytes = 100}, 0), record::Offset{20});
  EXPECT_EQ(RetentionStart(log, {.retention_bytes = 1}, 0), record::Offset{30});
}

TEST(RetentionTest, NoticesWhenTheWallClockJumps) {
  io::SimulatedClock clock;
  WallClockWatch watch;
  EXPECT_TRUE(watch.Steady(clock));
  clock.Advance(absl::Hours(1000));
  EXPECT_TRUE(watch.Steady(clock));
  clock.JumpWall(absl::Minutes(4));
  EXPECT_TRUE(watch.Steady(clock)) << "as a time service does";
  clock.JumpWall(absl::Minutes(6));
  EXPECT_FALSE(watch.Steady(clock));
  EXPECT_TRUE(watch.Steady(clock));
  clock.JumpWall(-absl::Hours(1));
  EXPECT_FALSE(watch.Steady(clock));
}

}  // namespace
}  // namespace leat::log
