#include "tests/client/scripted_group.h"

#include <grpcpp/security/server_credentials.h>
#include <grpcpp/server_builder.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"

namespace leat::client {
namespace {

google::rpc::Status ErrorOf(record::Reason reason) {
  google::rpc::ErrorInfo info;
  info.set_domain("leat");
  info.set_reason(std::string(record::ReasonName(reason)));
  google::rpc::Status status;
  status.set_code(static_cast<int>(record::MakeError(reason, "").code()));
  status.set_message("injected");
  status.add_details()->PackFrom(info);
  return status;
}

v1::PartitionPosition ToProto(const ScriptedGroup::Place& place) {
  v1::PartitionPosition position;
  position.set_topic("t");
  position.set_topic_id("id");
  position.set_partition(place.partition);
  position.set_assignment_epoch(place.epoch);
  position.set_next_offset(place.offset);
  return position;
}

}  // namespace

// Its functions run on gRPC's threads; the owner's mutex guards all it has.
class ScriptedGroup::Stream
    : public grpc::ServerBidiReactor<v1::ConsumeRequest, v1::ConsumeResponse> {
 public:
  explicit Stream(ScriptedGroup& owner) : owner_(owner) { StartRead(&request_); }

  void OnReadDone(bool ok) override {
    absl::MutexLock lock(&owner_.mutex_);
    if (!ok) {
      EndWith(grpc::Status::CANCELLED);
      return;
    }
    owner_.commands_.push_back(request_);
    if (request_.has_join()) {
      v1::ConsumeResponse joined;
      joined.mutable_joined()->set_member_id("member");
      joined.mutable_joined()->set_member_epoch(++owner_.member_epoch_);
      joined.mutable_joined()->set_processing_timeout_ms(300'000);
      joined.mutable_joined()->set_resumed(request_.join().has_resume());
      owner_.lines_.push_front({joined, {}});
      owner_.stream_ = this;
    }
    if (request_.has_leave()) owner_.lines_.push_back({{}, grpc::Status::OK});
    if (auto answer = owner_.AnswerTo(request_)) owner_.lines_.push_back({*answer, {}});
    if (!ended_) StartRead(&request_);
    Pump();
  }

  void OnWriteDone(bool) override {
    absl::MutexLock lock(&owner_.mutex_);
    writing_ = false;
    Pump();
  }

  void OnCancel() override {
    absl::MutexLock lock(&owner_.mutex_);
    EndWith(grpc::Status::CANCELLED);
  }

  void OnDone() override { delete this; }

  // Says the next line. Under the owner's mutex.
  void Pump() {
    owner_.mutex_.AssertHeld();
    if (ended_ || writing_ || owner_.stream_ != this || owner_.lines_.empty()) return;
    const Line line = std::move(owner_.lines_.front());
    owner_.lines_.pop_front();
    if (line.end.has_value()) {
      EndWith(*line.end);
      return;
    }
    writing_ = true;
    response_ = line.response;
    StartWrite(&response_);
  }

 private:
  void EndWith(const grpc::Status& status) ABSL_EXCLUSIVE_LOCKS_REQUIRED(owner_.mutex_) {
    if (std::exchange(ended_, true)) return;
    if (owner_.stream_ == this) owner_.stream_ = nullptr;
    Finish(status);
  }

  ScriptedGroup& owner_;
  v1::ConsumeRequest request_;
  v1::ConsumeResponse response_;
  bool writing_ = false;
  bool ended_ = false;
};

class ScriptedGroup::Service : public v1::GroupService::CallbackService {
 public:
  explicit Service(ScriptedGroup& owner) : owner_(owner) {}

  grpc::ServerBidiReactor<v1::ConsumeRequest, v1::ConsumeResponse>* Consume(
      grpc::CallbackServerContext*) override {
    return new Stream(owner_);
  }

 private:
  ScriptedGroup& owner_;
};

ScriptedGroup::ScriptedGroup() {
  std::string directory = testing::TempDir() + "/leatXXXXXX";
  target_ = std::string("unix:") + mkdtemp(directory.data()) + "/socket";
  service_ = std::make_unique<Service>(*this);
  grpc::ServerBuilder builder;
  builder.AddListeningPort(target_, grpc::InsecureServerCredentials());
  builder.RegisterService(service_.get());
  server_ = builder.BuildAndStart();
}

ScriptedGroup::~ScriptedGroup() { server_->Shutdown(std::chrono::system_clock::now()); }

void ScriptedGroup::Assign(const std::vector<Place>& places, v1::ChangeReason reason) {
  v1::ConsumeResponse response;
  response.mutable_assigned()->set_reason(reason);
  for (const Place& place : places) *response.mutable_assigned()->add_positions() = ToProto(place);
  Say(std::move(response));
}

void ScriptedGroup::Revoke(const std::vector<Place>& places, uint32_t deadline_ms) {
  v1::ConsumeResponse response;
  response.mutable_revoked()->set_reason(v1::CHANGE_REASON_REBALANCED);
  response.mutable_revoked()->set_deadline_ms(deadline_ms);
  for (const Place& place : places) *response.mutable_revoked()->add_positions() = ToProto(place);
  Say(std::move(response));
}

void ScriptedGroup::Deliver(const Place& place, int64_t from) {
  v1::ConsumeResponse response;
  v1::DeliveredRecords& records = *response.mutable_records();
  *records.mutable_position() = ToProto(place);
  records.set_high_watermark(place.offset);
  records.set_charged_bytes(100 * (place.offset - from));
  records.set_charged_records(place.offset - from);
  records.mutable_chunk()->set_base_offset(from);
  for (int64_t offset = from; offset < place.offset; ++offset) {
    records.mutable_chunk()->mutable_records()->add_records()->set_value(std::to_string(offset));
  }
  Say(std::move(response));
}

void ScriptedGroup::Gap(const Place& place, int64_t from) {
  v1::ConsumeResponse response;
  *response.mutable_gap()->mutable_position() = ToProto(place);
  response.mutable_gap()->mutable_gap()->set_from_offset(from);
  response.mutable_gap()->mutable_gap()->set_to_offset(place.offset);
  Say(std::move(response));
}

void ScriptedGroup::Say(v1::ConsumeResponse response) { Add({std::move(response), {}}); }

void ScriptedGroup::End(record::Reason reason) {
  const google::rpc::Status error = ErrorOf(reason);
  Add({{},
       grpc::Status(static_cast<grpc::StatusCode>(error.code()), error.message(),
                    error.SerializeAsString())});
}

void ScriptedGroup::Drop() {
  Add({{}, grpc::Status(grpc::StatusCode::UNAVAILABLE, "connection reset by test")});
}

void ScriptedGroup::Add(Line line) {
  absl::MutexLock lock(&mutex_);
  lines_.push_back(std::move(line));
  if (stream_ != nullptr) stream_->Pump();
}

v1::ConsumeRequest ScriptedGroup::Await(v1::ConsumeRequest::CommandCase kind) {
  absl::MutexLock lock(&mutex_);
  v1::ConsumeRequest found;
  const auto there = [&]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    for (; awaited_ < commands_.size(); ++awaited_) {
      if (commands_[awaited_].command_case() != kind) continue;
      found = commands_[awaited_++];
      return true;
    }
    return false;
  };
  EXPECT_TRUE(mutex_.AwaitWithTimeout(absl::Condition(&there), absl::Seconds(30)));
  return found;
}

void ScriptedGroup::set_answering(bool answering) {
  absl::MutexLock lock(&mutex_);
  answering_ = answering;
}

void ScriptedGroup::Fence(uint32_t partition) {
  absl::MutexLock lock(&mutex_);
  fenced_.push_back(partition);
}

std::vector<v1::ConsumeRequest> ScriptedGroup::commands() const {
  absl::MutexLock lock(&mutex_);
  return commands_;
}

std::optional<v1::ConsumeResponse> ScriptedGroup::AnswerTo(const v1::ConsumeRequest& request) {
  v1::ConsumeResponse answer;
  v1::CommandResult& result = *answer.mutable_command_result();
  result.set_request_id(request.request_id());
  const auto add = [&](const v1::PartitionPosition& position)
                       ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
                         v1::PartitionResult* partition = result.add_partitions();
                         *partition->mutable_position() = position;
                         if (std::count(fenced_.begin(), fenced_.end(), position.partition()) == 0)
                           return;
                         *partition->mutable_error() = ErrorOf(record::Reason::kFencedMemberEpoch);
                       };
  if (request.has_commit() && answering_) {
    for (const auto& position : request.commit().positions()) add(position);
  } else if (request.has_release()) {
    for (const auto& position : request.release().positions()) add(position);
  } else if (request.has_seek()) {
    const v1::MemberSeek& target = request.seek().targets(0);
    v1::PartitionPosition position;
    position.set_topic(target.partition().topic());
    position.set_partition(target.partition().partition());
    position.set_assignment_epoch(++last_epoch_);
    position.set_next_offset(target.to().offset());
    add(position);
  } else {
    return std::nullopt;
  }
  return answer;
}

}  // namespace leat::client
