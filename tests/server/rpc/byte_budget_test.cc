#include "server/rpc/byte_budget.h"

#include <gtest/gtest.h>

#include <utility>
#include <vector>

namespace leat::rpc {
namespace {

constexpr size_t kKiB = 1 << 10;

TEST(ByteBudget, GivesUntilItIsUsedUp) {
  ByteBudget budget(100 * kKiB);
  auto first = budget.TryAcquire(60 * kKiB);
  ASSERT_TRUE(first.has_value());
  EXPECT_FALSE(budget.TryAcquire(50 * kKiB).has_value());
  EXPECT_TRUE(budget.TryAcquire(40 * kKiB).has_value());
  first.reset();
  EXPECT_EQ(budget.in_use(), 0u);
}

TEST(ByteBudget, ChargesSmallRequestsTheMinimum) {
  ByteBudget budget(2 * ByteBudget::kMinimumCharge);
  const auto a = budget.TryAcquire(1);
  const auto b = budget.TryAcquire(0);
  EXPECT_TRUE(a.has_value() && b.has_value());
  EXPECT_FALSE(budget.TryAcquire(1).has_value());
}

TEST(ByteBudget, GrantsWhatIsLargerThanItselfWhenNothingElseIsHeld) {
  ByteBudget budget(10 * kKiB);
  auto all = budget.TryAcquire(50 * kKiB);
  EXPECT_TRUE(all.has_value());
  EXPECT_FALSE(budget.TryAcquire(1).has_value());
}

TEST(ByteBudget, WaitersComeInOrder) {
  ByteBudget budget(100 * kKiB);
  auto held = budget.TryAcquire(80 * kKiB);
  std::vector<int> order;
  std::vector<ByteBudget::Charge> granted;
  const auto wait = [&](size_t bytes, int id) {
    budget.Acquire(bytes, [&, id](ByteBudget::Charge charge) {
      order.push_back(id);
      granted.push_back(std::move(charge));
    });
  };
  wait(50 * kKiB, 1);
  wait(10 * kKiB, 2);  // Would fit, but is not first.
  EXPECT_TRUE(order.empty());
  EXPECT_FALSE(budget.TryAcquire(1).has_value());
  held.reset();
  EXPECT_EQ(order, (std::vector<int>{1, 2}));
  granted.clear();
  EXPECT_EQ(budget.in_use(), 0u);
}

TEST(ByteBudget, AcquireGrantsAtOnceWhenThereIsRoom) {
  ByteBudget budget(100 * kKiB);
  bool granted = false;
  budget.Acquire(kKiB, [&](ByteBudget::Charge) { granted = true; });
  EXPECT_TRUE(granted);
}

TEST(ByteBudget, ResizeGivesBackAndTakes) {
  ByteBudget budget(100 * kKiB);
  auto charge = budget.TryAcquire(80 * kKiB);
  charge->Resize(20 * kKiB);
  EXPECT_EQ(budget.in_use(), 20 * kKiB);
  charge->Resize(0);
  EXPECT_EQ(budget.in_use(), ByteBudget::kMinimumCharge);
  charge->Resize(200 * kKiB);
  EXPECT_EQ(budget.in_use(), 200 * kKiB);
}

TEST(ByteBudget, GrowsWhereThereIsRoomOrNobodyElse) {
  ByteBudget budget(100 * kKiB);
  auto a = *budget.TryAcquire(60 * kKiB);
  auto b = *budget.TryAcquire(10 * kKiB);
  EXPECT_TRUE(a.TryGrow(30 * kKiB));
  EXPECT_FALSE(a.TryGrow(1));
  EXPECT_TRUE(a.TryGrow(0));
  EXPECT_EQ(budget.in_use(), 100 * kKiB);
  b.Release();
  a.Resize(100 * kKiB);
  EXPECT_TRUE(a.TryGrow(kKiB));
  EXPECT_EQ(budget.in_use(), 101 * kKiB);
  a.Release();
  EXPECT_EQ(budget.in_use(), 0u);
}

TEST(ByteBudget, AcquireAnywayGoesOverTheLimit) {
  ByteBudget budget(10 * kKiB);
  const auto held = budget.TryAcquire(10 * kKiB);
  const auto more = budget.AcquireAnyway(64 * kKiB);
  EXPECT_EQ(budget.in_use(), 74 * kKiB);
}

TEST(ByteBudget, MovedChargesAreGivenBackOnce) {
  ByteBudget budget(100 * kKiB);
  auto a = *budget.TryAcquire(10 * kKiB);
  auto b = *budget.TryAcquire(20 * kKiB);
  a = std::move(b);
  EXPECT_EQ(budget.in_use(), 20 * kKiB);
  a.Release();
  a.Release();
  EXPECT_EQ(budget.in_use(), 0u);
}

}  // namespace
}  // namespace leat::rpc
