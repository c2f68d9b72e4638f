#include "server/rpc/consume_encoder.h"

#include <gtest/gtest.h>

#include <string>

#include "tests/server/rpc/sets.h"

namespace leat::rpc {
namespace {

const MemberPlace kPlace{"topic", "id", 3, 1'000'000, {1'234}};

// Parsed, and written again by the library, it is the same.
v1::ConsumeResponse Check(const absl::Cord& message) {
  v1::ConsumeResponse response;
  EXPECT_TRUE(response.ParseFromString(std::string(message)));
  EXPECT_EQ(response.SerializeAsString(), std::string(message));
  return response;
}

TEST(ConsumeEncoderTest, RecordsAreWhatTheLibraryWrites) {
  const v1::RecordSet set = Values(3);
  record::BatchHeader header;
  header.base_timestamp_ms = 5;
  header.append_timestamp_ms = 6;
  header.timestamp_type = record::TimestampType::kAppend;
  const Chunk chunk{{1'231}, {1'234}, absl::Cord(set.SerializeAsString())};
  const auto response = Check(EncodeDeliveredRecords(kPlace, {2'000}, {77, 3}, header, chunk));
  const v1::DeliveredRecords& records = response.records();
  EXPECT_EQ(records.position().SerializeAsString(), ToProto(kPlace).SerializeAsString());
  EXPECT_EQ(records.position().topic(), "topic");
  EXPECT_EQ(records.position().assignment_epoch(), 1'000'000u);
  EXPECT_EQ(records.position().next_offset(), 1'234);
  EXPECT_EQ(records.high_watermark(), 2'000);
  EXPECT_EQ(records.charged_bytes(), 77);
  EXPECT_EQ(records.charged_records(), 3);
  EXPECT_EQ(records.chunk().base_offset(), 1'231);
  EXPECT_EQ(records.chunk().base_timestamp_ms(), 5);
  EXPECT_EQ(records.chunk().append_timestamp_ms(), 6);
  EXPECT_EQ(records.chunk().timestamp_type(), v1::TIMESTAMP_TYPE_APPEND);
  EXPECT_EQ(ValuesOf(records.chunk().records()), ValuesOf(set));
}

TEST(ConsumeEncoderTest, ZerosAreLeftOut) {
  const Chunk chunk{{0}, {0}, absl::Cord()};
  Check(EncodeDeliveredRecords({"t", "i", 0, 0, {0}}, {0}, {}, {}, chunk));
}

TEST(ConsumeEncoderTest, Gaps) {
  const auto response = Check(EncodeDeliveredGap(kPlace, {1'000}));
  EXPECT_EQ(response.gap().position().next_offset(), 1'234);
  EXPECT_EQ(response.gap().gap().from_offset(), 1'000);
  EXPECT_EQ(response.gap().gap().to_offset(), 1'234);
  EXPECT_EQ(response.gap().gap().reason(), v1::Gap::REASON_TRIMMED);
}

}  // namespace
}  // namespace leat::rpc
