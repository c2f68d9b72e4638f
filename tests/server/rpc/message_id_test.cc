// Message ids, of a real server.

#include <map>
#include <string>
#include <thread>
#include <vector>

#include "storage/record/compression.h"
#include "storage/record/message_ids.h"
#include "tests/server/server_fixture.h"

namespace leat::server {
namespace {

using Ids = std::vector<std::string>;

class MessageIdTest : public ServerTest {
 protected:
  MessageIdTest() { Start(); }

  void Restart() {
    ASSERT_TRUE(Stop().ok());
    Start();
  }

  static v1::TopicConfig Window(int64_t seconds = 3'600) {
    v1::TopicConfig config;
    config.mutable_deduplication_time()->set_seconds(seconds);
    return config;
  }

  static void SetId(v1::Record& record, const std::string& id) {
    if (id.empty()) return;
    v1::Header& header = *record.add_headers();
    header.set_name(std::string(record::kMessageIdHeader));
    header.set_value(id);
  }

  // A record for each id, without a partition.
  static v1::ProduceRequest Identified(const Ids& ids, const std::string& topic = "t") {
    v1::ProduceRequest request = Request(topic, static_cast<int>(ids.size()));
    request.clear_partition();
    for (size_t i = 0; i < ids.size(); ++i) {
      SetId(*request.mutable_records()->mutable_records(static_cast<int>(i)), ids[i]);
    }
    return request;
  }

  v1::ProducedPart Send(const v1::ProduceRequest& request) {
    v1::ProduceResponse response;
    EXPECT_OK(Produce(request, &response));
    EXPECT_EQ(response.parts_size(), 1);
    return response.parts_size() == 1 ? response.parts(0) : v1::ProducedPart();
  }

  static std::vector<int64_t> OffsetsOf(const v1::ProducedPart& part) {
    return {part.record_offsets().offsets().begin(), part.record_offsets().offsets().end()};
  }

