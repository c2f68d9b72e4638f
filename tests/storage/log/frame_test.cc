#include "storage/log/frame.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "storage/io/aligned_buffer.h"
#include "tests/storage/log/batches.h"

namespace leat::log {
namespace {

FrameHeader Place() {
  return {.segment_id = 0xabcd,
          .incarnation = 0x1234,
          .previous_crc = 77,
          .first_offset = {10},
          .stable_offset = {8}};
}

std::vector<record::Batch> TwoBatches() {
  return {MakeBatch(10, 2, "first", 1000), MakeBatch(12, 3, std::string(5000, 'v'), 900)};
}

absl::Status ParseStatus(std::string_view bytes, PayloadCheck check = PayloadCheck::kVerify) {
  return ParseFrame(bytes, nullptr, check).status();
}

TEST(FrameTest, ComesBack) {
  const std::vector<record::Batch> batches = TwoBatches();
  const BuiltFrame built = BuildFrame(Place(), batches);
  EXPECT_EQ(built.header.frame_bytes, FrameBytes(batches));
  EXPECT_EQ(built.bytes->size(), io::RoundUpToBlock(FrameBytes(batches)));
  EXPECT_EQ(built.next_offset().value, 15);
  EXPECT_EQ(built.max_timestamp_ms, 1000);

  const absl::StatusOr<ParsedFrame> parsed =
      ParseFrame(BytesOf(built), built.bytes, PayloadCheck::kVerify);
  ASSERT_TRUE(parsed.ok()) << parsed.status();
  EXPECT_EQ(parsed->header.crc, built.header.crc);
  EXPECT_EQ(parsed->header.incarnation, 0x1234u);
  EXPECT_EQ(parsed->next_offset().value, 15);
  ASSERT_EQ(parsed->batches.size(), 2u);
  for (size_t i = 0; i < 2; ++i) {
    EXPECT_EQ(parsed->batches[i].header, batches[i].header);
    EXPECT_EQ(parsed->batches[i].payload, batches[i].payload);
    EXPECT_EQ(built.batches[i].header, batches[i].header);
    EXPECT_EQ(built.batches[i].payload, batches[i].payload);
  }
}

TEST(FrameTest, PayloadsOutliveTheFrame) {
  absl::Cord built_payload;
  absl::Cord parsed_payload;
  {
    const BuiltFrame built = BuildFrame(Place(), TwoBatches());
    built_payload = built.batches[1].payload;
    parsed_payload =
        ParseFrame(BytesOf(built), built.bytes, PayloadCheck::kSkip)->batches[1].payload;
  }
  EXPECT_EQ(built_payload, TwoBatches()[1].payload);
  EXPECT_EQ(parsed_payload, TwoBatches()[1].payload);
}

TEST(FrameTest, WithoutBatchesIsAControlFrame) {
  const BuiltFrame built = BuildFrame(Place(), {});
  EXPECT_EQ(built.bytes->size(), io::kBlockBytes);
  EXPECT_EQ(built.next_offset().value, 10);
  EXPECT_EQ(built.max_timestamp_ms, INT64_MIN);
  const absl::StatusOr<ParsedFrame> parsed =
      ParseFrame(BytesOf(built), nullptr, PayloadCheck::kVerify);
  ASSERT_TRUE(parsed.ok()) << parsed.status();
  EXPECT_TRUE(parsed->batches.empty());
  EXPECT_EQ(parsed->next_offset().value, 10);
}

TEST(FrameTest, EveryBitCounts) {
  const BuiltFrame built = BuildFrame(Place(), TwoBatches());
  std::string bytes(BytesOf(built));
  for (size_t bit = 0; bit < bytes.size() * 8; ++bit) {
    char& byte = bytes[bit / 8];
    byte = static_cast<char>(byte ^ (1 << bit % 8));
    const absl::Status status = ParseStatus(bytes);
    EXPECT_FALSE(status.ok()) << "bit " << bit;
    byte = static_cast<char>(byte ^ (1 << bit % 8));
  }
  EXPECT_TRUE(ParseStatus(bytes).ok());
}

TEST(FrameTest, SaysWhereItIsCutShort) {
  const BuiltFrame built = BuildFrame(Place(), TwoBatches());
  const std::string_view bytes = BytesOf(built);
  EXPECT_TRUE(absl::IsDataLoss(ParseStatus(bytes.substr(0, 63))));
  for (size_t length = 64; length < bytes.size(); length += 32) {
    EXPECT_TRUE(absl::IsOutOfRange(ParseStatus(bytes.substr(0, length)))) << length;
  }
}

TEST(FrameTest, SkippingPayloadsStillChecksHeaders) {
  const BuiltFrame built = BuildFrame(Place(), TwoBatches());
  std::string bytes(BytesOf(built));
  bytes[built.header.frame_bytes - 1] ^= 1;
  EXPECT_TRUE(ParseStatus(bytes, PayloadCheck::kSkip).ok());
  EXPECT_TRUE(absl::IsDataLoss(ParseStatus(bytes, PayloadCheck::kVerify)));
  bytes[33] ^= 1;
  EXPECT_TRUE(absl::IsDataLoss(ParseStatus(bytes, PayloadCheck::kSkip)));
}

TEST(FrameTest, HeadersAloneBearWitness) {
  const BuiltFrame built = BuildFrame(Place(), TwoBatches());
  std::string bytes(BytesOf(built));
  bytes.resize(io::kBlockBytes);  // Both batch headers lie in the first block.
  bytes[200] ^= 1;                // In the first payload.
  const absl::StatusOr<FrameHeader> header = ParseFrameHeaders(bytes);
  ASSERT_TRUE(header.ok()) << header.status();
  EXPECT_EQ(header->stable_offset.value, 8);
  bytes[70] ^= 1;  // In the first batch header.
  EXPECT_TRUE(absl::IsDataLoss(ParseFrameHeaders(bytes).status()));
}

TEST(FrameTest, RefusesBatchesThatAreNotDense) {
  for (int64_t second : {11, 13}) {
    const BuiltFrame built =
        BuildFrame(Place(), {MakeBatch(10, 2, "a", 1), MakeBatch(second, 1, "b", 1)});
    EXPECT_TRUE(absl::IsDataLoss(ParseStatus(BytesOf(built)))) << second;
  }
}

TEST(FrameTest, RefusesBatchesThatDoNotBeginAtItsOffset) {
  const BuiltFrame built = BuildFrame(Place(), {MakeBatch(11, 2, "a", 1)});
  EXPECT_TRUE(absl::IsDataLoss(ParseStatus(BytesOf(built))));
}

TEST(FrameTest, RefusesABatchThatOverrunsIt) {
  std::vector<record::Batch> batches = {MakeBatch(10, 2, "a", 1)};
  batches[0].header.payload_bytes += 1;
  batches[0].header.uncompressed_bytes += 1;
  EXPECT_TRUE(absl::IsDataLoss(ParseStatus(BytesOf(BuildFrame(Place(), batches)))));
  batches[0].header.payload_bytes -= 2;
  batches[0].header.uncompressed_bytes -= 2;
  EXPECT_TRUE(absl::IsDataLoss(ParseStatus(BytesOf(BuildFrame(Place(), batches)))));
}

}  // namespace
}  // namespace leat::log
