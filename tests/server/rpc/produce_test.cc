#include <atomic>
#include <filesystem>
#include <set>
#include <thread>

#include "storage/record/batch.h"
#include "storage/record/compression.h"
#include "storage/record/partitioner.h"
#include "tests/server/server_fixture.h"

namespace leat::server {
namespace {

using grpc::StatusCode;

class ProduceTest : public ServerTest {
 protected:
  ProduceTest() { Start(); }

  ErrorView Error(const v1::ProduceRequest& request) { return View(Produce(request)); }
  ErrorView RawError(const std::string& bytes) { return View(Raw("LogService/Produce", bytes)); }
};

TEST_F(ProduceTest, TellsWhereTheRecordsAre) {
  ASSERT_OK(Create("t", 2));
  v1::ProduceResponse response;
  ASSERT_OK(Produce(Request("t", 3)));
  ASSERT_OK(Produce(Request("t", 2), &response));
  EXPECT_FALSE(response.topic_id().empty());
  ASSERT_EQ(response.parts_size(), 1);
  const v1::ProducedPart& part = response.parts(0);
  EXPECT_EQ(part.partition(), 0u);
  EXPECT_EQ(part.base_offset(), 3);
  EXPECT_EQ(part.record_count(), 2u);
  EXPECT_GT(part.append_timestamp_ms(), 0);
  EXPECT_EQ(part.durability(), v1::DURABILITY_SYNCED);
  EXPECT_EQ(part.record_indexes_size(), 0);
  EXPECT_FALSE(part.has_error());
}

TEST_F(ProduceTest, WrittenIsServedAndReportedAsSynced) {
  ASSERT_OK(Create("t"));
  v1::ProduceRequest request = Request("t", 1);
  request.set_durability(v1::DURABILITY_WRITTEN);
  v1::ProduceResponse response;
  ASSERT_OK(Produce(request, &response));
  EXPECT_EQ(response.parts(0).durability(), v1::DURABILITY_SYNCED);
}

TEST_F(ProduceTest, KeysSpreadOverPartitions) {
  ASSERT_OK(Create("t", 4));
  v1::ProduceRequest request;
  request.set_topic("t");
  for (int i = 0; i < 40; ++i) {
    request.mutable_records()->add_records()->set_key("key" + std::to_string(i));
  }
  v1::ProduceResponse response;
  ASSERT_OK(Produce(request, &response));
  ASSERT_GT(response.parts_size(), 1);
  std::set<uint32_t> indexes;
  for (const v1::ProducedPart& part : response.parts()) {
    EXPECT_EQ(part.record_count(), static_cast<uint32_t>(part.record_indexes_size()));
    EXPECT_EQ(HighWatermark("t", part.partition()), part.record_count());
    for (const uint32_t index : part.record_indexes()) {
      indexes.insert(index);
      EXPECT_EQ(part.partition(),
                record::PartitionForKey(request.records().records(index).key(), 4));
    }
  }
  EXPECT_EQ(indexes.size(), 40u);
}

TEST_F(ProduceTest, CompressedRecordsComeBackAsRecords) {
  ASSERT_OK(Create("t"));
  const v1::RecordSet set = Request("t", 100).records();
  v1::ProduceRequest request;
  request.set_topic("t");
  request.set_partition(0);
  auto& compressed = *request.mutable_compressed();
  compressed.set_codec(v1::CODEC_ZSTD);
  compressed.set_record_count(100);
  compressed.set_uncompressed_bytes(static_cast<uint32_t>(set.ByteSizeLong()));
  compressed.set_data(*record::Compress(record::Codec::kZstd, set.SerializeAsString()));
  request.set_payload_crc32c(record::Crc32c(compressed.data()));
  ASSERT_OK(Produce(request));
  std::vector<v1::ReadResponse> events;
  ASSERT_OK(ReadAll(BoundedRead("t"), &events));
  EXPECT_EQ(ValuesOf(events).size(), 100u);
  EXPECT_EQ(events.at(0).chunk().records().SerializeAsString(), set.SerializeAsString());

  compressed.set_record_count(99);
  EXPECT_EQ(Error(request).reason, "INVALID_RECORDS");
  compressed.set_record_count(100);
  compressed.set_uncompressed_bytes(8 << 20);
  EXPECT_EQ(Error(request).reason, "INVALID_RECORDS");
  compressed.set_uncompressed_bytes((8 << 20) + 1);
  EXPECT_EQ(Error(request).reason, "TOO_LARGE");
  EXPECT_EQ(HighWatermark("t"), 100);
}

TEST_F(ProduceTest, ErrorsOfTopicsAndPartitions) {
  ErrorView error = Error(Request("missing", 1));
  EXPECT_EQ(error.code, StatusCode::NOT_FOUND);
  EXPECT_EQ(error.reason, "TOPIC_NOT_FOUND");
  EXPECT_EQ(error.metadata.at("topic"), "missing");

  ASSERT_OK(Create("t", 2));
  v1::ProduceRequest request = Request("t", 1);
  request.set_partition(2);
  error = Error(request);
  EXPECT_EQ(error.code, StatusCode::NOT_FOUND);
  EXPECT_EQ(error.reason, "PARTITION_NOT_FOUND");
  EXPECT_EQ(error.metadata.at("partitionCount"), "2");

  request = Request("t", 1);
  request.set_topic_id("00000000-0000-4000-8000-000000000000");
  error = Error(request);
  EXPECT_EQ(error.code, StatusCode::FAILED_PRECONDITION);
  EXPECT_EQ(error.reason, "TOPIC_RECREATED");
}

TEST_F(ProduceTest, BadNamesAreNamed) {
  for (const std::string& name : {std::string(), std::string("../x"), std::string(250, 'x'),
                                  std::string("a\0b", 3), std::string("__meta")}) {
    const ErrorView error = Error(Request(name, 1));
    EXPECT_EQ(error.code, StatusCode::INVALID_ARGUMENT);
    EXPECT_EQ(error.reason, "INVALID_FIELD");
    EXPECT_EQ(error.fields, std::vector<std::string>{"topic"});
  }
}

TEST_F(ProduceTest, BadRecordsAreRefusedAndNothingIsAppended) {
  ASSERT_OK(Create("t"));
  EXPECT_EQ(Error(Request("t", 0)).fields, std::vector<std::string>{"payload"});
  v1::ProduceRequest empty = Request("t", 0);
  empty.mutable_records();
  EXPECT_EQ(Error(empty).reason, "INVALID_RECORDS");
  v1::ProduceRequest sparse = Request("t", 1);
  sparse.mutable_records()->add_offset_deltas(5);
  EXPECT_EQ(Error(sparse).reason, "INVALID_RECORDS");
  v1::ProduceRequest crc = Request("t", 1);
  crc.set_payload_crc32c(record::Crc32c(crc.records().SerializeAsString()) ^ 1);
  EXPECT_EQ(Error(crc).reason, "CHECKSUM_MISMATCH");
  EXPECT_EQ(RawError("\xff\xff\xff").reason, "INVALID_FIELD");
  EXPECT_EQ(RawError(Request("t", 1).SerializeAsString() + "\x82\x01\x01z").reason,
            "UNKNOWN_FIELD");
  EXPECT_EQ(
      RawError(Request("t", 1).SerializeAsString() + Request("t", 1).SerializeAsString()).reason,
      "INVALID_FIELD");
  EXPECT_EQ(HighWatermark("t"), 0);
}

TEST_F(ProduceTest, SizesHoldAtTheEdge) {
  v1::TopicConfig config;
  config.set_max_record_bytes(3 << 20);
  config.set_max_batch_bytes(4 << 20);
  ASSERT_OK(Create("t", 1, config));
  v1::ProduceRequest request = Request("t", 1);
  std::string& value = *request.mutable_records()->mutable_records(0)->mutable_value();
  const auto record_bytes = [&] { return request.records().records(0).ByteSizeLong(); };
  value.assign(3 << 20, 'x');
  value.resize(value.size() - (record_bytes() - (3 << 20)));
  ASSERT_EQ(record_bytes(), size_t{3 << 20});
  EXPECT_OK(Produce(request));
  value += 'x';
  ErrorView error = Error(request);
  EXPECT_EQ(error.code, StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(error.reason, "TOO_LARGE");

  // Two records that fill the largest message, and one byte more.
  value.assign(2 << 20, 'x');
  auto& second = *request.mutable_records()->add_records();
  second.set_value(std::string(2 << 20, 'y'));
  second.mutable_value()->resize((2 << 20) - 100);
  while (request.records().ByteSizeLong() < 4 << 20) *second.mutable_value() += 'y';
  ASSERT_EQ(request.records().ByteSizeLong(), size_t{4 << 20});
  EXPECT_OK(Produce(request));
  *second.mutable_value() += 'y';
  EXPECT_EQ(Error(request).reason, "TOO_LARGE");
  EXPECT_EQ(HighWatermark("t"), 3);
}

TEST_F(ProduceTest, MessagesCompressedByGrpcAreRefused) {
  ASSERT_OK(Create("t"));
  grpc::ClientContext context;
  context.set_compression_algorithm(GRPC_COMPRESS_GZIP);
  v1::ProduceRequest request = Request("t", 1);
  request.mutable_records()->mutable_records(0)->set_value(std::string(1 << 20, '\0'));
  v1::ProduceResponse response;
  EXPECT_EQ(log().Produce(&context, request, &response).error_code(), StatusCode::UNIMPLEMENTED);
  EXPECT_EQ(HighWatermark("t"), 0);
}

TEST_F(ProduceTest, WhatWasAcknowledgedIsThereAfterARestart) {
  ASSERT_OK(Create("t"));
  ASSERT_OK(Produce(Request("t", 10)));
  ASSERT_TRUE(Stop().ok());
  Start();
  std::vector<v1::ReadResponse> events;
  ASSERT_OK(ReadAll(BoundedRead("t"), &events));
  EXPECT_EQ(ValuesOf(events).size(), 10u);
}

class SmallBudgetTest : public ServerTest {
 protected:
  SmallBudgetTest() {
    options_.produce_in_flight_bytes = 1;  // Room for one request.
    Start();
  }
};

TEST_F(SmallBudgetTest, CallsOverTheBudgetAreRefusedAndMayBeRepeated) {
  ASSERT_OK(Create("t"));
  std::atomic<bool> refused = false;
  std::atomic<int> appended = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&] {
      while (!refused) {
        const grpc::Status status = Produce(Request("t", 1));
        if (status.ok()) {
          ++appended;
          continue;
        }
        const ErrorView error = View(status);
        EXPECT_EQ(error.code, StatusCode::RESOURCE_EXHAUSTED);
        EXPECT_EQ(error.reason, "BACKLOG_FULL");
        EXPECT_TRUE(error.retry_info);
        refused = true;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(HighWatermark("t"), appended);
}

TEST_F(SmallBudgetTest, StreamsWaitForRoom) {
  ASSERT_OK(Create("t"));
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      grpc::ClientContext context;
      auto stream = log().ProduceStream(&context);
      v1::ProduceStreamRequest request;
      *request.mutable_produce() = Request("t", 1);
      for (int j = 0; j < 50; ++j) EXPECT_TRUE(stream->Write(request));
      stream->WritesDone();
      v1::ProduceStreamResponse response;
      for (int j = 0; j < 50; ++j) {
        ASSERT_TRUE(stream->Read(&response));
        EXPECT_TRUE(response.has_produced()) << response.ShortDebugString();
      }
      EXPECT_OK(stream->Finish());
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(HighWatermark("t"), 200);
}

}  // namespace
}  // namespace leat::server
