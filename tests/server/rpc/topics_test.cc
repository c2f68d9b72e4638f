#include "tests/server/server_fixture.h"

namespace leat::server {
namespace {

using grpc::StatusCode;

class TopicsTest : public ServerTest {
 protected:
  TopicsTest() { Start(); }

  template <typename Request, typename Response>
  using Method = grpc::Status (v1::TopicService::Stub::*)(grpc::ClientContext*, const Request&,
                                                          Response*);

  template <typename Request, typename Response>
  grpc::Status Call(Method<Request, Response> method, const Request& request, Response* response) {
    grpc::ClientContext context;
    return (topics().*method)(&context, request, response);
  }

  v1::GetTopicResponse Get(const std::string& topic) {
    v1::GetTopicRequest request;
    request.set_topic(topic);
    v1::GetTopicResponse response;
    EXPECT_OK(Call(&v1::TopicService::Stub::GetTopic, request, &response));
    return response;
  }
};

TEST_F(TopicsTest, AreCreatedAndDescribed) {
  v1::CreateTopicRequest request;
  request.set_topic(std::string(249, 'n'));
  request.set_partition_count(3);
  request.mutable_config()->set_segment_bytes(2 << 20);
  v1::CreateTopicResponse response;
  ASSERT_OK(Call(&v1::TopicService::Stub::CreateTopic, request, &response));
  EXPECT_EQ(response.topic().partition_count(), 3u);
  EXPECT_EQ(response.topic().topic_id().size(), 36u);
  EXPECT_EQ(response.topic().config().segment_bytes(), 2 << 20);
  EXPECT_EQ(response.topic().config().max_batch_bytes(), 2u << 20);
  EXPECT_EQ(response.topic().config().retention_time().seconds(), 7 * 24 * 3'600);
  const auto described = Get(request.topic());
  EXPECT_EQ(described.topic().SerializeAsString(), response.topic().SerializeAsString());
  ASSERT_EQ(described.partitions_size(), 3);
  EXPECT_EQ(described.partitions(2).partition(), 2u);
  EXPECT_EQ(described.partitions(2).state(), v1::PARTITION_STATE_ONLINE);

  const ErrorView error = View(Call(&v1::TopicService::Stub::CreateTopic, request, &response));
  EXPECT_EQ(error.code, StatusCode::ALREADY_EXISTS);
  EXPECT_EQ(error.reason, "TOPIC_ALREADY_EXISTS");
}

TEST_F(TopicsTest, BadRequestsNameTheirFields) {
  v1::CreateTopicRequest request;
  request.set_topic("../x");
  request.set_partition_count(100'000);
  request.mutable_config()->set_segment_bytes(-1);
  v1::CreateTopicResponse response;
  const ErrorView error = View(Call(&v1::TopicService::Stub::CreateTopic, request, &response));
  EXPECT_EQ(error.code, StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(error.reason, "INVALID_FIELD");
  EXPECT_EQ(error.fields,
            (std::vector<std::string>{"topic", "partition_count", "config.segment_bytes"}));
  for (const std::string& name : {std::string(250, 'x'), std::string("a\0b", 3), std::string()}) {
    request.Clear();
    request.set_topic(name);
    EXPECT_EQ(View(Call(&v1::TopicService::Stub::CreateTopic, request, &response)).reason,
              "INVALID_FIELD");
  }
}

TEST_F(TopicsTest, ValidateOnlyCreatesNothing) {
  v1::CreateTopicRequest request;
  request.set_topic("t");
  request.set_validate_only(true);
  v1::CreateTopicResponse response;
  ASSERT_OK(Call(&v1::TopicService::Stub::CreateTopic, request, &response));
  EXPECT_EQ(response.topic().partition_count(), 1u);
  EXPECT_EQ(response.topic().topic_id(), "");
  ASSERT_OK(Create("t"));
  EXPECT_EQ(View(Call(&v1::TopicService::Stub::CreateTopic, request, &response)).reason,
            "TOPIC_ALREADY_EXISTS");
}

TEST_F(TopicsTest, AreListedInPages) {
  for (const char* name : {"b2", "a", "b1", "B", "b3"}) ASSERT_OK(Create(name));
  v1::ListTopicsRequest request;
  request.set_page_size(2);
  std::vector<std::string> names;
  int pages = 0;
  do {
    v1::ListTopicsResponse response;
    ASSERT_OK(Call(&v1::TopicService::Stub::ListTopics, request, &response));
    for (const auto& topic : response.topics()) names.push_back(topic.name());
    request.set_page_token(response.next_page_token());
    ++pages;
  } while (!request.page_token().empty());
  EXPECT_EQ(names, (std::vector<std::string>{"B", "a", "b1", "b2", "b3"}));
  EXPECT_EQ(pages, 3);
  request.set_name_prefix("b");
  request.set_page_size(3);
  v1::ListTopicsResponse response;
  ASSERT_OK(Call(&v1::TopicService::Stub::ListTopics, request, &response));
  EXPECT_EQ(response.topics_size(), 3);
  EXPECT_EQ(response.next_page_token(), "");
}

TEST_F(TopicsTest, SettingsChangeWhileTheyRun) {
  ASSERT_OK(Create("t"));
  v1::UpdateTopicRequest request;
  request.set_topic("t");
  request.mutable_config()->set_max_record_bytes(100);
  request.mutable_config()->set_retention_bytes(5);
  request.mutable_update_mask()->add_paths("max_record_bytes");
  v1::UpdateTopicResponse response;
  ASSERT_OK(Call(&v1::TopicService::Stub::UpdateTopic, request, &response));
  EXPECT_EQ(response.topic().config().max_record_bytes(), 100u);
  EXPECT_EQ(response.topic().config().retention_bytes(), 0);
  v1::ProduceRequest produce = Request("t", 1);
  produce.mutable_records()->mutable_records(0)->set_value(std::string(200, 'x'));
  EXPECT_EQ(View(Produce(produce)).reason, "TOO_LARGE");

  request.mutable_config()->clear_max_record_bytes();
  ASSERT_OK(Call(&v1::TopicService::Stub::UpdateTopic, request, &response));
  EXPECT_EQ(response.topic().config().max_record_bytes(), 1u << 20);
  EXPECT_OK(Produce(produce));
  request.set_topic_id("other");
  EXPECT_EQ(View(Call(&v1::TopicService::Stub::UpdateTopic, request, &response)).reason,
            "TOPIC_RECREATED");
}

TEST_F(TopicsTest, ATopicMadeAgainIsAnother) {
  ASSERT_OK(Create("t"));
  const std::string id = Get("t").topic().topic_id();
  v1::DeleteTopicRequest request;
  request.set_topic("t");
  v1::DeleteTopicResponse response;
  ASSERT_OK(Call(&v1::TopicService::Stub::DeleteTopic, request, &response));
  EXPECT_EQ(response.topic_id(), id);
  EXPECT_EQ(View(Call(&v1::TopicService::Stub::DeleteTopic, request, &response)).reason,
            "TOPIC_NOT_FOUND");
  ASSERT_OK(Create("t"));
  request.set_topic_id(id);
  const ErrorView error = View(Call(&v1::TopicService::Stub::DeleteTopic, request, &response));
  EXPECT_EQ(error.code, StatusCode::FAILED_PRECONDITION);
  EXPECT_EQ(error.reason, "TOPIC_RECREATED");
}

TEST_F(TopicsTest, PartitionsAreAdded) {
  ASSERT_OK(Create("t", 2));
  v1::AddPartitionsRequest request;
  request.set_topic("t");
  v1::AddPartitionsResponse response;
  for (const uint32_t count : {5u, 5u}) {
    request.set_partition_count(count);
    ASSERT_OK(Call(&v1::TopicService::Stub::AddPartitions, request, &response));
    EXPECT_EQ(response.topic().partition_count(), 5u);
  }
  v1::ProduceRequest produce = Request("t", 1);
  produce.set_partition(4);
  EXPECT_OK(Produce(produce));
  request.set_partition_count(4);
  EXPECT_EQ(View(Call(&v1::TopicService::Stub::AddPartitions, request, &response)).fields,
            std::vector<std::string>{"partition_count"});
}

TEST_F(TopicsTest, TrimsMayBeTriedFirst) {
  ASSERT_OK(Create("t"));
  ASSERT_OK(Produce(Request("t", 10)));
  v1::TrimTopicRequest request;
  request.set_topic("t");
  request.add_targets()->set_log_start_offset(4);
  request.set_validate_only(true);
  v1::TrimTopicResponse response;
  ASSERT_OK(Call(&v1::TopicService::Stub::TrimTopic, request, &response));
  EXPECT_EQ(response.partitions(0).log_start_offset(), 4);
  EXPECT_EQ(Get("t").partitions(0).log_start_offset(), 0);
  request.set_validate_only(false);
  ASSERT_OK(Call(&v1::TopicService::Stub::TrimTopic, request, &response));
  EXPECT_EQ(response.partitions(0).log_start_offset(), 4);
  EXPECT_EQ(Get("t").partitions(0).log_start_offset(), 4);
  for (const bool only : {true, false}) {
    request.set_validate_only(only);
    request.mutable_targets(0)->set_log_start_offset(11);
    EXPECT_EQ(View(Call(&v1::TopicService::Stub::TrimTopic, request, &response)).reason,
              "OFFSET_OUT_OF_RANGE");
  }
  EXPECT_EQ(Get("t").partitions(0).high_watermark(), 10);
}

TEST_F(TopicsTest, OffsetsAreListed) {
  ASSERT_OK(Create("t", 2));
  v1::ProduceRequest produce = Request("t", 10);
  produce.set_base_timestamp_ms(1'000);
  for (int i = 0; i < 10; ++i) {
    produce.mutable_records()->mutable_records(i)->set_timestamp_delta_ms(i);
  }
  ASSERT_OK(Produce(produce));
  ASSERT_OK(Trim("t", 0, 2));
  v1::ListOffsetsRequest request;
  request.set_topic("t");
  request.add_queries();
  request.add_queries()->mutable_position()->mutable_earliest();
  request.add_queries()->mutable_position()->set_timestamp_ms(1'005);
  request.add_queries()->mutable_position()->set_timestamp_ms(9'999);
  request.add_queries()->mutable_position()->set_timestamp_ms(0);
  request.add_queries()->mutable_position()->set_last_records(3);
  request.add_queries()->set_partition(1);
  v1::ListOffsetsResponse response;
  grpc::ClientContext context;
  ASSERT_OK(log().ListOffsets(&context, request, &response));
  std::vector<int64_t> offsets;
  for (const auto& answer : response.answers()) offsets.push_back(answer.offset());
  EXPECT_EQ(offsets, (std::vector<int64_t>{10, 2, 5, 10, 2, 7, 0}));
  EXPECT_EQ(response.answers(0).log_start_offset(), 2);
  EXPECT_EQ(response.answers(0).high_watermark(), 10);

  grpc::ClientContext all_context;
  request.clear_queries();
  response.Clear();
  ASSERT_OK(log().ListOffsets(&all_context, request, &response));
  EXPECT_EQ(response.answers_size(), 2);

  grpc::ClientContext bad_context;
  request.add_queries()->mutable_position()->set_offset(1);
  EXPECT_EQ(View(log().ListOffsets(&bad_context, request, &response)).reason,
            "OFFSET_OUT_OF_RANGE");
}

TEST_F(TopicsTest, TheServerTellsAboutItself) {
  auto stub = v1::ServerService::NewStub(NewChannel());
  v1::GetServerInfoResponse info;
  grpc::ClientContext context;
  ASSERT_OK(stub->GetServerInfo(&context, {}, &info));
  EXPECT_EQ(info.data_directory(), options_.data_dir);
  EXPECT_EQ(info.shard_count(), 2u);
  EXPECT_EQ(info.directory_id().size(), 36u);
  EXPECT_NE(info.io_backend(), v1::IO_BACKEND_UNSPECIFIED);
  EXPECT_EQ(info.limits().max_message_bytes(), 4u << 20);
  EXPECT_EQ(info.limits().max_record_bytes(), 3u << 20);
  EXPECT_GE(info.api_level(), 1u);
  EXPECT_GT(info.start_time().seconds(), 1'600'000'000);
}

TEST_F(TopicsTest, UnknownFieldsAreRefusedInTypedCallsToo) {
  v1::GetTopicRequest request;
  request.set_topic("t");
  request.GetReflection()->MutableUnknownFields(&request)->AddVarint(50, 1);
  v1::GetTopicResponse response;
  const ErrorView error = View(Call(&v1::TopicService::Stub::GetTopic, request, &response));
  EXPECT_EQ(error.reason, "UNKNOWN_FIELD");
  EXPECT_EQ(error.metadata.at("field"), "GetTopicRequest.50");
}

TEST_F(TopicsTest, LimitsOfTheServer) {
  options_.max_topics = 2;
  ASSERT_TRUE(Stop().ok());
  Start();
  ASSERT_OK(Create("a"));
  ASSERT_OK(Create("b"));
  const ErrorView error = View(Create("c"));
  EXPECT_EQ(error.code, StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_EQ(error.reason, "LIMIT_REACHED");
}

}  // namespace
}  // namespace leat::server
