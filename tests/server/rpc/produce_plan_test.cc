#include "server/rpc/produce_plan.h"

#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

#include "server/rpc/owned_payload.h"
#include "storage/record/compression.h"
#include "storage/record/error.h"
#include "storage/record/partitioner.h"
#include "tests/server/rpc/sets.h"

namespace leat::rpc {
namespace {

using record::Reason;

class ProducePlanTest : public testing::Test {
 protected:
  ProducePlanTest() {
    topic_.name = "t";
    topic_.partition_count = 8;
  }

  static ProduceRequest Request(const v1::RecordSet& set) {
    ProduceRequest request;
    request.topic = "t";
    request.payload = absl::Cord(set.SerializeAsString());
    return request;
  }

  static ProduceRequest Compressed(const v1::RecordSet& set, record::Codec codec) {
    ProduceRequest request;
    request.partition = 0;
    request.codec = codec;
    request.record_count = static_cast<uint32_t>(set.records_size());
    request.uncompressed_bytes = static_cast<uint32_t>(set.ByteSizeLong());
    request.payload = absl::Cord(*record::Compress(codec, set.SerializeAsString()));
    return request;
  }

  absl::StatusOr<std::vector<ProducePart>> Plan(const ProduceRequest& request) {
    return PlanProduce(request, topic_, {.now_ms = 1'000, .sticky = sticky_});
  }

  std::optional<Reason> ReasonFor(const ProduceRequest& request) {
    return record::ReasonOf(Plan(request).status());
  }

  broker::Topic topic_;
  uint64_t sticky_ = 3;
};

TEST_F(ProducePlanTest, AnExplicitPartitionGetsThePayloadAsItIs) {
  v1::RecordSet set = Values(3);
  set.mutable_records(0)->set_timestamp_delta_ms(50);
  set.mutable_records(1)->set_timestamp_delta_ms(-50);
  ProduceRequest request = Request(set);
  request.partition = 7;
  const auto parts = Plan(request);
  ASSERT_TRUE(parts.ok()) << parts.status();
  ASSERT_EQ(parts->size(), 1u);
  const ProducePart& part = parts->front();
  const record::BatchHeader& header = part.batch.header;
  EXPECT_EQ(part.partition, 7u);
  EXPECT_TRUE(part.record_indexes.empty());
  EXPECT_EQ(part.batch.payload, request.payload);
  EXPECT_EQ(header.record_count, 3u);
  EXPECT_EQ(header.last_offset_delta, 2u);
  EXPECT_EQ(header.payload_bytes, request.payload.size());
  EXPECT_EQ(header.uncompressed_bytes, request.payload.size());
  EXPECT_EQ(header.payload_crc32c, record::Crc32c(request.payload));
  EXPECT_EQ(header.base_timestamp_ms, 1'000);
  EXPECT_EQ(header.max_timestamp_ms, 1'050);
  EXPECT_EQ(header.timestamp_type, record::TimestampType::kCreate);
}

TEST_F(ProducePlanTest, TimestampsAreTheProducersOrTheTopics) {
  topic_.settings.timestamp_type = record::TimestampType::kAppend;
  ProduceRequest request = Request(Values(1));
  request.base_timestamp_ms = -9;
  const auto parts = Plan(request);
  ASSERT_TRUE(parts.ok());
  EXPECT_EQ(parts->front().batch.header.base_timestamp_ms, -9);
  EXPECT_EQ(parts->front().batch.header.timestamp_type, record::TimestampType::kAppend);
}

TEST_F(ProducePlanTest, CompactedTopicsTakeNoRecordWithoutAKey) {
  EXPECT_TRUE(Plan(Request(Values(1))).ok());
  topic_.settings.cleanup = broker::Cleanup::kBoth;
  EXPECT_EQ(record::ReasonOf(Plan(Request(Values(1))).status()), record::Reason::kInvalidRecords);
  v1::RecordSet set;
  set.add_records()->set_key("k");
  EXPECT_TRUE(Plan(Request(set)).ok());
}

TEST_F(ProducePlanTest, KeysChooseThePartitionAndTheRestGoesTogether) {
  v1::RecordSet set;
  for (int i = 0; i < 100; ++i) {
    auto& record = *set.add_records();
    record.set_value(std::to_string(i));
    record.set_timestamp_delta_ms(i);
    if (i % 3 != 0) record.set_key("key" + std::to_string(i % 10));
  }
  const auto parts = Plan(Request(set));
  ASSERT_TRUE(parts.ok());
  ASSERT_GT(parts->size(), 1u);
  int records = 0;
  int64_t previous_partition = -1;
  for (const ProducePart& part : *parts) {
    EXPECT_GT(int64_t{part.partition}, previous_partition);
    previous_partition = part.partition;
    const v1::RecordSet share = ParseSet(part.batch.payload);
    ASSERT_EQ(static_cast<size_t>(share.records_size()), part.record_indexes.size());
    EXPECT_EQ(part.batch.header.record_count, part.record_indexes.size());
    EXPECT_EQ(part.batch.header.payload_crc32c, record::Crc32c(part.batch.payload));
    EXPECT_EQ(part.batch.header.max_timestamp_ms, 1'000 + part.record_indexes.back());
    for (int i = 0; i < share.records_size(); ++i, ++records) {
      const v1::Record& record = set.records(part.record_indexes[i]);
      EXPECT_EQ(share.records(i).SerializeAsString(), record.SerializeAsString());
      EXPECT_EQ(part.partition,
                record.has_key() ? record::PartitionForKey(record.key(), 8) : sticky_);
    }
  }
  EXPECT_EQ(records, 100);
}

TEST_F(ProducePlanTest, KeysAndIdsGoWithTheirRecords) {
  topic_.settings.checked_keys = 10;
  topic_.settings.deduplication_time = absl::Hours(1);
  v1::RecordSet set;
  for (int i = 0; i < 100; ++i) {
    auto& record = *set.add_records();
    record.set_value(std::string(static_cast<size_t>(i), 'v'));
    record.set_timestamp_delta_ms(i);
    if (i % 5 != 0) record.set_key(std::to_string(i));
    if (i % 3 == 0) continue;
    auto& header = *record.add_headers();
    header.set_name(std::string(record::kMessageIdHeader));
    header.set_value(std::to_string(i % 50));
  }
  const auto parts = Plan(Request(set));
  ASSERT_TRUE(parts.ok());
  ASSERT_EQ(parts->size(), 8u);
  for (const ProducePart& part : *parts) {
    const std::string payload(part.batch.payload);
    ASSERT_NE(part.keys, nullptr);
    EXPECT_EQ(*part.keys, record::FingerprintKeys(payload).value());
    ASSERT_NE(part.records, nullptr);
    const record::IdentifiedRecords records = record::IdentifyRecords(payload).value();
    ASSERT_EQ(part.records->size(), records.size());
    for (size_t i = 0; i < records.size(); ++i) {
      EXPECT_EQ((*part.records)[i].id, records[i].id);
      EXPECT_EQ((*part.records)[i].end, records[i].end);
      EXPECT_EQ((*part.records)[i].timestamp_delta_ms, records[i].timestamp_delta_ms);
    }
    EXPECT_EQ(BytesBesidePayload(part), records.size() * (4 + 40 + 24));
  }
}

TEST_F(ProducePlanTest, WhatNobodyAskedForCostsNothing) {
  v1::RecordSet set;
  set.add_records()->set_key("k");
  ProduceRequest request = Request(set);
  EXPECT_EQ(Plan(request)->front().keys, nullptr);
  EXPECT_EQ(BytesBesidePayload(Plan(request)->front()), 0u);
  request.expected_key_offset = 0;
  EXPECT_EQ(Plan(request)->front().keys->size(), 1u) << "the setting may be on its way";
}

TEST_F(ProducePlanTest, AConditionOnKeysIsOfOnePartitionAndNeedsKeys) {
  v1::RecordSet set;
  for (const char* key : {"a", "b", "c", "d", "e", "f"}) set.add_records()->set_key(key);
  ProduceRequest request = Request(set);
  request.expected_key_offset = 7;
  EXPECT_EQ(ReasonFor(request), Reason::kInvalidField);
  request.partition = 3;
  EXPECT_EQ(ReasonFor(request), std::nullopt);
  set.mutable_records(1)->clear_key();
  request.payload = absl::Cord(set.SerializeAsString());
  EXPECT_EQ(ReasonFor(request), Reason::kInvalidRecords);
}

TEST_F(ProducePlanTest, RecordsForOnePartitionStayInOnePiece) {
  sticky_ = 8 + 5;
  const ProduceRequest request = Request(Values(50));
  const auto parts = Plan(request);
  ASSERT_TRUE(parts.ok());
  ASSERT_EQ(parts->size(), 1u);
  EXPECT_EQ(parts->front().partition, 5u);
  EXPECT_TRUE(parts->front().record_indexes.empty());
  EXPECT_EQ(parts->front().batch.payload, request.payload);
}

TEST_F(ProducePlanTest, AnEmptyKeyIsAKey) {
  v1::RecordSet set;
  set.add_records()->set_key("");
  const auto parts = Plan(Request(set));
  ASSERT_TRUE(parts.ok());
  EXPECT_EQ(parts->front().partition, record::PartitionForKey("", 8));
}

TEST_F(ProducePlanTest, CompressedRecordsAreCheckedAndKeptAsTheyAre) {
  for (const auto codec : {record::Codec::kZstd, record::Codec::kLz4}) {
    ProduceRequest request = Compressed(Values(1'000), codec);
    request.payload_crc32c = record::Crc32c(request.payload);
    const auto parts = Plan(request);
    ASSERT_TRUE(parts.ok()) << parts.status();
    const record::Batch& batch = parts->front().batch;
    EXPECT_EQ(batch.payload, request.payload);
    EXPECT_EQ(batch.header.codec, codec);
    EXPECT_EQ(batch.header.record_count, 1'000u);
    EXPECT_EQ(batch.header.payload_bytes, request.payload.size());
    EXPECT_EQ(batch.header.uncompressed_bytes, request.uncompressed_bytes);
  }
}

TEST_F(ProducePlanTest, CompressedRecordsThatLieAreRefused) {
  for (const auto codec : {record::Codec::kZstd, record::Codec::kLz4}) {
    const ProduceRequest honest = Compressed(Values(100), codec);
    ProduceRequest lie = honest;
    lie.record_count = 99;
    EXPECT_EQ(ReasonFor(lie), Reason::kInvalidRecords);
    for (const int difference : {-1, 1, 1'000}) {
      lie = honest;
      lie.uncompressed_bytes += difference;
      EXPECT_EQ(ReasonFor(lie), Reason::kInvalidRecords);
    }
    lie = honest;
    lie.payload.Append("more");
    EXPECT_EQ(ReasonFor(lie), Reason::kInvalidRecords);
    lie = honest;
    lie.payload = lie.payload.Subcord(0, lie.payload.size() - 1);
    EXPECT_EQ(ReasonFor(lie), Reason::kInvalidRecords);
    lie.payload = absl::Cord("not a frame");
    EXPECT_EQ(ReasonFor(lie), Reason::kInvalidRecords);
  }
}

TEST_F(ProducePlanTest, BombsAreRefusedBeforeTheyAreDecompressed) {
  v1::RecordSet set;
  set.add_records()->set_value(std::string(100 << 20, '\0'));
  ProduceRequest bomb = Compressed(set, record::Codec::kZstd);
  EXPECT_EQ(ReasonFor(bomb), Reason::kTooLarge);
  bomb.uncompressed_bytes = 1 << 20;
  EXPECT_EQ(ReasonFor(bomb), Reason::kInvalidRecords);
}

TEST_F(ProducePlanTest, LimitsHoldAtTheEdge) {
  ProduceRequest request = Request(Values(1, "v", 5'000));
  request.partition = 0;
  topic_.settings.max_batch_bytes = request.payload.size();
  EXPECT_TRUE(Plan(request).ok());
  --topic_.settings.max_batch_bytes;
  EXPECT_EQ(ReasonFor(request), Reason::kTooLarge);
  topic_.settings = {};
  topic_.settings.max_record_bytes =
      static_cast<uint32_t>(Values(1, "v", 5'000).records(0).ByteSizeLong());
  EXPECT_TRUE(Plan(request).ok());
  --topic_.settings.max_record_bytes;
  EXPECT_EQ(ReasonFor(request), Reason::kTooLarge);
}

TEST_F(ProducePlanTest, BadRecordsAreRefused) {
  EXPECT_EQ(ReasonFor(Request({})), Reason::kInvalidRecords);
  ProduceRequest request = Request(Values(1));
  request.payload = absl::Cord("garbage");
  EXPECT_NE(ReasonFor(request), std::nullopt);
  v1::RecordSet sparse = Values(1);
  sparse.add_offset_deltas(0);
  EXPECT_EQ(ReasonFor(Request(sparse)), Reason::kInvalidRecords);
}

TEST_F(ProducePlanTest, WrongChecksumsAndPartitionsAreRefused) {
  ProduceRequest request = Request(Values(1));
  request.partition = 0;
  request.payload_crc32c = record::Crc32c(request.payload) + 1;
  EXPECT_EQ(ReasonFor(request), Reason::kChecksumMismatch);
  --*request.payload_crc32c;
  EXPECT_TRUE(Plan(request).ok());
  request.partition = 8;
  const absl::Status status = Plan(request).status();
  EXPECT_EQ(record::ReasonOf(status), Reason::kPartitionNotFound);
  EXPECT_EQ(record::MetadataOf(status),
            (record::ErrorMetadata{{"topic", "t"}, {"partition", "8"}, {"partitionCount", "8"}}));
}

TEST_F(ProducePlanTest, LongWorkIsToldBeforeItIsDone) {
  EXPECT_FALSE(TakesLong(Request(Values(10))));
  EXPECT_TRUE(TakesLong(Request(Values(1, "v", 100'000))));
  EXPECT_TRUE(TakesLong(Compressed(Values(1), record::Codec::kLz4)));
}

TEST(OwnedPayload, LetsGoOfWhatItWasMadeFromAndIsInOnePiece) {
  for (const size_t size : {0u, 1u, 15u, 511u, 512u, 600u, 100'000u}) {
    std::string bytes;
    for (size_t i = 0; i < size; ++i) bytes += static_cast<char>(i * 7 + i / 256);
    bool released = false;
    OwnedPayload copy;
    {
      absl::Cord halves(bytes.substr(0, size / 2));
      const auto rest = absl::string_view(bytes).substr(size / 2);
      halves.Append(absl::MakeCordFromExternal(rest, [&] { released = true; }));
      copy = CopyPayload(halves);
    }
    EXPECT_TRUE(released) << size;
    EXPECT_EQ(copy.crc32c, record::Crc32c(bytes));
    ASSERT_TRUE(copy.bytes.TryFlat().has_value());
    EXPECT_EQ(std::string(copy.bytes), bytes);
  }
}

}  // namespace
}  // namespace leat::rpc
