#include "cli/quantity.h"

#include <gtest/gtest.h>

namespace leat::cli {
namespace {

TEST(QuantityTest, ParsesBytes) {
  EXPECT_EQ(*ParseBytes("0"), 0);
  EXPECT_EQ(*ParseBytes("1048576"), 1 << 20);
  EXPECT_EQ(*ParseBytes("512KiB"), 512 << 10);
  EXPECT_EQ(*ParseBytes("1.5 GiB"), 3 << 29);
  EXPECT_EQ(*ParseBytes("10mb"), 10'000'000);
  EXPECT_EQ(*ParseBytes("2k"), 2048);
  for (const char* bad : {"", "x", "-1", "1x", "1 2", "99999999TiB", "inf", "nan", "KiB"}) {
    EXPECT_FALSE(ParseBytes(bad).ok()) << bad;
  }
}

TEST(QuantityTest, ParsesDurations) {
  EXPECT_EQ(*ParseDuration("0"), absl::ZeroDuration());
  EXPECT_EQ(*ParseDuration("90s"), absl::Seconds(90));
  EXPECT_EQ(*ParseDuration("1h30m"), absl::Minutes(90));
  EXPECT_EQ(*ParseDuration("7d"), absl::Hours(168));
  EXPECT_EQ(*ParseDuration("2w"), absl::Hours(336));
  EXPECT_EQ(*ParseDuration("250ms"), absl::Milliseconds(250));
  EXPECT_EQ(*ParseDuration("0.5h"), absl::Minutes(30));
  for (const char* bad : {"", "5", "x", "-1s", "1y", "s", "1s1"}) {
    EXPECT_FALSE(ParseDuration(bad).ok()) << bad;
  }
}

TEST(QuantityTest, WritesForPeople) {
  EXPECT_EQ(FormatBytes(0), "0 B");
  EXPECT_EQ(FormatBytes(1023), "1023 B");
  EXPECT_EQ(FormatBytes(1536), "1.5 KiB");
  EXPECT_EQ(FormatBytes(int64_t{3} << 30), "3.0 GiB");
  EXPECT_EQ(DescribeDuration(absl::Hours(24 * 7)), "7d");
  EXPECT_EQ(DescribeDuration(absl::Hours(25)), "1d1h");
  EXPECT_EQ(DescribeDuration(absl::Seconds(90)), "1m30s");
  EXPECT_EQ(FormatCount(0), "0");
  EXPECT_EQ(FormatCount(999), "999");
  EXPECT_EQ(FormatCount(1000), "1,000");
  EXPECT_EQ(FormatCount(-1234567), "-1,234,567");
  EXPECT_EQ(Count(1, "record"), "1 record");
  EXPECT_EQ(Count(2000, "record"), "2,000 records");
  EXPECT_EQ(FormatTimestamp(1769860800123), "2026-01-31T12:00:00.123Z");
}

}  // namespace
}  // namespace leat::cli
