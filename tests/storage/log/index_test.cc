#include "storage/log/index.h"

#include <gtest/gtest.h>

#include <cstdint>

namespace leat::log {
namespace {

constexpr uint64_t kFrameBytes = 16 << 10;

// 100 frames of ten records and a quarter of the interval each. Timestamps rise, but for frame 50,
// which comes from the future.
SegmentIndex HundredFrames() {
  SegmentIndex index;
  for (int i = 0; i < 100; ++i) {
    index.AddFrame({i * 10}, {4096 + i * kFrameBytes}, i == 50 ? 10'000 : i * 100);
  }
  return index;
}

int64_t FrameAt(io::FilePosition position) {
  return static_cast<int64_t>((position.bytes - 4096) / kFrameBytes);
}

TEST(SegmentIndexTest, IsSparse) {
  const SegmentIndex index = HundredFrames();
  EXPECT_EQ(index.entries().size(), 25u);
  EXPECT_EQ(index.entries().front().max_timestamp_ms, INT64_MIN);
  EXPECT_EQ(index.max_timestamp_ms(), 10'000);
}

TEST(SegmentIndexTest, FindsAPlaceNotPastTheOffset) {
  const SegmentIndex index = HundredFrames();
  for (int64_t offset = 0; offset < 1000; ++offset) {
    const IndexEntry entry = index.FindOffset({offset});
    EXPECT_LE(entry.first_offset.value, offset);
    EXPECT_GT(entry.first_offset.value + 40, offset);
    EXPECT_EQ(FrameAt(entry.position) * 10, entry.first_offset.value);
  }
  EXPECT_EQ(index.FindOffset({-5}), index.entries().front());
  EXPECT_EQ(index.FindOffset({5000}), index.entries().back());
}

TEST(SegmentIndexTest, FindsAPlaceNotPastTheFirstRecordOfATime) {
  const SegmentIndex index = HundredFrames();
  for (int64_t time = 0; time <= 10'000; ++time) {
    // The first frame with a record as late as that.
    const int64_t first = time <= 5000 ? (time + 99) / 100 : 50;
    EXPECT_LE(FrameAt(index.FindTimestamp(time).position), first) << time;
    EXPECT_GT(FrameAt(index.FindTimestamp(time).position) + 5, first) << time;
  }
  EXPECT_EQ(index.FindTimestamp(INT64_MIN), index.entries().front());
  EXPECT_EQ(index.FindTimestamp(INT64_MAX), index.entries().back());
}

TEST(SegmentIndexTest, GoesOnFromGivenEntries) {
  SegmentIndex index({{{0}, {4096}, INT64_MIN}}, 777);
  index.AddFrame({500}, {uint64_t{1} << 20}, 10);
  EXPECT_EQ(index.entries().back(), (IndexEntry{{500}, {uint64_t{1} << 20}, 777}));
  EXPECT_EQ(index.FindTimestamp(777).first_offset.value, 0);
  EXPECT_EQ(index.FindTimestamp(778).first_offset.value, 500);
}

// As after a restart: nobody has looked at the first 50 frames.
TEST(SegmentIndexTest, LearnsWhatReadsComeBy) {
  const SegmentIndex full = HundredFrames();
  SegmentIndex thin({full.entries().front()}, 4'900);
  for (int i = 50; i < 100; ++i) {
    thin.AddFrame({i * 10}, {4096 + i * kFrameBytes}, i == 50 ? 10'000 : i * 100);
  }
  const size_t before = thin.entries().size();
  for (int i = 0; i < 100; ++i) {
    int64_t max_timestamp_ms = INT64_MIN;
    if (i > 0) max_timestamp_ms = i > 50 ? 10'000 : (i - 1) * 100;
    thin.Learn({{i * 10}, {4096 + i * kFrameBytes}, max_timestamp_ms});
  }
  // One every interval, but where that would be close before one that was there.
  EXPECT_EQ(thin.entries().size(), before + 11);
  for (int64_t offset = 0; offset < 1000; ++offset) {
    EXPECT_GT(thin.FindOffset({offset}).first_offset.value + 70, offset);
  }
  EXPECT_EQ(thin.FindOffset({455}), full.FindOffset({455}));
  EXPECT_EQ(thin.FindTimestamp(4'400), full.FindTimestamp(4'400));
}

}  // namespace
}  // namespace leat::log
