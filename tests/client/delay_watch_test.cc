#include "client/delay_watch.h"

#include <gtest/gtest.h>

#include "storage/record/error.h"

namespace leat::client {
namespace {

using record::MakeError;
using record::Reason;

TEST(DelayWatchTest, TellsEachObstacleOnceAfterASecond) {
  const absl::Status full = MakeError(Reason::kDiskFull, "full");
  const absl::Time start = absl::UnixEpoch();
  const absl::Duration second = absl::Seconds(1);
  DelayWatch watch;
  EXPECT_FALSE(watch.Look(full, start));
  EXPECT_FALSE(watch.Look(full, start + second / 2));
  EXPECT_TRUE(watch.Look(MakeError(Reason::kDiskFull, "still"), start + second));
  EXPECT_FALSE(watch.Look(full, start + 10 * second));
  const absl::Status busy = MakeError(Reason::kBacklogFull, "busy");
  EXPECT_FALSE(watch.Look(busy, start + 11 * second)) << "another, from now on";
  EXPECT_TRUE(watch.Look(busy, start + 12 * second));
  EXPECT_FALSE(watch.Look(absl::OkStatus(), start + 13 * second));
  EXPECT_FALSE(watch.Look(absl::OkStatus(), start + 15 * second));
  EXPECT_FALSE(watch.Look(busy, start + 16 * second));
  EXPECT_TRUE(watch.Look(busy, start + 17 * second));
}

}  // namespace
}  // namespace leat::client
