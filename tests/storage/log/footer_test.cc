#include "storage/log/footer.h"

#include <gtest/gtest.h>

#include <string>

#include "absl/status/status.h"
#include "storage/record/batch.h"
#include "storage/record/little_endian.h"

namespace leat::log {
namespace {

constexpr uint64_t kSegmentId = 0x0123456789abcdef;

SegmentFooter SomeFooter(int index_entries) {
  SegmentFooter footer{.next_offset = {100'000},
                       .frames_end = {uint64_t{1} << 30},
                       .last_frame_crc = 0xcafe,
                       .payload_bytes = 123'456,
                       .first_append_timestamp_ms = 11,
                       .last_append_timestamp_ms = 22};
  for (int i = 0; i < index_entries; ++i) {
    footer.index.AddFrame({i * 10}, {4096 + i * kIndexIntervalBytes}, 1000 + i);
  }
  return footer;
}

void ExpectSame(const SegmentFooter& a, const SegmentFooter& b) {
  EXPECT_EQ(a.next_offset, b.next_offset);
  EXPECT_EQ(a.frames_end, b.frames_end);
  EXPECT_EQ(a.last_frame_crc, b.last_frame_crc);
  EXPECT_EQ(a.payload_bytes, b.payload_bytes);
  EXPECT_EQ(a.first_append_timestamp_ms, b.first_append_timestamp_ms);
  EXPECT_EQ(a.last_append_timestamp_ms, b.last_append_timestamp_ms);
  EXPECT_EQ(a.compaction, b.compaction);
  EXPECT_EQ(a.index.entries(), b.index.entries());
  EXPECT_EQ(a.index.max_timestamp_ms(), b.index.max_timestamp_ms());
}

TEST(FooterTest, ComesBackWhateverItsLength) {
  // Around the lengths at which footer and trailer come to take another block.
  for (int entries : {0, 1, 2, 161, 162, 163, 164, 165, 166, 1000}) {
    const SegmentFooter footer = SomeFooter(entries);
    const std::string bytes = EncodeFooter(kSegmentId, footer);
    EXPECT_EQ(bytes.size() % io::kBlockBytes, 0u);
    const absl::StatusOr<uint64_t> peeked = PeekFooterBytes(bytes);
    ASSERT_TRUE(peeked.ok()) << peeked.status();
    EXPECT_EQ(*peeked, bytes.size());
    const absl::StatusOr<SegmentFooter> decoded = DecodeFooter(kSegmentId, bytes);
    ASSERT_TRUE(decoded.ok()) << entries << ": " << decoded.status();
    ExpectSame(*decoded, footer);
  }
}

TEST(FooterTest, ACompactedSegmentHasAVersionOfItsOwn) {
  SegmentFooter footer = SomeFooter(3);
  const auto version = [&footer] {
    return record::LoadLittleEndian<uint16_t>(EncodeFooter(kSegmentId, footer).data() + 14);
  };
  EXPECT_EQ(version(), 1);
  footer.compaction = {.first_ms = 12'345, .tombstones = 67};
  EXPECT_EQ(version(), 2);
  const absl::StatusOr<SegmentFooter> decoded =
      DecodeFooter(kSegmentId, EncodeFooter(kSegmentId, footer));
  ASSERT_TRUE(decoded.ok()) << decoded.status();
  ExpectSame(*decoded, footer);
}

TEST(FooterTest, TrailerTellsWhereItIs) {
  const std::string bytes = EncodeFooter(kSegmentId, SomeFooter(3));
  const absl::StatusOr<FooterTrailer> trailer = DecodeFooterTrailer(bytes);
  ASSERT_TRUE(trailer.ok()) << trailer.status();
  EXPECT_EQ(trailer->position, SomeFooter(3).frames_end);
  EXPECT_EQ(trailer->padded_bytes(), bytes.size());
  EXPECT_EQ(trailer->segment_id, kSegmentId);
}

TEST(FooterTest, EveryBitCounts) {
  const std::string bytes = EncodeFooter(kSegmentId, SomeFooter(2));
  for (size_t bit = 0; bit < bytes.size() * 8; ++bit) {
    std::string flipped = bytes;
    flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ (1 << bit % 8));
    EXPECT_TRUE(absl::IsDataLoss(DecodeFooter(kSegmentId, flipped).status())) << "bit " << bit;
  }
}

TEST(FooterTest, EveryCutIsFound) {
  const std::string bytes = EncodeFooter(kSegmentId, SomeFooter(500));
  for (size_t length = 0; length < bytes.size(); length += 512) {
    EXPECT_FALSE(DecodeFooter(kSegmentId, bytes.substr(0, length)).ok()) << length;
    EXPECT_FALSE(DecodeFooter(kSegmentId, bytes.substr(bytes.size() - length)).ok()) << length;
  }
}

TEST(FooterTest, RefusesAnotherSegments) {
  const std::string bytes = EncodeFooter(kSegmentId, SomeFooter(2));
  EXPECT_TRUE(absl::IsDataLoss(DecodeFooter(kSegmentId + 1, bytes).status()));
}

// Sets checksums right after the footer was changed.
void Reseal(std::string& bytes, size_t footer_bytes) {
  const uint32_t crc = record::Crc32c(std::string_view(bytes).substr(12, footer_bytes - 12));
  record::StoreLittleEndian(crc, bytes.data() + 8);
  char* const trailer = bytes.data() + bytes.size() - 64;
  record::StoreLittleEndian(crc, trailer + 12);
  record::StoreLittleEndian(record::Crc32c({trailer + 12, 52}), trailer + 8);
}

TEST(FooterTest, TellsANewerVersionFromDamage) {
  std::string bytes = EncodeFooter(kSegmentId, SomeFooter(0));
  record::StoreLittleEndian<uint16_t>(3, bytes.data() + 14);
  Reseal(bytes, 136);
  EXPECT_TRUE(absl::IsUnimplemented(DecodeFooter(kSegmentId, bytes).status()));
}

TEST(FooterTest, RefusesAnIndexOutOfOrder) {
  SegmentFooter footer = SomeFooter(0);
  footer.index = SegmentIndex({{{5}, {8192}, 1}, {{5}, {4096}, 1}}, 1);
  const std::string bytes = EncodeFooter(kSegmentId, footer);
  EXPECT_TRUE(absl::IsDataLoss(DecodeFooter(kSegmentId, bytes).status()));
}

TEST(FooterTest, ZerosAreNone) {
  EXPECT_TRUE(absl::IsNotFound(DecodeFooterTrailer(std::string(4096, '\0')).status()));
  EXPECT_TRUE(absl::IsNotFound(DecodeFooterTrailer("").status()));
  EXPECT_TRUE(absl::IsNotFound(PeekFooterBytes(std::string(4096, '\0')).status()));
}

}  // namespace
}  // namespace leat::log
