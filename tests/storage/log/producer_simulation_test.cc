// Idempotent producers through a long random life: every record in the log once and in order,
// whatever is lost, doubled, replaced or cut.

#include <cstdint>
#include <cstdio>
#include <cstdlib>

#include "gtest/gtest.h"
#include "tests/storage/log/producer_world.h"

namespace leat::log {
namespace {

// LEAT_PRODUCER_STEPS=steps,first-last runs other lives than the usual ones.
struct Lives {
  int steps = 10'000;
  uint64_t first = 1;
  uint64_t last = 5;
};

Lives LivesToRun() {
  Lives lives;
  const char* given = std::getenv("LEAT_PRODUCER_STEPS");
  if (given != nullptr) std::sscanf(given, "%d,%lu-%lu", &lives.steps, &lives.first, &lives.last);
  return lives;
}

ProducerWorld::Counts LiveAndSettle(ProducerWorld& world, uint64_t seed, int steps) {
  world.Live(steps);
  if (!testing::Test::HasFailure()) world.Settle();
  const ProducerWorld::Counts& counts = world.counts();
  std::printf(
      "seed %lu: %d steps, %lu appended, %lu duplicates, %lu fenced, %lu out of order, %lu "
      "expired, "
      "%lu unknown, %lu refused, %lu initialised, %lu reopened, %lu compacted\n",
      seed, steps, counts.appended, counts.duplicates, counts.fenced, counts.out_of_order,
      counts.expired, counts.unknown, counts.refused, counts.initialised, counts.reopened,
      counts.compacted);
  // It did live.
  EXPECT_GT(counts.appended, 200u);
  EXPECT_GT(counts.duplicates, 100u);
  EXPECT_GT(counts.fenced, 10u);
  EXPECT_GT(counts.reopened, 5u);
  EXPECT_GT(counts.compacted, 30u);
  return counts;
}

TEST(ProducerSimulationTest, EveryRecordOnceAndInOrder) {
  const Lives lives = LivesToRun();
  for (uint64_t seed = lives.first; seed <= lives.last && !HasFailure(); ++seed) {
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    ProducerWorld world(seed);
    EXPECT_EQ(LiveAndSettle(world, seed, lives.steps).expired, 0u);
  }
}

TEST(ProducerSimulationTest, WhoeverIsForgottenBeginsAgainAndNothingIsThereTwice) {
  const Lives lives = LivesToRun();
  for (uint64_t seed = lives.first; seed <= lives.last && !HasFailure(); ++seed) {
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    ProducerWorld world(seed, 4);
    EXPECT_GT(LiveAndSettle(world, seed, lives.steps).expired, 20u);
  }
}

}  // namespace
}  // namespace leat::log
