#include <deque>
#include <optional>

#include "storage/record/batch.h"
#include "storage/record/compression.h"
#include "tests/server/server_fixture.h"

namespace leat::server {
namespace {

using grpc::StatusCode;
using Events = std::vector<v1::ReadResponse>;

class ReadTest : public ServerTest {
 protected:
  ReadTest() { Start(); }

  ErrorView Error(const v1::ReadRequest& request) {
    Events events;
    return View(ReadAll(request, &events));
  }

  // `batches` batches of `records` records in partition 0.
  void Fill(const std::string& topic, int batches, int records, size_t value_bytes = 0) {
    for (int i = 0; i < batches; ++i) {
      v1::ProduceRequest request = Request(topic, records, "b" + std::to_string(i) + "-");
      for (auto& record : *request.mutable_records()->mutable_records()) {
        if (value_bytes > 0) record.mutable_value()->resize(value_bytes, '.');
      }
      ASSERT_OK(Produce(request));
    }
  }

  // The offsets of all records, after a check that events are in order and positions fit.
  static std::vector<int64_t> OffsetsOf(const Events& events) {
    std::vector<int64_t> offsets;
    for (const v1::ReadResponse& event : events) {
      for (int i = 0; i < event.chunk().records().records_size(); ++i) {
        offsets.push_back(event.chunk().base_offset() + i);
      }
      if (event.has_chunk()) {
        EXPECT_EQ(event.next_offset(), offsets.back() + 1);
      }
    }
    return offsets;
  }

  static std::vector<int64_t> Range(int64_t from, int64_t end) {
    std::vector<int64_t> range;
    for (int64_t i = from; i < end; ++i) range.push_back(i);
    return range;
  }

