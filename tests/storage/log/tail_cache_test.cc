#include "storage/log/tail_cache.h"

#include <string>
#include <utility>
#include <vector>

#include "gtest/gtest.h"
#include "storage/io/aligned_buffer.h"
#include "tests/storage/log/batches.h"

namespace leat::log {
namespace {

// A frame of `batches` batches of two records, in one block.
BuiltFrame MakeFrame(int64_t first_offset, int batches) {
  std::vector<record::Batch> content;
  for (int i = 0; i < batches; ++i) {
    content.push_back(MakeBatch(first_offset + 2 * i, 2, "value", 5));
  }
  return BuildFrame({.first_offset = {first_offset}}, content);
}

std::vector<int64_t> BaseOffsets(const ReadResult& result) {
  std::vector<int64_t> offsets;
  for (const record::Batch& batch : result.batches)
    offsets.push_back(batch.header.base_offset.value);
  return offsets;
}

using Offsets = std::vector<int64_t>;

TEST(TailCacheTest, ReadsOverFrames) {
  TailCache tail(1 << 20);
  EXPECT_FALSE(tail.Contains({0}));
  tail.Add(MakeFrame(10, 2));
  tail.Add(MakeFrame(14, 1));
  EXPECT_FALSE(tail.Contains({9}));
  EXPECT_TRUE(tail.Contains({10}));
  EXPECT_TRUE(tail.Contains({15}));
  EXPECT_FALSE(tail.Contains({16}));
  EXPECT_EQ(BaseOffsets(tail.Read({10}, 1 << 20)), (Offsets{10, 12, 14}));
  // In the middle of a batch.
  const ReadResult result = tail.Read({13}, 1 << 20);
  EXPECT_EQ(BaseOffsets(result), (Offsets{12, 14}));
  EXPECT_EQ(result.next_offset, record::Offset{16});
}

TEST(TailCacheTest, ReadsWhatFitsButAtLeastOne) {
  TailCache tail(1 << 20);
  tail.Add(MakeFrame(0, 3));
  const size_t payload_bytes = MakeBatch(0, 2, "value", 5).payload.size();
  EXPECT_EQ(BaseOffsets(tail.Read({0}, 0)), (Offsets{0}));
  EXPECT_EQ(BaseOffsets(tail.Read({0}, 2 * payload_bytes - 1)), (Offsets{0}));
  EXPECT_EQ(BaseOffsets(tail.Read({0}, 2 * payload_bytes)), (Offsets{0, 2}));
  EXPECT_EQ(tail.Read({0}, 2 * payload_bytes).next_offset, record::Offset{4});
}

TEST(TailCacheTest, SharesTheMemoryOfTheFrame) {
  TailCache tail(1 << 20);
  const BuiltFrame frame = MakeFrame(0, 1);
  tail.Add(frame);
  const ReadResult result = tail.Read({0}, 1);
  const char* payload = result.batches[0].payload.TryFlat()->data();
  EXPECT_GE(payload, frame.bytes->data());
  EXPECT_LT(payload, frame.bytes->data() + frame.bytes->size());
}

TEST(TailCacheTest, KeepsTheNewestFramesThatCoverItsSize) {
  TailCache tail(2 * io::kBlockBytes);
  for (int64_t i = 0; i < 10; ++i) tail.Add(MakeFrame(2 * i, 1));
  EXPECT_EQ(tail.bytes(), 2 * io::kBlockBytes);
  EXPECT_FALSE(tail.Contains({15}));
  EXPECT_TRUE(tail.Contains({16}));
  // The newest frame stays even when it is larger than all that is wanted.
  tail.SetBytes(1);
  EXPECT_TRUE(tail.Contains({18}));
  EXPECT_EQ(tail.bytes(), io::kBlockBytes);
  tail.SetBytes(0);
  EXPECT_FALSE(tail.Contains({18}));
  EXPECT_EQ(tail.bytes(), 0u);
}

TEST(TailCacheTest, LetsGoOfWhatEndsBeforeAnOffset) {
  TailCache tail(1 << 20);
  for (int64_t i = 0; i < 4; ++i) tail.Add(MakeFrame(2 * i, 1));
  tail.DropBefore({5});
  EXPECT_FALSE(tail.Contains({3}));
  EXPECT_TRUE(tail.Contains({4}));
  EXPECT_EQ(tail.bytes(), 2 * io::kBlockBytes);
  tail.DropBefore({100});
  EXPECT_EQ(tail.bytes(), 0u);
}

TEST(TailCacheTest, PassesOverControlFrames) {
  TailCache tail(1 << 20);
  tail.Add(MakeFrame(0, 1));
  tail.Add(MakeFrame(2, 0));
  tail.Add(MakeFrame(2, 1));
  EXPECT_EQ(BaseOffsets(tail.Read({0}, 1 << 20)), (Offsets{0, 2}));
}

}  // namespace
}  // namespace leat::log
