#include "storage/log/format.h"

#include <gtest/gtest.h>

#include <string>

#include "absl/status/status.h"
#include "storage/record/batch.h"
#include "storage/record/little_endian.h"

namespace leat::log {
namespace {

using record::StoreLittleEndian;

SegmentHeader SomeSegment() {
  SegmentHeader header{.partition = 7,
                       .segment_id = 0x1122334455667788,
                       .base_offset = {1234},
                       .create_timestamp_ms = 1'700'000'000'000};
  for (uint8_t i = 0; i < header.topic_id.size(); ++i) header.topic_id[i] = i;
  return header;
}

std::string Encode(const SegmentHeader& header) {
  std::string bytes(SegmentHeader::kEncodedBytes, 'x');
  EncodeSegmentHeader(header, bytes.data());
  return bytes;
}

// Sets the checksum right after `bytes` was changed.
void Reseal(std::string& bytes) {
  StoreLittleEndian(record::Crc32c(std::string_view(bytes).substr(12)), bytes.data() + 8);
}

FrameHeader SomeFrame() {
  return {.frame_bytes = 64 + 2 * 128 + 5000,
          .padded_bytes = 8192,
          .batch_count = 2,
          .segment_id = 0x1122334455667788,
          .incarnation = 0x99aabbccddeeff00,
          .previous_crc = 0x01020304,
          .first_offset = {500},
          .stable_offset = {400}};
}

std::string Encode(const FrameHeader& header) {
  std::string bytes(FrameHeader::kEncodedBytes, 'x');
  EncodeFrameHeader(header, "batch headers", bytes.data());
  return bytes;
}

TEST(SegmentHeaderTest, ComesBack) {
  const absl::StatusOr<SegmentHeader> decoded = DecodeSegmentHeader(Encode(SomeSegment()));
  ASSERT_TRUE(decoded.ok()) << decoded.status();
  EXPECT_EQ(*decoded, SomeSegment());
  SegmentHeader with_producers = SomeSegment();
  with_producers.has_producers = true;
  EXPECT_EQ(*DecodeSegmentHeader(Encode(with_producers)), with_producers);
}

TEST(SegmentHeaderTest, EveryBitCounts) {
  const std::string bytes = Encode(SomeSegment());
  for (size_t bit = 0; bit < bytes.size() * 8; ++bit) {
    std::string flipped = bytes;
    flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ (1 << bit % 8));
    EXPECT_TRUE(absl::IsDataLoss(DecodeSegmentHeader(flipped).status())) << "bit " << bit;
  }
}

TEST(SegmentHeaderTest, RefusesWhatIsCutShort) {
  const std::string bytes = Encode(SomeSegment());
  EXPECT_TRUE(absl::IsDataLoss(
      DecodeSegmentHeader(std::string_view(bytes).substr(0, bytes.size() - 1)).status()));
}

TEST(SegmentHeaderTest, TellsANewerVersionFromDamage) {
  std::string bytes = Encode(SomeSegment());
  StoreLittleEndian<uint16_t>(2, bytes.data() + 14);
  Reseal(bytes);
  EXPECT_TRUE(absl::IsUnimplemented(DecodeSegmentHeader(bytes).status()));
}

TEST(SegmentHeaderTest, RefusesReservedBytesInUse) {
  std::string bytes = Encode(SomeSegment());
  bytes[100] = 1;
  Reseal(bytes);
  EXPECT_TRUE(absl::IsDataLoss(DecodeSegmentHeader(bytes).status()));
}

TEST(SegmentHeaderTest, ChecksumIsTheEncodedOne) {
  const std::string bytes = Encode(SomeSegment());
  EXPECT_EQ(SegmentHeaderCrc(SomeSegment()), record::LoadLittleEndian<uint32_t>(bytes.data() + 8));
}

TEST(FrameHeaderTest, ComesBack) {
  const std::string bytes = Encode(SomeFrame());
  const absl::StatusOr<FrameHeader> decoded = DecodeFrameHeader(bytes);
  ASSERT_TRUE(decoded.ok()) << decoded.status();
  EXPECT_EQ(decoded->frame_bytes, 5320u);
  EXPECT_EQ(decoded->padded_bytes, 8192u);
  EXPECT_EQ(decoded->batch_count, 2u);
  EXPECT_EQ(decoded->segment_id, 0x1122334455667788u);
  EXPECT_EQ(decoded->incarnation, 0x99aabbccddeeff00u);
  EXPECT_EQ(decoded->previous_crc, 0x01020304u);
  EXPECT_EQ(decoded->first_offset.value, 500);
  EXPECT_EQ(decoded->stable_offset.value, 400);
  EXPECT_EQ(decoded->crc, FrameCrc(bytes, "batch headers"));
}

TEST(FrameHeaderTest, ChecksumCoversBatchHeaders) {
  const std::string bytes = Encode(SomeFrame());
  EXPECT_NE(FrameCrc(bytes, "batch headers"), FrameCrc(bytes, "batch headerz"));
}

struct Wrong {
  const char* what;
  void (*change)(FrameHeader&);
};

class WrongFrameHeaderTest : public testing::TestWithParam<Wrong> {};

TEST_P(WrongFrameHeaderTest, IsRefused) {
  FrameHeader header = SomeFrame();
  GetParam().change(header);
  EXPECT_TRUE(absl::IsDataLoss(DecodeFrameHeader(Encode(header)).status())) << GetParam().what;
}

INSTANTIATE_TEST_SUITE_P(
    All, WrongFrameHeaderTest,
    testing::Values(
        Wrong{"padding of less than it takes", [](FrameHeader& h) { h.padded_bytes = 4096; }},
        Wrong{"padding of more than it takes", [](FrameHeader& h) { h.padded_bytes = 12288; }},
        Wrong{"more batches than bytes", [](FrameHeader& h) { h.batch_count = 42; }},
        Wrong{"a number of batches that overflows", [](FrameHeader& h) { h.batch_count = ~0u; }},
        Wrong{"bytes in a control frame", [](FrameHeader& h) { h.batch_count = 0; }},
        Wrong{"stable offset after the first",
              [](FrameHeader& h) { h.stable_offset = h.first_offset + 1; }},
        Wrong{"negative stable offset", [](FrameHeader& h) { h.stable_offset = {-1}; }},
        Wrong{"longer than any frame",
              [](FrameHeader& h) {
                h.frame_bytes = kMaxFrameBytes + 1;
                h.padded_bytes = kMaxFrameBytes + 4096;
              }},
        Wrong{"so long that padding overflows", [](FrameHeader& h) {
                h.frame_bytes = ~0u;
                h.padded_bytes = 0;
              }}));

TEST(FrameHeaderTest, TellsAnUnknownVersion) {
  std::string bytes = Encode(SomeFrame());
  StoreLittleEndian<uint16_t>(2, bytes.data() + 10);
  EXPECT_TRUE(absl::IsUnimplemented(DecodeFrameHeader(bytes).status()));
  EXPECT_EQ(PeekFrameSegmentId(bytes), SomeFrame().segment_id);
}

TEST(FrameHeaderTest, PeeksAtNothingElse) {
  EXPECT_EQ(PeekFrameSegmentId(std::string(4096, '\0')), std::nullopt);
  EXPECT_EQ(PeekFrameSegmentId(Encode(SomeFrame()).substr(0, 63)), std::nullopt);
}

}  // namespace
}  // namespace leat::log
