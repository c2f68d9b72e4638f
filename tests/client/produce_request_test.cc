// The bytes of a request, read back by protobuf.

#include <gtest/gtest.h>

#include <string>

#include "client/produce_stream.h"
#include "leat/v1/log.pb.h"

namespace leat::client {
namespace {

SendBatch MakeBatch(record::Codec codec) {
  SendBatch batch(1, std::make_shared<const BatchTarget>(BatchTarget{"topic", "id", 0}),
                  absl::UnixEpoch());
  for (int i = 0; i < 100; ++i) batch.Add({.value = "value value value"}, -7 + i, 1, nullptr);
  batch.Seal(codec);
  return batch;
}

v1::ProduceStreamRequest Parse(const RawMessage& message) {
  v1::ProduceStreamRequest request;
  EXPECT_TRUE(request.ParseFromString(message.head + *message.body));
  return request;
}

TEST(EncodeProduceRequestTest, Uncompressed) {
  const SendBatch batch = MakeBatch(record::Codec::kNone);
  const auto request = Parse(EncodeProduceRequest(batch, 42, 41, Durability::kSynced));
  EXPECT_EQ(request.request_id(), 42u);
  EXPECT_EQ(request.resume_after(), 41u);
  EXPECT_FALSE(request.unordered());
  const v1::ProduceRequest& produce = request.produce();
  EXPECT_EQ(produce.topic(), "topic");
  EXPECT_EQ(produce.topic_id(), "id");
  EXPECT_TRUE(produce.has_partition());
  EXPECT_EQ(produce.partition(), 0u);
  EXPECT_EQ(produce.durability(), v1::DURABILITY_SYNCED);
  EXPECT_EQ(produce.base_timestamp_ms(), -7);
  EXPECT_EQ(produce.payload_crc32c(), batch.payload_crc32c());
  EXPECT_EQ(produce.records().records_size(), 100);
  EXPECT_EQ(produce.records().records(99).timestamp_delta_ms(), 99);
}

TEST(EncodeProduceRequestTest, Compressed) {
  const SendBatch batch = MakeBatch(record::Codec::kZstd);
  const auto request =
      Parse(EncodeProduceRequest(batch, 1, std::nullopt, Durability::kAsTopicSays));
  EXPECT_FALSE(request.has_resume_after());
  const v1::CompressedRecords& compressed = request.produce().compressed();
  EXPECT_EQ(compressed.codec(), v1::CODEC_ZSTD);
  EXPECT_EQ(compressed.record_count(), 100u);
  EXPECT_EQ(compressed.uncompressed_bytes(), batch.uncompressed_bytes());
  EXPECT_EQ(compressed.data(), *batch.payload());
}

}  // namespace
}  // namespace leat::client
