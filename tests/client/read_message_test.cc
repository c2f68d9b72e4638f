#include "client/read_message.h"

#include <gtest/gtest.h>

#include <limits>
#include <string>

#include "leat/v1/log.pb.h"
#include "storage/record/compression.h"

namespace leat::client {
namespace {

constexpr int64_t kNoEnd = std::numeric_limits<int64_t>::max();

v1::RecordSet ThreeRecords() {
  v1::RecordSet set;
  for (const char* value : {"a", "b", "c"}) {
    v1::Record* record = set.add_records();
    record->set_value(value);
    record->set_timestamp_delta_ms(set.records_size());
  }
  set.mutable_records(1)->set_key("k");
  set.mutable_records(1)->add_headers()->set_name("h");
  return set;
}

std::string Values(const std::vector<ReadRecord>& records) {
  std::string out;
  for (const ReadRecord& record : records) {
    out += std::to_string(record.offset) + std::string(record.value.value_or("-")) + " ";
  }
  return out;
}

TEST(ReadMessageTest, Chunk) {
  v1::ReadResponse response;
  response.set_topic_id("id");
  response.set_partition(4);
  response.set_next_offset(13);
  response.set_high_watermark(20);
  response.mutable_chunk()->set_base_offset(10);
  response.mutable_chunk()->set_base_timestamp_ms(1000);
  response.mutable_chunk()->set_append_timestamp_ms(5000);
  response.mutable_chunk()->set_timestamp_type(v1::TIMESTAMP_TYPE_CREATE);
  *response.mutable_chunk()->mutable_records() = ThreeRecords();
  const std::string bytes = response.SerializeAsString();

  const auto message = DecodeReadMessage(bytes);
  ASSERT_TRUE(message.ok()) << message.status();
  EXPECT_EQ(message->partition, 4u);
  EXPECT_EQ(message->next_offset, 13);
  EXPECT_EQ(message->high_watermark, 20);
  std::string decompressed;
  const auto records = DecodeRecords(*message, 0, kNoEnd, &decompressed);
  ASSERT_TRUE(records.ok()) << records.status();
  EXPECT_EQ(Values(*records), "10a 11b 12c ");
  EXPECT_EQ((*records)[1].timestamp_ms, 1002);
  EXPECT_EQ((*records)[1].key, "k");
  EXPECT_EQ((*records)[1].headers[0].name, "h");
  EXPECT_EQ((*records)[1].headers[0].value, std::nullopt);
  EXPECT_EQ((*records)[0].key, std::nullopt);
}

v1::ReadResponse CompressedBatch() {
  const std::string set = ThreeRecords().SerializeAsString();
  v1::ReadResponse response;
  v1::RecordBatch* batch = response.mutable_batch();
  batch->set_base_offset(10);
  batch->set_base_timestamp_ms(1000);
  batch->set_append_timestamp_ms(5000);
  batch->set_timestamp_type(v1::TIMESTAMP_TYPE_APPEND);
  batch->set_codec(v1::CODEC_ZSTD);
  batch->set_uncompressed_bytes(static_cast<uint32_t>(set.size()));
  batch->set_payload(*record::Compress(record::Codec::kZstd, set));
  batch->set_payload_crc32c(record::Crc32c(batch->payload()));
  return response;
}

TEST(ReadMessageTest, WholeBatchIsCutToWhatWasAskedFor) {
  const std::string bytes = CompressedBatch().SerializeAsString();
  const auto message = DecodeReadMessage(bytes);
  ASSERT_TRUE(message.ok()) << message.status();
  std::string decompressed;
  const auto records = DecodeRecords(*message, 11, kNoEnd, &decompressed);
  ASSERT_TRUE(records.ok()) << records.status();
  EXPECT_EQ(Values(*records), "11b 12c ");
  EXPECT_EQ((*records)[0].timestamp_ms, 5000) << "the server's clock, as the topic says";
  EXPECT_EQ(Values(*DecodeRecords(*message, 0, 12, &decompressed)), "10a 11b ");
}

TEST(ReadMessageTest, DamageIsFound) {
  v1::ReadResponse response = CompressedBatch();
  (*response.mutable_batch()->mutable_payload())[9] ^= 1;
  std::string bytes = response.SerializeAsString();
  std::string decompressed;
  EXPECT_TRUE(absl::IsDataLoss(
      DecodeRecords(*DecodeReadMessage(bytes), 0, kNoEnd, &decompressed).status()));

  // The same with a checksum that fits: then the content tells.
  response.mutable_batch()->set_payload_crc32c(record::Crc32c(response.batch().payload()));
  response.mutable_batch()->set_uncompressed_bytes(3);
  bytes = response.SerializeAsString();
  EXPECT_TRUE(absl::IsDataLoss(
      DecodeRecords(*DecodeReadMessage(bytes), 0, kNoEnd, &decompressed).status()));
  EXPECT_FALSE(DecodeReadMessage("\xff\xff").ok());
}

TEST(ReadMessageTest, GapEndAndHeartbeat) {
  v1::ReadResponse response;
  response.mutable_gap()->set_from_offset(3);
  response.mutable_gap()->set_to_offset(9);
  std::string bytes = response.SerializeAsString();
  auto message = DecodeReadMessage(bytes);
  EXPECT_EQ(message->kind, ReadMessage::Kind::kGap);
  EXPECT_EQ(message->gap_from, 3);
  EXPECT_EQ(message->gap_to, 9);

  response.mutable_end_of_range();
  bytes = response.SerializeAsString();
  EXPECT_EQ(DecodeReadMessage(bytes)->kind, ReadMessage::Kind::kEndOfRange);
  response.mutable_heartbeat();
  bytes = response.SerializeAsString();
  EXPECT_EQ(DecodeReadMessage(bytes)->kind, ReadMessage::Kind::kHeartbeat);
}

}  // namespace
}  // namespace leat::client
