#include "storage/record/batch.h"

#include <gtest/gtest.h>

#include <limits>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "storage/record/little_endian.h"

namespace leat::record {
namespace {

constexpr unsigned char kGolden[BatchHeader::kEncodedBytes] = {
    0x80, 0x00, 0x01, 0x00, 0x19, 0x88, 0xdf, 0xc2, 0x00, 0x00, 0x00, 0x00, 0x04, 0x03, 0x02, 0x01,
    0x14, 0x13, 0x12, 0x11, 0x24, 0x23, 0x22, 0x21, 0x38, 0x37, 0x36, 0x35, 0x34, 0x33, 0x32, 0x31,
    0x44, 0x43, 0x42, 0x01, 0x54, 0x53, 0x52, 0x51, 0x68, 0x67, 0x66, 0x65, 0x64, 0x63, 0x62, 0x61,
    0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x78, 0x77, 0x76, 0x75, 0x74, 0x73, 0x72, 0x71,
    0x02, 0x01, 0x06, 0x00, 0xfd, 0xff, 0xff, 0xff, 0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x08,
    0x09, 0x0a, 0x0b, 0x0c, 0x19, 0x1a, 0x1b, 0x1c, 0x29, 0x2a, 0x2b, 0x2c,
};

BatchHeader GoldenHeader() {
  return {
      .payload_bytes = 0x01020304,
      .uncompressed_bytes = 0x11121314,
      .payload_crc32c = 0x21222324,
      .base_offset = {0x3132333435363738},
      .record_count = 0x01424344,
      .last_offset_delta = 0x51525354,
      .append_timestamp_ms = 0x6162636465666768,
      .base_timestamp_ms = -2,
      .max_timestamp_ms = 0x7172737475767778,
      .timestamp_type = TimestampType::kAppend,
      .codec = Codec::kZstd,
      .attributes = kTransactionalBatch | kCompactedBatch,
      .leader_epoch = -3,
      .producer_id = 0x0807060504030201,
      .producer_epoch = 0x0c0b0a09,
      .base_sequence = 0x1c1b1a19,
      .encryption_key_id = 0x2c2b2a29,
  };
}

BatchHeader PlainHeader() {
  return {
      .payload_bytes = 100,
      .uncompressed_bytes = 100,
      .base_offset = {5},
      .record_count = 3,
      .last_offset_delta = 2,
  };
}

std::string Encode(const BatchHeader& header) {
  std::string bytes(BatchHeader::kEncodedBytes, 'x');
  EncodeBatchHeader(header, bytes.data());
  return bytes;
}

// A header that somebody wrote with `value` at `place`, and with the right checksum.
template <typename T>
std::string EncodeWith(T value, size_t place) {
  std::string bytes = Encode(PlainHeader());
  StoreLittleEndian(value, bytes.data() + place);
  const std::string_view view = bytes;
  StoreLittleEndian(Crc32c(view.substr(8), Crc32c(view.substr(0, 4))), bytes.data() + 4);
  return bytes;
}

absl::StatusCode DecodeCode(std::string_view bytes) {
  return DecodeBatchHeader(bytes).status().code();
}
absl::StatusCode DecodeCode(const BatchHeader& header) { return DecodeCode(Encode(header)); }

TEST(BatchHeader, LiesAsDocumented) {
  const std::string_view golden(reinterpret_cast<const char*>(kGolden), sizeof(kGolden));
  EXPECT_EQ(Encode(GoldenHeader()), golden);
  const absl::StatusOr<BatchHeader> decoded = DecodeBatchHeader(golden);
  ASSERT_TRUE(decoded.ok()) << decoded.status();
  EXPECT_TRUE(*decoded == GoldenHeader());
}

TEST(BatchHeader, IsReadFromTheFrontOfLongerBytes) {
  const absl::StatusOr<BatchHeader> decoded = DecodeBatchHeader(Encode(PlainHeader()) + "payload");
  ASSERT_TRUE(decoded.ok()) << decoded.status();
  EXPECT_TRUE(*decoded == PlainHeader());
  EXPECT_EQ(decoded->next_offset(), Offset{8});
}

TEST(BatchHeader, AnyFlippedBitIsDataLoss) {
  const std::string whole = Encode(PlainHeader());
  for (size_t bit = 0; bit < whole.size() * 8; ++bit) {
    std::string bytes = whole;
    bytes[bit / 8] ^= static_cast<char>(1 << (bit % 8));
    EXPECT_EQ(DecodeCode(bytes), absl::StatusCode::kDataLoss) << "bit " << bit;
  }
}

TEST(BatchHeader, CutShortIsDataLoss) {
  const std::string whole = Encode(PlainHeader());
  for (size_t size = 0; size < whole.size(); ++size) {
    EXPECT_EQ(DecodeCode(whole.substr(0, size)), absl::StatusCode::kDataLoss) << size << " bytes";
  }
}

TEST(BatchHeader, ZerosAreDataLoss) {
  EXPECT_EQ(DecodeCode(std::string(4096, '\0')), absl::StatusCode::kDataLoss);
}

TEST(BatchHeader, OfALaterProgramIsUnimplemented) {
  EXPECT_EQ(DecodeCode(EncodeWith<uint16_t>(2, 2)), absl::StatusCode::kUnimplemented) << "version";
  EXPECT_EQ(DecodeCode(EncodeWith<uint32_t>(1, 8)), absl::StatusCode::kUnimplemented) << "feature";
  EXPECT_EQ(DecodeCode(EncodeWith<uint8_t>(3, 65)), absl::StatusCode::kUnimplemented) << "codec";
  for (size_t place = 92; place < 128; ++place) {
    EXPECT_EQ(DecodeCode(EncodeWith<uint8_t>(1, place)), absl::StatusCode::kUnimplemented) << place;
  }
}

TEST(BatchHeader, ThatContradictsItselfIsDataLoss) {
  EXPECT_EQ(DecodeCode(EncodeWith<uint16_t>(136, 0)), absl::StatusCode::kDataLoss) << "length";
  EXPECT_EQ(DecodeCode(EncodeWith<uint8_t>(0, 64)), absl::StatusCode::kDataLoss) << "timestamp";
  EXPECT_EQ(DecodeCode(EncodeWith<uint8_t>(3, 64)), absl::StatusCode::kDataLoss) << "timestamp";
  EXPECT_EQ(DecodeCode(EncodeWith<int64_t>(-1, 24)), absl::StatusCode::kDataLoss) << "offset";
  EXPECT_EQ(DecodeCode(EncodeWith<uint32_t>(2, 32)), absl::StatusCode::kDataLoss) << "few records";
  EXPECT_EQ(DecodeCode(EncodeWith<uint32_t>(4, 32)), absl::StatusCode::kDataLoss) << "many records";
  EXPECT_EQ(DecodeCode(EncodeWith<uint32_t>(99, 16)), absl::StatusCode::kDataLoss) << "two sizes";
}

TEST(BatchHeader, HasNoMoreRecordsThanFitItsBytes) {
  BatchHeader header = PlainHeader();
  header.payload_bytes = header.uncompressed_bytes = 6;
  EXPECT_EQ(DecodeCode(header), absl::StatusCode::kOk);
  header.payload_bytes = header.uncompressed_bytes = 5;
  EXPECT_EQ(DecodeCode(header), absl::StatusCode::kDataLoss);
}

TEST(BatchHeader, OffsetsNeverOverflow) {
  BatchHeader header = PlainHeader();
  header.base_offset.value = std::numeric_limits<int64_t>::max() - 3;
  EXPECT_EQ(DecodeCode(header), absl::StatusCode::kOk);
  EXPECT_EQ(header.next_offset().value, std::numeric_limits<int64_t>::max());
  header.base_offset.value += 1;
  EXPECT_EQ(DecodeCode(header), absl::StatusCode::kDataLoss);

  header = PlainHeader();
  header.attributes = kCompactedBatch;
  header.last_offset_delta = std::numeric_limits<int32_t>::max();
  EXPECT_EQ(DecodeCode(header), absl::StatusCode::kOk);
  header.last_offset_delta += 1;
  EXPECT_EQ(DecodeCode(header), absl::StatusCode::kDataLoss);
}

TEST(BatchHeader, ACompactedBatchMayBeSparseOrEmpty) {
  BatchHeader header = PlainHeader();
  header.attributes = kCompactedBatch;
  header.last_offset_delta = 1000;
  EXPECT_EQ(DecodeCode(header), absl::StatusCode::kOk);
  header.record_count = header.payload_bytes = header.uncompressed_bytes = 0;
  EXPECT_EQ(DecodeCode(header), absl::StatusCode::kOk);
  header.record_count = 1002;
  header.payload_bytes = header.uncompressed_bytes = 10'000;
  EXPECT_EQ(DecodeCode(header), absl::StatusCode::kDataLoss);
}

}  // namespace
}  // namespace leat::record
