#include "cli/terminal.h"

#include <gtest/gtest.h>

namespace leat::cli {
namespace {

TEST(DescribeProgressTest, TellsRateAndTimeLeft) {
  EXPECT_EQ(DescribeProgress(2000, 4 << 20, 0, absl::Seconds(2)),
            "2,000 records, 4.0 MiB, 2.0 MiB/s");
  EXPECT_EQ(DescribeProgress(2000, 4 << 20, 10 << 20, absl::Seconds(2)),
            "2,000 records, 4.0 MiB, 2.0 MiB/s, 3s left");
  EXPECT_EQ(DescribeProgress(1, 10, 0, absl::Seconds(1)), "1 record, 10 B, 10 B/s");
  EXPECT_EQ(DescribeProgress(0, 0, 100, absl::ZeroDuration()), "0 records, 0 B, 0 B/s");
}

}  // namespace
}  // namespace leat::cli
