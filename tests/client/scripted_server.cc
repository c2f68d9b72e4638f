#include "tests/client/scripted_server.h"

#include <grpcpp/security/server_credentials.h>
#include <grpcpp/server_builder.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "google/rpc/error_details.pb.h"

namespace leat::client {
namespace {

google::rpc::Status ErrorOf(record::Reason reason, record::ErrorMetadata metadata = {}) {
  google::rpc::ErrorInfo info;
  info.set_domain("leat");
  info.set_reason(std::string(record::ReasonName(reason)));
  for (const auto& [key, value] : metadata) (*info.mutable_metadata())[key] = value;
  google::rpc::Status status;
  status.set_code(static_cast<int>(record::MakeError(reason, "").code()));
  status.set_message("injected");
  status.add_details()->PackFrom(info);
  return status;
}

grpc::Status DamagedAt(uint32_t partition, int64_t offset) {
  const google::rpc::Status status =
      ErrorOf(record::Reason::kLogCorrupt,
              {{"partition", std::to_string(partition)}, {"offset", std::to_string(offset)}});
  return {grpc::StatusCode::DATA_LOSS, status.message(), status.SerializeAsString()};
}

grpc::Status ConnectionLost() {
  return {grpc::StatusCode::UNAVAILABLE, "connection reset by test"};
}

}  // namespace

class ScriptedServer::Topics : public v1::TopicService::Service {
 public:
  explicit Topics(ScriptedServer& owner) : owner_(owner) {}

  grpc::Status GetTopic(grpc::ServerContext*, const v1::GetTopicRequest* request,
                        v1::GetTopicResponse* response) override {
    response->mutable_topic()->set_name(request->topic());
    response->mutable_topic()->set_topic_id("id");
    response->mutable_topic()->set_partition_count(owner_.partition_count_);
    response->mutable_topic()->mutable_config()->set_max_record_bytes(1 << 20);
    response->mutable_topic()->mutable_config()->set_max_batch_bytes(2 << 20);
    return grpc::Status::OK;
  }

 private:
  ScriptedServer& owner_;
};

class ScriptedServer::Log : public v1::LogService::Service {
 public:
  explicit Log(ScriptedServer& owner) : owner_(owner) {}

  grpc::Status ProduceStream(grpc::ServerContext*,
                             grpc::ServerReaderWriter<v1::ProduceStreamResponse,
                                                      v1::ProduceStreamRequest>* stream) override {
    std::map<uint32_t, uint64_t> halted;
    v1::ProduceStreamRequest request;
    while (stream->Read(&request)) {
      v1::ProduceStreamResponse response;
      response.set_request_id(request.request_id());
      if (!Handle(request, halted, &response)) return ConnectionLost();
      stream->Write(response);
    }
    return grpc::Status::OK;
  }

  grpc::Status InitProducer(grpc::ServerContext*, const v1::InitProducerRequest* request,
                            v1::InitProducerResponse* response) override {
    std::function<void(const std::string&)> script;
    {
      absl::MutexLock lock(&owner_.mutex_);
      script = owner_.init_script_;
    }
    script(request->topic());
    response->set_topic_id("id");
    response->set_producer_id(1);
    return grpc::Status::OK;
  }

  grpc::Status ListOffsets(grpc::ServerContext*, const v1::ListOffsetsRequest* request,
                           v1::ListOffsetsResponse* response) override {
    absl::MutexLock lock(&owner_.mutex_);
    response->set_topic_id("id");
    std::vector<uint32_t> partitions;
    for (const auto& query : request->queries()) partitions.push_back(query.partition());
    for (uint32_t i = 0; request->queries_size() == 0 && i < owner_.partition_count_; ++i)
      partitions.push_back(i);
    for (uint32_t partition : partitions) {
      v1::OffsetAnswer* answer = response->add_answers();
      answer->set_partition(partition);
      answer->set_log_start_offset(owner_.partitions_[partition].log_start);
      answer->set_high_watermark(static_cast<int64_t>(owner_.partitions_[partition].values.size()));
      answer->set_offset(answer->high_watermark());
    }
    return grpc::Status::OK;
  }

  grpc::Status Read(grpc::ServerContext* context, const v1::ReadRequest* request,
                    grpc::ServerWriter<v1::ReadResponse>* writer) override {
    std::map<uint32_t, int64_t> next;
    for (const auto& read : request->partitions()) {
      next[read.partition()] = read.start().offset();
      absl::MutexLock lock(&owner_.mutex_);
      const Partition& partition = owner_.partitions_[read.partition()];
      if (partition.damaged_at >= partition.log_start &&
          (!read.has_end() || read.end().offset() > *partition.damaged_at)) {
        return DamagedAt(read.partition(), *partition.damaged_at);
      }
    }
    int messages = 0;
    while (!context->IsCancelled()) {
      const std::optional<v1::ReadResponse> message = NextMessage(*request, next);
      if (!message.has_value()) return grpc::Status::OK;
      if (!writer->Write(*message)) break;
      absl::MutexLock lock(&owner_.mutex_);
      if (++messages == owner_.messages_per_read_) return ConnectionLost();
    }
    return grpc::Status::CANCELLED;
  }

