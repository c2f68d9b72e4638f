#include "tests/server/server_fixture.h"

#include <grpcpp/create_channel.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/security/credentials.h>
#include <stdlib.h>

#include <filesystem>
#include <utility>

#include "absl/synchronization/notification.h"
#include "google/rpc/error_details.pb.h"

namespace leat::server {

ErrorView View(const google::rpc::Status& status) {
  ErrorView view;
  view.code = static_cast<grpc::StatusCode>(status.code());
  int infos = 0;
  for (const auto& any : status.details()) {
    google::rpc::ErrorInfo info;
    google::rpc::BadRequest bad;
    if (any.UnpackTo(&info) && info.domain() == "leat") {
      ++infos;
      view.reason = info.reason();
      view.metadata = {info.metadata().begin(), info.metadata().end()};
    } else if (any.UnpackTo(&bad)) {
      for (const auto& violation : bad.field_violations()) view.fields.push_back(violation.field());
    }
    view.retry_info |= any.Is<google::rpc::RetryInfo>();
  }
  if (infos != 1) view.reason.clear();
  return view;
}

ErrorView View(const grpc::Status& status) {
  google::rpc::Status details;
  if (!details.ParseFromString(status.error_details())) return {};
  ErrorView view = View(details);
  EXPECT_TRUE(details.details().empty() || view.code == status.error_code());
  view.code = status.error_code();
  return view;
}

ServerTest::ServerTest() {
  std::string directory = testing::TempDir() + "leat-XXXXXX";
  options_.data_dir = mkdtemp(directory.data());
  options_.listen = {"127.0.0.1:0"};
  options_.shards = 2;
  options_.min_free_bytes = 0;
}

ServerTest::~ServerTest() {
  server_.reset();
  std::error_code ignored;
  std::filesystem::remove_all(options_.data_dir, ignored);
}

void ServerTest::Start() {
  auto started = Server::Start(options_);
  ASSERT_TRUE(started.ok()) << started.status();
  server_ = *std::move(started);
  channel_ = NewChannel();
  topics_ = v1::TopicService::NewStub(channel_);
  log_ = v1::LogService::NewStub(channel_);
}

absl::Status ServerTest::Stop(absl::Duration drain) {
  const absl::Status status = server_->Stop(drain);
  server_.reset();
  return status;
}

std::shared_ptr<grpc::Channel> ServerTest::NewChannel() const {
  grpc::ChannelArguments arguments;
  arguments.SetMaxReceiveMessageSize(-1);
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  return grpc::CreateCustomChannel(server_->addresses().front(), grpc::InsecureChannelCredentials(),
                                   arguments);
}

grpc::Status ServerTest::Create(const std::string& topic, uint32_t partitions,
                                const v1::TopicConfig& config) {
  v1::CreateTopicRequest request;
  request.set_topic(topic);
  request.set_partition_count(partitions);
  *request.mutable_config() = config;
  v1::CreateTopicResponse response;
  grpc::ClientContext context;
  return topics().CreateTopic(&context, request, &response);
}

grpc::Status ServerTest::Produce(const v1::ProduceRequest& request, v1::ProduceResponse* response) {
  v1::ProduceResponse ignored;
  grpc::ClientContext context;
  return log().Produce(&context, request, response == nullptr ? &ignored : response);
}

grpc::Status ServerTest::Raw(const std::string& method, const std::string& bytes) {
  return RawCall("/leat.v1." + method, bytes);
}

grpc::Status ServerTest::RawCall(const std::string& path, const std::string& bytes) {
  grpc::GenericStub stub(channel_);
  grpc::ClientContext context;
  const grpc::Slice slice(bytes);
  const grpc::ByteBuffer request(&slice, 1);
  grpc::ByteBuffer response;
  grpc::Status result;
  absl::Notification done;
  stub.UnaryCall(&context, path, {}, &request, &response, [&](grpc::Status status) {
    result = std::move(status);
    done.Notify();
  });
  done.WaitForNotification();
  return result;
}

grpc::Status ServerTest::Trim(const std::string& topic, uint32_t partition, int64_t log_start) {
  v1::TrimTopicRequest request;
  request.set_topic(topic);
  request.add_targets()->set_partition(partition);
  request.mutable_targets(0)->set_log_start_offset(log_start);
  v1::TrimTopicResponse response;
  grpc::ClientContext context;
  return topics().TrimTopic(&context, request, &response);
}

int64_t ServerTest::HighWatermark(const std::string& topic, uint32_t partition) {
  v1::ListOffsetsRequest request;
  request.set_topic(topic);
  request.add_queries()->set_partition(partition);
  v1::ListOffsetsResponse response;
  grpc::ClientContext context;
  EXPECT_OK(log().ListOffsets(&context, request, &response));
  return response.answers_size() == 1 ? response.answers(0).high_watermark() : -1;
}

v1::ProduceRequest ServerTest::Request(const std::string& topic, int count,
                                       const std::string& prefix) {
  v1::ProduceRequest request;
  request.set_topic(topic);
  request.set_partition(0);
  for (int i = 0; i < count; ++i) {
    request.mutable_records()->add_records()->set_value(prefix + std::to_string(i));
  }
  return request;
}

grpc::Status ServerTest::ReadAll(const v1::ReadRequest& request,
                                 std::vector<v1::ReadResponse>* events) {
  grpc::ClientContext context;
  auto reader = log().Read(&context, request);
  v1::ReadResponse event;
  while (reader->Read(&event)) events->push_back(event);
  return reader->Finish();
}

v1::ReadRequest ServerTest::BoundedRead(const std::string& topic, int64_t offset) {
  v1::ReadRequest request;
  request.set_topic(topic);
  request.add_partitions()->set_partition(0);
  request.mutable_start()->set_offset(offset);
  request.mutable_end()->mutable_latest();
  return request;
}

std::vector<std::string> ValuesOf(const std::vector<v1::ReadResponse>& events) {
  std::vector<std::string> values;
  for (const v1::ReadResponse& event : events) {
    for (const v1::Record& record : event.chunk().records().records()) {
      values.push_back(record.value());
    }
  }
  return values;
}

}  // namespace leat::server
