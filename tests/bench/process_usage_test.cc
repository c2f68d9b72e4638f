#include "bench/process_usage.h"

#include <time.h>
#include <unistd.h>

#include <thread>

#include "gtest/gtest.h"

namespace leat::bench {
namespace {

absl::Duration ThreadTime() {
  timespec used = {};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
  return absl::DurationFromTimespec(used);
}

TEST(ProcessUsageTest, CountsLessThanATickOfThreadsThatHaveEnded) {
  constexpr absl::Duration kWork = absl::Milliseconds(2);
  for (int i = 0; i < 3; ++i) {
    const absl::Duration before = UsageOf(getpid()).processor_time;
    std::thread([kWork] {
      while (ThreadTime() < kWork) continue;
    }).join();
    const absl::Duration used = UsageOf(getpid()).processor_time - before;
    EXPECT_GE(used, kWork);
    EXPECT_NE(used, absl::Trunc(used, absl::Milliseconds(10)));
  }
}

TEST(ProcessUsageTest, KnowsTheMemory) {
  const ProcessUsage usage = UsageOf(getpid());
  EXPECT_GT(usage.memory_bytes, 0u);
  EXPECT_GE(usage.memory_bytes_max, usage.memory_bytes);
}

TEST(ProcessUsageTest, OfNoProcessNothing) {
  const ProcessUsage usage = UsageOf(1 << 22);  // The kernel's numbers end before.
  EXPECT_EQ(usage.processor_time, absl::ZeroDuration());
  EXPECT_EQ(usage.memory_bytes, 0u);
}

}  // namespace
}  // namespace leat::bench
