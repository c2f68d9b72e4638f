#include "storage/log/block_preparer.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "gtest/gtest.h"
#include "storage/io/simulated_event_loop.h"
#include "storage/io/simulated_file_system.h"

namespace leat::log {
namespace {

using io::FilePosition;
using io::OperationKind;
using io::SimulatedOperation;

constexpr size_t kSmallFrame = 4096;
constexpr size_t kLargeFrame = 1 << 20;

class BlockPreparerTest : public testing::Test {
 protected:
  BlockPreparerTest() {
    file_ = *disk_.Open("/file", io::OpenMode::kCreateDirect);
    preparer_.Begin(file_, {0});
    preparer_.SetSegmentBytes(uint64_t{1} << 30);
    disk_.TraceTo(&trace_);
  }

  absl::Status Require(uint64_t end, size_t frame_bytes) {
    std::optional<absl::Status> answer;
    preparer_.Require({end}, frame_bytes, [&answer](absl::Status status) { answer = status; });
    EXPECT_FALSE(answer.has_value()) << "answered inside the call";
    loop_.RunUntilIdle();
    return answer.value_or(absl::UnknownError("no answer"));
  }

  bool Did(OperationKind kind) const {
    return std::any_of(trace_.begin(), trace_.end(), [kind](const SimulatedOperation& operation) {
      return operation.kind == kind;
    });
  }

  uint64_t prepared() const { return preparer_.prepared_end().bytes; }

  io::SimulatedClock clock_;
  io::SimulatedFileSystem disk_;
  io::SimulatedEventLoop loop_{clock_, 1};
  std::shared_ptr<io::File> file_;
  BlockPreparer preparer_{loop_};
  std::vector<SimulatedOperation> trace_;
};

TEST_F(BlockPreparerTest, TheFirstStepIsTiny) {
  EXPECT_TRUE(Require(kSmallFrame, kSmallFrame).ok());
  EXPECT_EQ(prepared(), BlockPreparer::kFirstStepBytes);
  EXPECT_EQ(*file_->Size(), prepared());
}

TEST_F(BlockPreparerTest, StepsGrowWhileTheyAreUsedUpFastAndShrinkAgain) {
  uint64_t step = 0;
  for (int i = 0; i < 13; ++i) {
    const uint64_t before = prepared();
    ASSERT_TRUE(Require(before + kSmallFrame, kSmallFrame).ok());
    EXPECT_GE(prepared() - before, step);
    step = prepared() - before;
    clock_.Advance(absl::Milliseconds(500));
  }
  EXPECT_EQ(step, BlockPreparer::kMaxZeroedStepBytes);
  for (int i = 0; i < 13; ++i) {
    const uint64_t before = prepared();
    clock_.Advance(absl::Minutes(1));
    ASSERT_TRUE(Require(before + kSmallFrame, kSmallFrame).ok());
    step = prepared() - before;
  }
  EXPECT_EQ(step, BlockPreparer::kFirstStepBytes);
}

TEST_F(BlockPreparerTest, SmallFramesGetZeroedBlocksAndLargeOnesAllocatedOnes) {
  EXPECT_TRUE(Require(kLargeFrame, kLargeFrame).ok());
  EXPECT_EQ(prepared(), kLargeFrame);
  EXPECT_TRUE(Did(OperationKind::kAllocate));
  EXPECT_FALSE(Did(OperationKind::kWrite));
  EXPECT_TRUE(Require(prepared() + kSmallFrame, kSmallFrame).ok());
  EXPECT_TRUE(Did(OperationKind::kWrite));
}

TEST_F(BlockPreparerTest, PreparesAheadWhenFewBlocksAreLeft) {
  ASSERT_TRUE(Require(kSmallFrame, kSmallFrame).ok());
  int ended = 0;
  preparer_.Ahead({kSmallFrame}, kSmallFrame, [&ended] { ++ended; });
  loop_.RunUntilIdle();
  EXPECT_EQ(ended, 0) << "three blocks of four are left";
  preparer_.Ahead({3 * kSmallFrame}, kSmallFrame, [&ended] { ++ended; });
  EXPECT_TRUE(preparer_.busy());
  preparer_.Ahead({4 * kSmallFrame}, kSmallFrame, [&ended] { ++ended; });
  loop_.RunUntilIdle();
  EXPECT_EQ(ended, 1) << "one step at a time";
  EXPECT_FALSE(preparer_.busy());
  EXPECT_EQ(prepared(), 3 * BlockPreparer::kFirstStepBytes);
}

TEST_F(BlockPreparerTest, PreparesNoMoreThanTheSegmentUnlessAFrameRequiresIt) {
  preparer_.SetSegmentBytes(2 * kSmallFrame);
  ASSERT_TRUE(Require(kSmallFrame, kSmallFrame).ok());
  EXPECT_EQ(prepared(), 2 * kSmallFrame);
  preparer_.Ahead({2 * kSmallFrame}, kSmallFrame, [] {});
  EXPECT_FALSE(preparer_.busy());
  ASSERT_TRUE(Require(5 * kSmallFrame, 3 * kSmallFrame).ok());
  EXPECT_EQ(prepared(), 5 * kSmallFrame);
}

TEST_F(BlockPreparerTest, OnAnAlmostFullDiskTakesWhatTheFrameNeeds) {
  disk_.SetCapacity(2 * kSmallFrame);
  EXPECT_TRUE(Require(kSmallFrame, kSmallFrame).ok());
  EXPECT_EQ(prepared(), kSmallFrame);
  EXPECT_TRUE(absl::IsResourceExhausted(Require(3 * kSmallFrame, 2 * kSmallFrame)));
  EXPECT_EQ(prepared(), kSmallFrame);
  disk_.SetCapacity(1 << 20);
  EXPECT_TRUE(Require(3 * kSmallFrame, 2 * kSmallFrame).ok());
}

TEST_F(BlockPreparerTest, AnErrorIsForEver) {
  ASSERT_TRUE(Require(kSmallFrame, kSmallFrame).ok());
  disk_.FailNth(1, absl::DataLossError("EIO"), io::FaultRepeat::kOnce);
  int ended = 0;
  preparer_.Ahead({4 * kSmallFrame}, kSmallFrame, [&ended] { ++ended; });
  loop_.RunUntilIdle();
  EXPECT_EQ(ended, 1);
  EXPECT_TRUE(absl::IsDataLoss(Require(5 * kSmallFrame, kSmallFrame)));
}

}  // namespace
}  // namespace leat::log