 private:
  // False when the stream is to break.
  bool Handle(const v1::ProduceStreamRequest& request, std::map<uint32_t, uint64_t>& halted,
              v1::ProduceStreamResponse* response) {
    ++owner_.requests_;
    owner_.requests_.notify_all();
    absl::MutexLock lock(&owner_.mutex_);
    const uint32_t partition = request.produce().partition();
    if (request.has_resume_after()) {
      std::erase_if(halted,
                    [&](const auto& halt) { return halt.second == request.resume_after(); });
    }
    if (halted.contains(partition)) {
      *response->mutable_error() = ErrorOf(record::Reason::kEarlierRequestFailed,
                                           {{"requestId", std::to_string(halted[partition])}});
      return true;
    }
    const Step step = owner_.script_(request);
    if (step.kind == Step::Kind::kFail) {
      halted[partition] = request.request_id();
      *response->mutable_error() = ErrorOf(step.reason);
      return true;
    }
    if (step.kind == Step::Kind::kDropStream) return false;
    std::vector<std::string>& values = owner_.partitions_[partition].values;
    v1::ProducedPart* part = response->mutable_produced()->add_parts();
    part->set_partition(partition);
    part->set_base_offset(static_cast<int64_t>(values.size()));
    for (const v1::Record& record : request.produce().records().records())
      values.push_back(record.value());
    return step.kind == Step::Kind::kAppend;
  }

  // A record of the first partition that has one, a gap, an end; a heartbeat when there is nothing.
  // nullopt when all is read.
  std::optional<v1::ReadResponse> NextMessage(const v1::ReadRequest& request,
                                              std::map<uint32_t, int64_t>& next) {
    absl::MutexLock lock(&owner_.mutex_);
    v1::ReadResponse message;
    bool all_done = true;
    for (const v1::PartitionRead& read : request.partitions()) {
      const Partition& partition = owner_.partitions_[read.partition()];
      int64_t& offset = next[read.partition()];
      if (offset < 0) continue;
      all_done = false;
      message.set_partition(read.partition());
      message.set_high_watermark(static_cast<int64_t>(partition.values.size()));
      if (offset < partition.log_start) {
        message.mutable_gap()->set_from_offset(offset);
        message.mutable_gap()->set_to_offset(partition.log_start);
        offset = partition.log_start;
      } else if (read.has_end() && offset >= read.end().offset()) {
        message.mutable_end_of_range();
        message.set_next_offset(offset);
        offset = -1;
        return message;
      } else if (offset < message.high_watermark()) {
        message.mutable_chunk()->set_base_offset(offset);
        message.mutable_chunk()->mutable_records()->add_records()->set_value(
            partition.values[static_cast<size_t>(offset)]);
        ++offset;
      } else {
        continue;
      }
      message.set_next_offset(offset);
      return message;
    }
    if (all_done) return std::nullopt;
    const v1::PartitionRead& first = request.partitions(0);
    message.set_partition(first.partition());
    message.set_next_offset(next[first.partition()]);
    message.mutable_heartbeat();
    // Not faster than the test can bear.
    const size_t records = owner_.partitions_[first.partition()].values.size();
    auto changed = [&]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(owner_.mutex_) {
      return owner_.partitions_[first.partition()].values.size() != records;
    };
    owner_.mutex_.AwaitWithTimeout(absl::Condition(&changed), absl::Milliseconds(20));
    return message;
  }

  ScriptedServer& owner_;
};

ScriptedServer::ScriptedServer(uint32_t partition_count) : partition_count_(partition_count) {
  std::string directory = testing::TempDir() + "/leatXXXXXX";
  target_ = std::string("unix:") + mkdtemp(directory.data()) + "/socket";
  Restart();
}

ScriptedServer::~ScriptedServer() { Stop(); }

void ScriptedServer::Stop() {
  if (server_ == nullptr) return;
  server_->Shutdown(std::chrono::system_clock::now());
  server_.reset();
}

void ScriptedServer::Restart() {
  topics_ = std::make_unique<Topics>(*this);
  log_ = std::make_unique<Log>(*this);
  grpc::ServerBuilder builder;
  builder.AddListeningPort(target_, grpc::InsecureServerCredentials());
  builder.RegisterService(topics_.get());
  builder.RegisterService(log_.get());
  server_ = builder.BuildAndStart();
}

void ScriptedServer::Damage(uint32_t partition, int64_t offset) {
  absl::MutexLock lock(&mutex_);
  partitions_[partition].damaged_at = offset;
}

void ScriptedServer::set_script(Script script) {
  absl::MutexLock lock(&mutex_);
  script_ = std::move(script);
}

void ScriptedServer::set_init_script(std::function<void(const std::string&)> script) {
  absl::MutexLock lock(&mutex_);
  init_script_ = std::move(script);
}

void ScriptedServer::set_messages_per_read(int messages) {
  absl::MutexLock lock(&mutex_);
  messages_per_read_ = messages;
}

void ScriptedServer::Trim(uint32_t partition, int64_t log_start) {
  absl::MutexLock lock(&mutex_);
  partitions_[partition].log_start = log_start;
}

void ScriptedServer::AppendDirectly(uint32_t partition, const std::string& value) {
  absl::MutexLock lock(&mutex_);
  partitions_[partition].values.push_back(value);
}

std::vector<std::string> ScriptedServer::values(uint32_t partition) const {
  absl::MutexLock lock(&mutex_);
  const auto found = partitions_.find(partition);
  return found == partitions_.end() ? std::vector<std::string>() : found->second.values;
}

void ScriptedServer::WaitForRequests(int count) const {
  int now = requests_;
  while (now < count) {
    requests_.wait(now);
    now = requests_;
  }
}

}  // namespace leat::client
