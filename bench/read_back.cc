#include "bench/read_back.h"

#include <grpcpp/grpcpp.h>

#include <memory>

#include "absl/strings/str_cat.h"
#include "leat/v1/log.grpc.pb.h"
#include "leat/v1/topic.grpc.pb.h"
#include "storage/record/batch.h"

namespace leat::bench {
namespace {

constexpr uint32_t kMaxMessageBytes = 8 << 20;

std::shared_ptr<grpc::Channel> Connect(const std::string& address) {
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_HTTP2_MAX_FRAME_SIZE, 1 << 20);
  arguments.SetMaxReceiveMessageSize(-1);
  return grpc::CreateCustomChannel(address, grpc::InsecureChannelCredentials(), arguments);
}

absl::Status ToStatus(const grpc::Status& status) {
  return status.ok() ? absl::OkStatus() : absl::UnknownError(status.error_message());
}

// Takes one message; `next` is the offset that must come.
absl::Status CheckMessage(const v1::ReadResponse& message, int64_t& next) {
  if (message.event_case() == v1::ReadResponse::kEndOfRange) return absl::OkStatus();
  if (message.event_case() != v1::ReadResponse::kBatch) {
    return absl::DataLossError(absl::StrCat("not a batch: ", message.event_case()));
  }
  const v1::RecordBatch& batch = message.batch();
  if (batch.base_offset() != next) {
    return absl::DataLossError(absl::StrCat("offset ", batch.base_offset(), " instead of ", next));
  }
  if (record::Crc32c(batch.payload()) != batch.payload_crc32c()) {
    return absl::DataLossError(absl::StrCat("wrong checksum at offset ", next));
  }
  next += batch.record_count();
  return absl::OkStatus();
}

}  // namespace

absl::Status CreateTopic(const std::string& address, const std::string& topic,
                         uint32_t partition_count) {
  const auto stub = v1::TopicService::NewStub(Connect(address));
  grpc::ClientContext context;
  v1::CreateTopicRequest request;
  request.set_topic(topic);
  request.set_partition_count(partition_count);
  v1::CreateTopicResponse response;
  return ToStatus(stub->CreateTopic(&context, request, &response));
}

absl::Status DeleteTopic(const std::string& address, const std::string& topic) {
  const auto stub = v1::TopicService::NewStub(Connect(address));
  grpc::ClientContext context;
  v1::DeleteTopicRequest request;
  request.set_topic(topic);
  v1::DeleteTopicResponse response;
  return ToStatus(stub->DeleteTopic(&context, request, &response));
}

absl::Status ReadBack(const std::string& address, const std::string& topic, uint64_t records,
                      uint32_t partition) {
  const auto stub = v1::LogService::NewStub(Connect(address));
  grpc::ClientContext context;
  v1::ReadRequest request;
  request.set_topic(topic);
  request.add_partitions()->set_partition(partition);
  request.mutable_end()->mutable_latest();
  request.mutable_accept_batches()->set_max_message_bytes(kMaxMessageBytes);
  const auto reader = stub->Read(&context, request);
  v1::ReadResponse message;
  int64_t next = 0;
  absl::Status failure;
  while (reader->Read(&message)) failure.Update(CheckMessage(message, next));
  if (absl::Status status = ToStatus(reader->Finish()); !status.ok()) return status;
  if (failure.ok() && next != static_cast<int64_t>(records)) {
    failure = absl::DataLossError(absl::StrCat(next, " records instead of ", records));
  }
  return failure;
}

}  // namespace leat::bench