  grpc::Status Update(const v1::TopicConfig& config, const std::string& field) {
    grpc::ClientContext context;
    v1::UpdateTopicRequest request;
    v1::UpdateTopicResponse response;
    request.set_topic("t");
    *request.mutable_config() = config;
    request.mutable_update_mask()->add_paths(field);
    return topics().UpdateTopic(&context, request, &response);
  }
};

TEST_F(MessageIdTest, TheAnswerTellsOfEachRecord) {
  ASSERT_OK(Create("t", 1, Window()));
  const v1::ProducedPart first = Send(Identified({"a", "b"}));
  EXPECT_FALSE(first.duplicate());
  EXPECT_FALSE(first.has_record_offsets());
  const v1::ProducedPart mixed = Send(Identified({"b", "c", "c", "", "a"}));
  EXPECT_EQ(mixed.base_offset(), 2);
  EXPECT_EQ(mixed.record_count(), 5u);
  EXPECT_FALSE(mixed.duplicate());
  EXPECT_EQ(OffsetsOf(mixed), (std::vector<int64_t>{1, 2, 2, 3, 0}));
  EXPECT_EQ(mixed.record_offsets().duplicates(), std::string(1, '\x15'));
  const v1::ProducedPart again = Send(Identified({"a", "b"}));
  EXPECT_TRUE(again.duplicate());
  EXPECT_EQ(again.base_offset(), 0);
  EXPECT_EQ(again.append_timestamp_ms(), first.append_timestamp_ms());
  EXPECT_EQ(OffsetsOf(again), (std::vector<int64_t>{0, 1}));
  EXPECT_EQ(HighWatermark("t"), 4);
}

TEST_F(MessageIdTest, SurvivesRestarts) {
  ASSERT_OK(Create("t", 1, Window()));
  Send(Identified({"a", "b"}));
  Restart();
  EXPECT_TRUE(Send(Identified({"b", "a"})).duplicate());
  EXPECT_EQ(Send(Identified({"b", "c"})).base_offset(), 2);
}

TEST_F(MessageIdTest, WithoutAKeyTheIdChoosesThePartitionAlsoWhenSomeWereAdded) {
  ASSERT_OK(Create("t", 4, Window()));
  Ids ids;
  for (int i = 0; i < 100; ++i) ids.push_back(std::to_string(i));
  v1::ProduceRequest request = Identified(ids);
  request.set_partition_count(4);
  v1::ProduceResponse first, second;
  ASSERT_OK(Produce(request, &first));
  EXPECT_EQ(first.parts_size(), 4);
  grpc::ClientContext context;
  v1::AddPartitionsRequest more;
  v1::AddPartitionsResponse answer;
  more.set_topic("t");
  more.set_partition_count(7);
  ASSERT_OK(topics().AddPartitions(&context, more, &answer));
  ASSERT_OK(Produce(request, &second));
  ASSERT_EQ(second.parts_size(), 4);
  for (const v1::ProducedPart& part : second.parts()) EXPECT_TRUE(part.duplicate());
  request.set_partition_count(8);
  EXPECT_EQ(View(Produce(request)).reason, "PARTITION_NOT_FOUND");
  request.set_partition(0);
  EXPECT_EQ(View(Produce(request)).fields, std::vector<std::string>{"partition_count"});
}

TEST_F(MessageIdTest, TheChecksumOfWhatWasSentIsCheckedAndThatOfWhatIsKeptIsItsOwn) {
  ASSERT_OK(Create("t", 1, Window()));
  Send(Identified({"a"}));
  v1::ProduceRequest request = Identified({"a", "b"});
  request.set_partition(0);
  request.set_payload_crc32c(7);
  EXPECT_EQ(View(Produce(request)).reason, "CHECKSUM_MISMATCH");
  request.set_payload_crc32c(record::Crc32c(request.records().SerializeAsString()));
  EXPECT_EQ(OffsetsOf(Send(request)), (std::vector<int64_t>{0, 1}));
  v1::ReadRequest read = BoundedRead("t", 1);
  read.mutable_accept_batches();
  std::vector<v1::ReadResponse> events;
  ASSERT_OK(ReadAll(read, &events));
  ASSERT_TRUE(events[0].has_batch());
  EXPECT_EQ(events[0].batch().payload_crc32c(), record::Crc32c(events[0].batch().payload()));
  EXPECT_EQ(events[0].batch().record_count(), 1u);
}

TEST_F(MessageIdTest, ACompressedRequestIsAllNewOrAllThere) {
  ASSERT_OK(Create("t", 1, Window()));
  const auto compressed = [](const Ids& ids) {
    const std::string set = Identified(ids).records().SerializeAsString();
    v1::ProduceRequest request;
    request.set_topic("t");
    request.set_partition(0);
    v1::CompressedRecords& records = *request.mutable_compressed();
    records.set_codec(v1::CODEC_ZSTD);
    records.set_record_count(static_cast<uint32_t>(ids.size()));
    records.set_uncompressed_bytes(static_cast<uint32_t>(set.size()));
    records.set_data(*record::Compress(record::Codec::kZstd, set));
    return request;
  };
  EXPECT_FALSE(Send(compressed({"a", "b"})).duplicate());
  EXPECT_TRUE(Send(compressed({"a", "b"})).duplicate());
  const ErrorView refused = View(Produce(compressed({"c", "b"})));
  EXPECT_EQ(refused.code, grpc::StatusCode::FAILED_PRECONDITION);
  EXPECT_EQ(refused.reason, "DUPLICATES_NOT_SEPARABLE");
  EXPECT_EQ(refused.metadata, (std::map<std::string, std::string>{
                                  {"duplicates", "1"}, {"index", "1"}, {"offset", "1"}}));
  EXPECT_EQ(HighWatermark("t"), 2);
}

TEST_F(MessageIdTest, BadIdsAreRefusedWhereIdsCount) {
  ASSERT_OK(Create("t", 1, Window()));
  ASSERT_OK(Create("u"));
  for (const std::string& topic : Ids{"t", "u"}) {
    v1::ProduceRequest empty = Identified({"a"}, topic);
    empty.mutable_records()->mutable_records(0)->mutable_headers(0)->clear_value();
    v1::ProduceRequest twice = Identified({"a"}, topic);
    SetId(*twice.mutable_records()->mutable_records(0), "b");
    for (const v1::ProduceRequest& request : {empty, twice}) {
      EXPECT_EQ(View(Produce(request)).reason, topic == "t" ? "INVALID_RECORDS" : "");
    }
  }
}

TEST_F(MessageIdTest, AWindowBeginsAndEndsWhileTheTopicIsInUse) {
  ASSERT_OK(Create("t"));
  EXPECT_FALSE(Send(Identified({"a"})).duplicate());
  EXPECT_FALSE(Send(Identified({"a"})).duplicate());
  ASSERT_OK(Update(Window(), "deduplication_time"));
  EXPECT_FALSE(Send(Identified({"a"})).duplicate());
  EXPECT_TRUE(Send(Identified({"a"})).duplicate());
  ASSERT_OK(Update({}, "deduplication_time"));
  EXPECT_FALSE(Send(Identified({"a"})).duplicate());
}

// Whoever comes first: the others are told where it is.
TEST_F(MessageIdTest, OfManyAtOnceOneAppends) {
  ASSERT_OK(Create("t", 1, Window()));
  constexpr int kSenders = 8, kRecords = 50;
  std::vector<std::thread> senders;
  for (int i = 0; i < kSenders; ++i) {
    senders.emplace_back([this] {
      for (int id = 0; id < kRecords; ++id) Send(Identified({std::to_string(id)}));
    });
  }
  for (std::thread& sender : senders) sender.join();
  EXPECT_EQ(HighWatermark("t"), kRecords);
}

}  // namespace
}  // namespace leat::server