  std::vector<int64_t> ReadOffsets(const v1::ReadRequest& request) {
    Events events;
    EXPECT_OK(ReadAll(request, &events));
    EXPECT_FALSE(events.empty());
    if (!events.empty()) {
      EXPECT_TRUE(events.back().has_end_of_range());
    }
    return OffsetsOf(events);
  }
};

TEST_F(ReadTest, FromAnyPositionToAnyPosition) {
  ASSERT_OK(Create("t"));
  Fill("t", 5, 10);
  for (int from = 0; from <= 50; from += 7) {
    for (int end = 0; end <= 50; end += 9) {
      v1::ReadRequest request = BoundedRead("t", from);
      request.mutable_end()->set_offset(end);
      EXPECT_EQ(ReadOffsets(request), Range(from, end));
    }
  }
  v1::ReadRequest request = BoundedRead("t");
  request.mutable_start()->mutable_earliest();
  EXPECT_EQ(ReadOffsets(request), Range(0, 50));
  request.clear_start();
  EXPECT_EQ(ReadOffsets(request), Range(0, 50));
  request.mutable_start()->set_last_records(13);
  EXPECT_EQ(ReadOffsets(request), Range(37, 50));
  request.mutable_start()->set_last_records(1'000);
  EXPECT_EQ(ReadOffsets(request), Range(0, 50));
  request.mutable_start()->mutable_latest();
  EXPECT_EQ(ReadOffsets(request), Range(50, 50));
}

TEST_F(ReadTest, TimestampsAreFoundDownToTheRecord) {
  ASSERT_OK(Create("t"));
  // Ten batches of ten records, a second apart: record i at 1,000 + i seconds. Some compressed.
  for (int batch = 0; batch < 10; ++batch) {
    v1::ProduceRequest request = Request("t", 10);
    request.set_base_timestamp_ms(1'000'000 + batch * 10'000);
    for (int i = 0; i < 10; ++i) {
      request.mutable_records()->mutable_records(i)->set_timestamp_delta_ms(i * 1'000);
    }
    if (batch % 2 == 1) {
      const std::string set = request.records().SerializeAsString();
      auto& compressed = *request.mutable_compressed();
      compressed.set_codec(v1::CODEC_LZ4);
      compressed.set_record_count(10);
      compressed.set_uncompressed_bytes(static_cast<uint32_t>(set.size()));
      compressed.set_data(*record::Compress(record::Codec::kLz4, set));
    }
    ASSERT_OK(Produce(request));
  }
  v1::ReadRequest request = BoundedRead("t");
  for (int i = 0; i < 100; i += 3) {
    request.mutable_start()->set_timestamp_ms(1'000'000 + i * 1'000 - 500);
    request.mutable_end()->set_timestamp_ms(1'000'000 + i * 1'000 + 4'500);
    EXPECT_EQ(ReadOffsets(request), Range(i, std::min(i + 5, 100)));
  }
  request.mutable_start()->set_timestamp_ms(INT64_MIN);
  request.mutable_end()->set_timestamp_ms(INT64_MAX);
  EXPECT_EQ(ReadOffsets(request), Range(0, 100));
}

TEST_F(ReadTest, AppendTimesAreFoundToo) {
  v1::TopicConfig config;
  config.set_timestamp_type(v1::TIMESTAMP_TYPE_APPEND);
  ASSERT_OK(Create("t", 1, config));
  v1::ProduceRequest produce = Request("t", 3);
  produce.set_base_timestamp_ms(5);
  v1::ProduceResponse produced;
  ASSERT_OK(Produce(produce, &produced));
  v1::ReadRequest request = BoundedRead("t");
  request.mutable_start()->set_timestamp_ms(produced.parts(0).append_timestamp_ms());
  Events events;
  ASSERT_OK(ReadAll(request, &events));
  EXPECT_EQ(OffsetsOf(events), Range(0, 3));
  EXPECT_EQ(events.at(0).chunk().timestamp_type(), v1::TIMESTAMP_TYPE_APPEND);
  request.mutable_start()->set_timestamp_ms(produced.parts(0).append_timestamp_ms() + 1);
  EXPECT_EQ(ReadOffsets(request), Range(3, 3));
}

TEST_F(ReadTest, ChunksKeepToTheirSize) {
  ASSERT_OK(Create("t"));
  Fill("t", 3, 100, 500);
  v1::ReadRequest request = BoundedRead("t", 7);
  request.set_max_chunk_bytes(2'048);
  Events events;
  ASSERT_OK(ReadAll(request, &events));
  EXPECT_EQ(OffsetsOf(events), Range(7, 300));
  for (const auto& event : events) {
    EXPECT_LE(event.chunk().records().ByteSizeLong(), 2'048u);
    EXPECT_EQ(event.high_watermark(), 300);
  }
}

TEST_F(ReadTest, SeveralPartitionsTakeTurns) {
  ASSERT_OK(Create("t", 3));
  for (uint32_t partition = 0; partition < 3; ++partition) {
    for (int i = 0; i < 30; ++i) {
      v1::ProduceRequest request = Request("t", 1);
      request.set_partition(partition);
      request.mutable_records()->mutable_records(0)->set_value(std::string(100'000, 'x'));
      ASSERT_OK(Produce(request));
    }
  }
  v1::ReadRequest request;
  request.set_topic("t");
  request.mutable_end()->mutable_latest();
  request.set_max_chunk_bytes(300'000);
  Events events;
  ASSERT_OK(ReadAll(request, &events));
  std::vector<int64_t> next(3);
  int turns = 0;
  std::optional<uint32_t> previous;
  for (const auto& event : events) {
    turns += event.partition() != previous;
    previous = event.partition();
    EXPECT_GE(event.next_offset(), next[event.partition()]);
    next[event.partition()] = event.next_offset();
  }
  EXPECT_EQ(next, (std::vector<int64_t>{30, 30, 30}));
  EXPECT_GE(turns, 15);
}

TEST_F(ReadTest, FollowersGetRecordsAsTheyCome) {
  ASSERT_OK(Create("t"));
  v1::ReadRequest request;
  request.set_topic("t");
  grpc::ClientContext context;
  auto reader = log().Read(&context, request);
  v1::ReadResponse event;
  for (int i = 0; i < 50; ++i) {
    ASSERT_OK(Produce(Request("t", 2)));
    ASSERT_TRUE(reader->Read(&event));
    EXPECT_EQ(event.chunk().base_offset(), 2 * i);
    EXPECT_EQ(event.next_offset(), 2 * i + 2);
  }
  context.TryCancel();
  EXPECT_EQ(reader->Finish().error_code(), StatusCode::CANCELLED);
}

TEST_F(ReadTest, AnEndAheadOfTheLogIsWaitedFor) {
  ASSERT_OK(Create("t"));
  v1::ReadRequest request = BoundedRead("t");
  request.mutable_end()->set_offset(3);
  grpc::ClientContext context;
  auto reader = log().Read(&context, request);
  ASSERT_OK(Produce(Request("t", 2)));
  ASSERT_OK(Produce(Request("t", 2)));
  Events events;
  v1::ReadResponse event;
  while (reader->Read(&event)) events.push_back(event);
  ASSERT_OK(reader->Finish());
  EXPECT_EQ(OffsetsOf(events), Range(0, 3));
  EXPECT_EQ(events.back().next_offset(), 3);
}

TEST_F(ReadTest, IdleStreamsSendHeartbeatsForEachPartition) {
  ASSERT_OK(Create("t", 2));
  ASSERT_OK(Produce(Request("t", 4)));
  v1::ReadRequest request;
  request.set_topic("t");
  request.mutable_start()->mutable_latest();
  request.set_heartbeat_interval_ms(100);
  grpc::ClientContext context;
  auto reader = log().Read(&context, request);
  std::vector<int> heartbeats(2);
  v1::ReadResponse event;
  while (heartbeats[0] < 2 || heartbeats[1] < 2) {
    ASSERT_TRUE(reader->Read(&event));
    ASSERT_TRUE(event.has_heartbeat());
    EXPECT_EQ(event.next_offset(), event.partition() == 0 ? 4 : 0);
    EXPECT_EQ(event.high_watermark(), event.next_offset());
    ++heartbeats[event.partition()];
  }
  context.TryCancel();
}

TEST_F(ReadTest, WholeBatchesForThoseWhoAsk) {
  ASSERT_OK(Create("t"));
  v1::ProduceRequest produce = Request("t", 10);
  const std::string set = produce.records().SerializeAsString();
  auto& compressed = *produce.mutable_compressed();
  compressed.set_codec(v1::CODEC_ZSTD);
  compressed.set_record_count(10);
  compressed.set_uncompressed_bytes(static_cast<uint32_t>(set.size()));
  compressed.set_data(*record::Compress(record::Codec::kZstd, set));
  ASSERT_OK(Produce(produce));
  v1::ReadRequest request = BoundedRead("t", 4);
  request.mutable_accept_batches()->add_codecs(v1::CODEC_ZSTD);
  Events events;
  ASSERT_OK(ReadAll(request, &events));
  ASSERT_EQ(events.size(), 2u);
  const v1::RecordBatch& batch = events[0].batch();
  EXPECT_EQ(batch.base_offset(), 0);
  EXPECT_EQ(batch.record_count(), 10u);
  EXPECT_EQ(batch.last_offset_delta(), 9u);
  EXPECT_EQ(batch.codec(), v1::CODEC_ZSTD);
  EXPECT_EQ(batch.payload(), compressed.data());
  EXPECT_EQ(batch.payload_crc32c(), record::Crc32c(batch.payload()));
  EXPECT_EQ(batch.uncompressed_bytes(), set.size());
  EXPECT_EQ(events[0].next_offset(), 10);
  EXPECT_TRUE(events[1].has_end_of_range());
}

TEST_F(ReadTest, ErrorsOfPositions) {
  ASSERT_OK(Create("t"));
  Fill("t", 2, 10);
  ErrorView error = Error(BoundedRead("t", 21));
  EXPECT_EQ(error.code, StatusCode::OUT_OF_RANGE);
  EXPECT_EQ(error.reason, "OFFSET_OUT_OF_RANGE");
  EXPECT_EQ(error.metadata.at("logStartOffset"), "0");
  EXPECT_EQ(error.metadata.at("highWatermark"), "20");
  EXPECT_EQ(Error(BoundedRead("t", -1)).fields, std::vector<std::string>{"start"});

  ASSERT_OK(Trim("t", 0, 15));
  error = Error(BoundedRead("t", 14));
  EXPECT_EQ(error.reason, "OFFSET_OUT_OF_RANGE");
  EXPECT_EQ(error.metadata.at("logStartOffset"), "15");
  EXPECT_EQ(ReadOffsets(BoundedRead("t", 15)), Range(15, 20));
  EXPECT_EQ(ReadOffsets(BoundedRead("t", 20)), Range(20, 20));

  v1::ReadRequest skipping = BoundedRead("t", 3);
  skipping.set_skip_to_log_start(true);
  Events events;
  ASSERT_OK(ReadAll(skipping, &events));
  EXPECT_EQ(events.at(0).gap().from_offset(), 3);
  EXPECT_EQ(events.at(0).gap().to_offset(), 15);
  EXPECT_EQ(OffsetsOf(events), Range(15, 20));
}

TEST_F(ReadTest, ErrorsOfTopicsAndFields) {
  EXPECT_EQ(Error(BoundedRead("missing")).reason, "TOPIC_NOT_FOUND");
  EXPECT_EQ(Error(BoundedRead("../x")).fields, std::vector<std::string>{"topic"});
  ASSERT_OK(Create("t"));
  v1::ReadRequest request = BoundedRead("t");
  request.mutable_partitions(0)->set_partition(1);
  EXPECT_EQ(Error(request).reason, "PARTITION_NOT_FOUND");
  request = BoundedRead("t");
  request.set_topic_id("other");
  EXPECT_EQ(Error(request).reason, "TOPIC_RECREATED");
  request = BoundedRead("t");
  request.GetReflection()->MutableUnknownFields(&request)->AddVarint(8, 1);
  EXPECT_EQ(Error(request).reason, "UNKNOWN_FIELD");
}

TEST_F(ReadTest, DeletingTheTopicEndsTheStream) {
  ASSERT_OK(Create("t"));
  ASSERT_OK(Produce(Request("t", 1)));
  v1::ReadRequest request;
  request.set_topic("t");
  grpc::ClientContext context;
  auto reader = log().Read(&context, request);
  v1::ReadResponse event;
  ASSERT_TRUE(reader->Read(&event));
  v1::DeleteTopicRequest deletion;
  deletion.set_topic("t");
  v1::DeleteTopicResponse deleted;
  grpc::ClientContext delete_context;
  ASSERT_OK(topics().DeleteTopic(&delete_context, deletion, &deleted));
  EXPECT_FALSE(reader->Read(&event));
  EXPECT_EQ(View(reader->Finish()).reason, "TOPIC_NOT_FOUND");
}

TEST_F(ReadTest, AReaderOvertakenByATrimIsToldOfTheGap) {
  v1::TopicConfig config;
  config.set_segment_bytes(1 << 20);
  ASSERT_OK(Create("t", 1, config));
  Fill("t", 24, 1, 1'000'000);
  grpc::ClientContext context;
  auto reader = log().Read(&context, BoundedRead("t"));
  v1::ReadResponse event;
  ASSERT_TRUE(reader->Read(&event));
  ASSERT_OK(Trim("t", 0, 23));
  int64_t next = event.next_offset();
  int gaps = 0;
  while (reader->Read(&event)) {
    if (event.has_gap()) {
      ++gaps;
      EXPECT_EQ(event.gap().from_offset(), next);
      EXPECT_EQ(event.gap().to_offset(), event.next_offset());
    } else if (event.has_chunk()) {
      EXPECT_EQ(event.chunk().base_offset(), next);
    }
    next = event.next_offset();
  }
  ASSERT_OK(reader->Finish());
  EXPECT_EQ(next, 24);
  EXPECT_EQ(gaps, 1);
}

// A reader that has stopped holds some of the budget; the others still get all they ask for.
TEST_F(ReadTest, StoppedReadersDoNotStarveOthers) {
  options_.read_in_flight_bytes = 4 << 20;
  ASSERT_TRUE(Stop().ok());
  Start();
  ASSERT_OK(Create("t"));
  Fill("t", 30, 1, 1'000'000);
  v1::ReadRequest request = BoundedRead("t");
  std::deque<grpc::ClientContext> contexts(8);
  std::vector<std::unique_ptr<grpc::ClientReader<v1::ReadResponse>>> stopped;
  for (auto& context : contexts) {
    stopped.push_back(log().Read(&context, request));
    stopped.back()->WaitForInitialMetadata();
  }
  auto other = v1::LogService::NewStub(NewChannel());
  grpc::ClientContext context;
  auto reader = other->Read(&context, request);
  Events events;
  v1::ReadResponse event;
  while (reader->Read(&event)) events.push_back(event);
  ASSERT_OK(reader->Finish());
  EXPECT_EQ(OffsetsOf(events), Range(0, 30));
  for (auto& stopped_context : contexts) stopped_context.TryCancel();
}

}  // namespace
}  // namespace leat::server
