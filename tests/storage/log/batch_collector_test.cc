#include "storage/log/batch_collector.h"

#include <string>

#include "gtest/gtest.h"
#include "storage/io/aligned_buffer.h"
#include "storage/log/frame.h"
#include "tests/storage/log/batches.h"

namespace leat::log {
namespace {

constexpr size_t kLarge = 1 << 20;

// A frame of one record of `bytes` at offset 0, and one of a few bytes at offset 1.
BuiltFrame Frame(size_t bytes) {
  return BuildFrame({.first_offset = record::Offset{0}},
                    {MakeBatch(0, 1, std::string(bytes, 'x'), 1), MakeBatch(1, 1, "small", 1)});
}

bool Shares(const record::Batch& batch, const io::AlignedBuffer& memory) {
  const char* first = batch.payload.Chunks().begin()->data();
  return memory.data() <= first && first < memory.data() + memory.size();
}

TEST(BatchCollectorTest, SharesTheMemoryOfWhatItReads) {
  const BuiltFrame frame = Frame(kLarge);
  BatchCollector collector(record::Offset{0}, 2 * kLarge);
  EXPECT_TRUE(collector.Add(frame.batches, *frame.bytes));
  const ReadResult result = collector.Take();
  ASSERT_EQ(result.batches.size(), 2u);
  EXPECT_TRUE(Shares(result.batches[0], *frame.bytes));
}

TEST(BatchCollectorTest, DoesNotKeepALargeFrameForASmallBatch) {
  const BuiltFrame frame = Frame(kLarge);
  BatchCollector collector(record::Offset{1}, 2 * kLarge);
  EXPECT_TRUE(collector.Add(frame.batches, *frame.bytes));
  const ReadResult result = collector.Take();
  ASSERT_EQ(result.batches.size(), 1u);
  EXPECT_FALSE(Shares(result.batches[0], *frame.bytes));
  EXPECT_EQ(result.batches[0].payload, frame.batches[1].payload);
}

TEST(BatchCollectorTest, CountsMemoryOnceForAllFramesThatShareIt) {
  const BuiltFrame frame = Frame(kLarge / 2);
  BatchCollector collector(record::Offset{0}, 2 * kLarge);
  EXPECT_TRUE(collector.Add(absl::MakeSpan(frame.batches).subspan(0, 1), *frame.bytes));
  EXPECT_TRUE(collector.Add(absl::MakeSpan(frame.batches).subspan(1), *frame.bytes));
  const ReadResult result = collector.Take();
  ASSERT_EQ(result.batches.size(), 2u);
  EXPECT_TRUE(Shares(result.batches[1], *frame.bytes));
}

}  // namespace
}  // namespace leat::log
