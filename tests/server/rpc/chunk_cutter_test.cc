#include "server/rpc/chunk_cutter.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "storage/record/error.h"
#include "tests/server/rpc/sets.h"

namespace leat::rpc {
namespace {

using record::Codec;
using record::Offset;

constexpr Offset kNoEnd{INT64_MAX};

// The values in `chunks`, after a check that they lie densely from `from` to `end`.
std::vector<std::string> Joined(const std::vector<Chunk>& chunks, int64_t from, int64_t end) {
  std::vector<std::string> values;
  for (const Chunk& chunk : chunks) {
    EXPECT_EQ(chunk.base_offset.value, from);
    const auto part = ValuesOf(ParseSet(chunk.records));
    from += static_cast<int64_t>(part.size());
    EXPECT_EQ(chunk.next_offset.value, from);
    values.insert(values.end(), part.begin(), part.end());
  }
  EXPECT_EQ(from, end);
  return values;
}

TEST(ChunkCutter, AWholeBatchThatFitsIsOneChunkOfTheSameMemory) {
  const std::string bytes = Values(100).SerializeAsString();
  record::Batch batch = MakeBatch(Values(100), 50);
  batch.payload = absl::MakeCordFromExternal(absl::string_view(bytes), [] {});
  const auto chunks = CutBatch(batch, {0}, kNoEnd, bytes.size());
  ASSERT_TRUE(chunks.ok());
  ASSERT_EQ(chunks->size(), 1u);
  EXPECT_EQ(chunks->front().records.TryFlat()->data(), bytes.data());
  EXPECT_EQ(chunks->front().next_offset.value, 150);
}

TEST(ChunkCutter, CutsAtRecordsAndWithinTheLimit) {
  for (const Codec codec : {Codec::kNone, Codec::kZstd, Codec::kLz4}) {
    const v1::RecordSet set = Values(1'000, "value");
    const record::Batch batch = MakeBatch(set, 10, codec);
    for (const size_t limit : {1u, 30u, 1'000u, 1u << 20}) {
      const auto chunks = CutBatch(batch, {10}, kNoEnd, limit);
      ASSERT_TRUE(chunks.ok()) << chunks.status();
      EXPECT_EQ(Joined(*chunks, 10, 1'010), ValuesOf(set));
      for (const Chunk& chunk : *chunks) {
        EXPECT_TRUE(chunk.records.size() <= limit || chunk.next_offset - chunk.base_offset == 1);
      }
    }
  }
}

TEST(ChunkCutter, NeverBeginsBeforeTheCursorNorGoesPastTheEnd) {
  const v1::RecordSet set = Values(20);
  const auto all = ValuesOf(set);
  const record::Batch batch = MakeBatch(set, 100);
  for (int from = 90; from < 120; ++from) {
    for (int end = from + 1; end <= 125; ++end) {
      const auto chunks = CutBatch(batch, {from}, {end}, 25);
      ASSERT_TRUE(chunks.ok());
      const int first = std::max(from, 100);
      const int last = std::max(first, std::min(end, 120));
      EXPECT_EQ(Joined(*chunks, first, last),
                std::vector<std::string>(all.begin() + (first - 100), all.begin() + (last - 100)));
    }
  }
}

TEST(ChunkCutter, SparseBatchesKeepTheirOffsets) {
  v1::RecordSet set = Values(4);
  for (const uint32_t delta : {1u, 4u, 5u, 9u}) set.add_offset_deltas(delta);
  record::Batch batch = MakeBatch(set, 100);
  batch.header.last_offset_delta = 11;
  batch.header.attributes = record::kCompactedBatch;
  const auto chunks = CutBatch(batch, {104}, kNoEnd, 20);
  ASSERT_TRUE(chunks.ok()) << chunks.status();
  std::vector<int64_t> offsets;
  for (const Chunk& chunk : *chunks) {
    const v1::RecordSet part = ParseSet(chunk.records);
    for (int i = 0; i < part.records_size(); ++i) {
      offsets.push_back(chunk.base_offset.value + part.offset_deltas(i));
    }
  }
  EXPECT_EQ(offsets, (std::vector<int64_t>{104, 105, 109}));
  EXPECT_EQ(chunks->back().next_offset.value, 112);
}

TEST(ChunkCutter, AnEmptyBatchHasNoChunks) {
  record::Batch batch;
  batch.header.last_offset_delta = 5;
  batch.header.attributes = record::kCompactedBatch;
  const auto chunks = CutBatch(batch, {0}, kNoEnd, 100);
  ASSERT_TRUE(chunks.ok());
  EXPECT_TRUE(chunks->empty());
}

TEST(ChunkCutter, WhatIsNotARecordSetIsDataLoss) {
  record::Batch batch = MakeBatch(Values(3), 7);
  batch.payload = absl::Cord("not a record set");
  EXPECT_EQ(record::ReasonOf(CutBatch(batch, {8}, kNoEnd, 100).status()),
            record::Reason::kLogCorrupt);
  batch.header.codec = Codec::kZstd;
  EXPECT_EQ(record::ReasonOf(CutBatch(batch, {7}, kNoEnd, 100).status()),
            record::Reason::kLogCorrupt);
}

TEST(BatchAcceptance, TakesKnownCodecsThatFit) {
  record::BatchHeader header;
  header.payload_bytes = 10'000;
  EXPECT_FALSE(BatchAcceptance().Takes(header, kNoEnd));
  v1::AcceptBatches accept;
  EXPECT_TRUE(BatchAcceptance(accept).Takes(header, kNoEnd));
  header.codec = Codec::kZstd;
  EXPECT_FALSE(BatchAcceptance(accept).Takes(header, kNoEnd));
  accept.add_codecs(v1::CODEC_ZSTD);
  EXPECT_TRUE(BatchAcceptance(accept).Takes(header, kNoEnd));
  EXPECT_FALSE(BatchAcceptance(accept, 9'999).Takes(header, kNoEnd));
  accept.set_max_message_bytes(10'100);
  EXPECT_FALSE(BatchAcceptance(accept).Takes(header, kNoEnd));
  accept.set_max_message_bytes(1);
  EXPECT_FALSE(BatchAcceptance(accept).Takes(header, kNoEnd));
}

TEST(BatchAcceptance, ABatchThatGoesPastTheEndIsNotTaken) {
  record::BatchHeader header;
  header.base_offset = {10};
  header.last_offset_delta = 9;
  const BatchAcceptance acceptance{v1::AcceptBatches()};
  EXPECT_TRUE(acceptance.Takes(header, {20}));
  EXPECT_FALSE(acceptance.Takes(header, {19}));
}

}  // namespace
}  // namespace leat::rpc
