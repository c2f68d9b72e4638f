#include "storage/log/append_queue.h"

#include <utility>

#include "gtest/gtest.h"
#include "storage/log/frame.h"
#include "tests/storage/log/batches.h"

namespace leat::log {
namespace {

AppendCallback Nobody() {
  return [](absl::StatusOr<AppendResult>) {};
}

TEST(AppendQueueTest, GivesDenseOffsets) {
  AppendQueue queue({10}, 0);
  queue.Add(MakeBatch(-1, 3, "a", 5), 5, Nobody());
  queue.Add(MakeBatch(-1, 2, "b", 5), 5, Nobody());
  EXPECT_EQ(queue.log_end(), record::Offset{15});
  const FrameContent content = queue.Take(1 << 20);
  ASSERT_EQ(content.batches.size(), 2u);
  EXPECT_EQ(content.done.size(), 2u);
  EXPECT_EQ(content.batches[0].header.base_offset, record::Offset{10});
  EXPECT_EQ(content.batches[1].header.base_offset, record::Offset{13});
  EXPECT_TRUE(queue.empty());
}

TEST(AppendQueueTest, AppendTimeNeverGoesBack) {
  AppendQueue queue({0}, 1000);
  queue.Add(MakeBatch(-1, 1, "a", 5), 900, Nobody());
  queue.Add(MakeBatch(-1, 1, "b", 5), 1100, Nobody());
  queue.Add(MakeBatch(-1, 1, "c", 5), 1050, Nobody());
  const FrameContent content = queue.Take(1 << 20);
  EXPECT_EQ(content.batches[0].header.append_timestamp_ms, 1000);
  EXPECT_EQ(content.batches[1].header.append_timestamp_ms, 1100);
  EXPECT_EQ(content.batches[2].header.append_timestamp_ms, 1100);
  // The producer's own times are left alone,
  EXPECT_EQ(content.batches[0].header.base_timestamp_ms, 5);
  EXPECT_EQ(content.batches[0].header.max_timestamp_ms, 5);
}

TEST(AppendQueueTest, AppendTimeReplacesTheProducersWhenAsked) {
  AppendQueue queue({0}, 0);
  record::Batch batch = MakeBatch(-1, 1, "a", 5);
  batch.header.timestamp_type = record::TimestampType::kAppend;
  queue.Add(std::move(batch), 900, Nobody());
  const record::BatchHeader header = queue.Take(1).batches[0].header;
  EXPECT_EQ(header.base_timestamp_ms, 900);
  EXPECT_EQ(header.max_timestamp_ms, 900);
}

TEST(AppendQueueTest, AFrameTakesWhatFitsButAtLeastOne) {
  AppendQueue queue({0}, 0);
  for (int i = 0; i < 3; ++i) queue.Add(MakeBatch(-1, 1, std::string(100, 'x'), 5), 5, Nobody());
  const record::Batch one = MakeBatch(0, 1, std::string(100, 'x'), 5);
  const size_t two_bytes = FrameBytes({one, one});
  EXPECT_EQ(queue.NextFrameBytes(two_bytes), two_bytes);
  EXPECT_EQ(queue.NextFrameBytes(two_bytes - 1), FrameBytes({one}));
  EXPECT_EQ(queue.Take(two_bytes).batches.size(), 2u);
  EXPECT_EQ(queue.Take(1).batches.size(), 1u);
}

TEST(AppendQueueTest, TakingBackGivesOffsetsAway) {
  AppendQueue queue({10}, 0);
  queue.Add(MakeBatch(-1, 3, "a", 5), 5, Nobody());
  queue.Take(1);
  queue.Add(MakeBatch(-1, 3, "b", 5), 5, Nobody());
  queue.Add(MakeBatch(-1, 3, "c", 5), 5, Nobody());
  EXPECT_EQ(queue.TakeBack().done.size(), 2u);
  EXPECT_EQ(queue.log_end(), record::Offset{13});
  EXPECT_EQ(queue.TakeBack().done.size(), 0u);
  EXPECT_EQ(queue.log_end(), record::Offset{13});
}

}  // namespace
}  // namespace leat::log
