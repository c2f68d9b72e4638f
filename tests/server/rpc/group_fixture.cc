#include "tests/server/rpc/group_fixture.h"

#include <chrono>

namespace leat::server {
namespace {

v1::OwnedPartition OwnedOf(const v1::PartitionPosition& position) {
  v1::OwnedPartition owned;
  owned.set_topic(position.topic());
  owned.set_topic_id(position.topic_id());
  owned.set_partition(position.partition());
  owned.set_assignment_epoch(position.assignment_epoch());
  return owned;
}

}  // namespace

Member::Member(v1::GroupService::Stub& stub) {
  context_.set_deadline(std::chrono::system_clock::now() + std::chrono::minutes(2));
  stream_ = stub.Consume(&context_);
}

Member::Member(v1::GroupService::Stub& stub, const v1::Join& join) : Member(stub) {
  v1::ConsumeRequest request;
  *request.mutable_join() = join;
  Send(request);
}

Member::~Member() {
  if (ended_) return;
  context_.TryCancel();
  End();
}

v1::CommandResult Member::Ask(v1::ConsumeRequest request) {
  request.set_request_id(++last_request_);
  Send(request);
  std::deque<v1::ConsumeResponse> before = std::move(waiting_);
  waiting_.clear();
  for (;;) {
    v1::ConsumeResponse event = Next();
    const bool end = event.event_case() == Event::EVENT_NOT_SET;
    EXPECT_FALSE(end) << "the stream ended before the answer";
    if (end || event.command_result().request_id() == last_request_) {
      waiting_ = std::move(before);
      return event.command_result();
    }
    before.push_back(std::move(event));
  }
}

void Member::Fence() {
  v1::ConsumeRequest request;
  request.mutable_heartbeat_answer();
  Ask(request);
}

v1::ConsumeResponse Member::Next() {
  v1::ConsumeResponse event;
  if (!waiting_.empty()) {
    event = std::move(waiting_.front());
    waiting_.pop_front();
  } else if (!stream_->Read(&event)) {
    event.Clear();
  }
  return event;
}

v1::ConsumeResponse Member::Take(Event wanted) {
  for (;;) {
    v1::ConsumeResponse event = Next();
    if (event.event_case() == wanted) return event;
    const bool end = event.event_case() == Event::EVENT_NOT_SET;
    EXPECT_FALSE(end) << "the stream ended before event " << wanted;
    if (end) return event;
  }
}

std::vector<std::string> Member::TakeValues(size_t count, v1::PartitionPosition* position) {
  std::vector<std::string> values;
  while (values.size() < count) {
    const v1::DeliveredRecords records = Take(Event::kRecords).records();
    if (!records.has_chunk()) break;
    for (const auto& record : records.chunk().records().records()) {
      values.push_back(record.value());
    }
    if (position != nullptr) *position = records.position();
  }
  return values;
}

v1::CommandResult Member::Commit(const v1::PartitionPosition& position) {
  v1::ConsumeRequest request;
  *request.mutable_commit()->add_positions() = position;
  return Ask(request);
}

v1::CommandResult Member::Release(const v1::PartitionPosition& position) {
  v1::ConsumeRequest request;
  *request.mutable_release()->add_positions() = position;
  return Ask(request);
}

v1::CommandResult Member::Pause(const v1::PartitionPosition& position) {
  v1::ConsumeRequest request;
  *request.mutable_pause()->add_partitions() = OwnedOf(position);
  return Ask(request);
}

v1::CommandResult Member::Resume(const v1::PartitionPosition& position) {
  v1::ConsumeRequest request;
  *request.mutable_resume()->add_partitions() = OwnedOf(position);
  return Ask(request);
}

v1::CommandResult Member::Seek(const v1::PartitionPosition& position, const v1::Position& to) {
  v1::ConsumeRequest request;
  *request.mutable_seek()->add_targets()->mutable_partition() = OwnedOf(position);
  *request.mutable_seek()->mutable_targets(0)->mutable_to() = to;
  return Ask(request);
}

v1::CommandResult Member::Grant(int64_t bytes, int64_t records) {
  v1::ConsumeRequest request;
  request.mutable_credit()->set_bytes(bytes);
  request.mutable_credit()->set_records(records);
  return Ask(request);
}

grpc::Status Member::Leave() {
  v1::ConsumeRequest request;
  request.mutable_leave();
  Send(request);
  return End();
}

grpc::Status Member::End() {
  v1::ConsumeResponse dropped;
  while (stream_->Read(&dropped)) continue;
  ended_ = true;
  return stream_->Finish();
}

void GroupTest::StartAll() {
  Start();
  groups_ = v1::GroupService::NewStub(NewChannel());
}

v1::Join GroupTest::JoinOf(const std::string& group, const std::string& topic) {
  v1::Join join;
  join.set_group(group);
  join.add_topics(topic);
  return join;
}

std::pair<std::unique_ptr<Member>, v1::Assigned> GroupTest::Assigned(const v1::Join& join) {
  auto member = NewMember(join);
  member->TakeJoined();
  auto assigned = member->TakeAssigned();
  return {std::move(member), std::move(assigned)};
}

void GroupTest::Append(const std::string& topic, int count, const std::string& prefix,
                       uint32_t partition) {
  v1::ProduceRequest request = Request(topic, count, prefix);
  request.set_partition(partition);
  ASSERT_OK(Produce(request));
}

v1::GetGroupResponse GroupTest::Get(const std::string& group) {
  v1::GetGroupRequest request;
  request.set_group(group);
  v1::GetGroupResponse response;
  grpc::ClientContext context;
  EXPECT_OK(groups().GetGroup(&context, request, &response));
  return response;
}

v1::GroupPartition GroupTest::Describe(uint32_t partition, const std::string& group) {
  const v1::GetGroupResponse described = Get(group);
  for (const v1::GroupPartition& found : described.partitions()) {
    if (found.topic() == "t" && found.partition() == partition) return found;
  }
  return {};
}

grpc::Status GroupTest::SeekGroup(const v1::SeekGroupRequest& request,
                                  v1::SeekGroupResponse* response) {
  grpc::ClientContext context;
  return groups().SeekGroup(&context, request, response);
}

grpc::Status GroupTest::CommitOffsets(const v1::CommitOffsetsRequest& request,
                                      v1::CommitOffsetsResponse* response) {
  grpc::ClientContext context;
  return groups().CommitOffsets(&context, request, response);
}

grpc::Status GroupTest::DeleteTopic(const std::string& topic) {
  v1::DeleteTopicRequest request;
  request.set_topic(topic);
  v1::DeleteTopicResponse response;
  grpc::ClientContext context;
  return topics().DeleteTopic(&context, request, &response);
}

std::vector<std::string> Reasons(const v1::CommandResult& result) {
  if (result.has_error()) return {View(result.error()).reason};
  std::vector<std::string> reasons;
  for (const v1::PartitionResult& partition : result.partitions()) {
    reasons.push_back(partition.has_error() ? View(partition.error()).reason : "");
  }
  return reasons;
}

}  // namespace leat::server
