#include "client/admin.h"

#include <grpcpp/channel.h>
#include <grpcpp/client_context.h>

#include <memory>
#include <optional>
#include <string>

#include "client/connection.h"
#include "client/grpc_status.h"
#include "client/raw_call.h"
#include "client/wakeup.h"
#include "leat/v1/group.grpc.pb.h"
#include "leat/v1/log.grpc.pb.h"
#include "leat/v1/server.grpc.pb.h"
#include "leat/v1/topic.grpc.pb.h"
#include "storage/record/wire.h"

namespace leat::client {
namespace {

template <typename Stub, typename Request, typename Response>
absl::StatusOr<Response> Call(const Client& client,
                              grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&,
                                                           Response*),
                              const Request& request) {
  const Connection& connection = *client.connection();
  Stub stub(connection.channel);
  grpc::ClientContext context;
  context.set_deadline(absl::ToChronoTime(absl::Now() + connection.options.call_timeout));
  Response response;
  const grpc::Status status = (stub.*method)(&context, request, &response);
  if (!status.ok()) return FromGrpcStatus(status);
  return response;
}

// The topic of an answer that holds one.
template <typename Response>
absl::StatusOr<v1::Topic> TopicOf(absl::StatusOr<Response> response) {
  if (!response.ok()) return std::move(response).status();
  return std::move(*response->mutable_topic());
}

}  // namespace

absl::StatusOr<v1::Topic> Admin::CreateTopic(const v1::CreateTopicRequest& request) const {
  return TopicOf(Call(client_, &v1::TopicService::Stub::CreateTopic, request));
}

absl::StatusOr<v1::GetTopicResponse> Admin::GetTopic(std::string_view topic) const {
  v1::GetTopicRequest request;
  request.set_topic(std::string(topic));
  return Call(client_, &v1::TopicService::Stub::GetTopic, request);
}

absl::StatusOr<std::vector<v1::Topic>> Admin::ListTopics(std::string_view prefix) const {
  std::vector<v1::Topic> topics;
  v1::ListTopicsRequest request;
  request.set_name_prefix(std::string(prefix));
  request.set_page_size(1000);
  do {
    auto page = Call(client_, &v1::TopicService::Stub::ListTopics, request);
    if (!page.ok()) return std::move(page).status();
    for (v1::Topic& topic : *page->mutable_topics()) topics.push_back(std::move(topic));
    request.set_page_token(page->next_page_token());
  } while (!request.page_token().empty());
  return topics;
}

absl::StatusOr<v1::Topic> Admin::UpdateTopic(const v1::UpdateTopicRequest& request) const {
  return TopicOf(Call(client_, &v1::TopicService::Stub::UpdateTopic, request));
}

absl::Status Admin::DeleteTopic(const v1::DeleteTopicRequest& request) const {
  return Call(client_, &v1::TopicService::Stub::DeleteTopic, request).status();
}

absl::StatusOr<v1::Topic> Admin::AddPartitions(const v1::AddPartitionsRequest& request) const {
  return TopicOf(Call(client_, &v1::TopicService::Stub::AddPartitions, request));
}

absl::StatusOr<v1::TrimTopicResponse> Admin::TrimTopic(const v1::TrimTopicRequest& request) const {
  return Call(client_, &v1::TopicService::Stub::TrimTopic, request);
}

absl::StatusOr<v1::ProduceResponse> Admin::Produce(const v1::ProduceRequest& request) const {
  return Call(client_, &v1::LogService::Stub::Produce, request);
}

absl::StatusOr<v1::InitProducerResponse> Admin::InitProducer(std::string_view topic,
                                                             std::string_view topic_id,
                                                             std::string_view name) const {
  v1::InitProducerRequest request;
  request.set_topic(std::string(topic));
  request.set_topic_id(std::string(topic_id));
  request.set_name(std::string(name));
  return Call(client_, &v1::LogService::Stub::InitProducer, request);
}

absl::StatusOr<v1::ListOffsetsResponse> Admin::ListOffsets(
    const v1::ListOffsetsRequest& request) const {
  return Call(client_, &v1::LogService::Stub::ListOffsets, request);
}

absl::StatusOr<std::vector<v1::Group>> Admin::ListGroups(std::string_view prefix) const {
  std::vector<v1::Group> groups;
  v1::ListGroupsRequest request;
  request.set_name_prefix(std::string(prefix));
  request.set_page_size(1000);
  do {
    auto page = Call(client_, &v1::GroupService::Stub::ListGroups, request);
    if (!page.ok()) return std::move(page).status();
    for (v1::Group& group : *page->mutable_groups()) groups.push_back(std::move(group));
    request.set_page_token(page->next_page_token());
  } while (!request.page_token().empty());
  return groups;
}

absl::StatusOr<v1::GetGroupResponse> Admin::GetGroup(std::string_view group) const {
  v1::GetGroupResponse all;
  v1::GetGroupRequest request;
  request.set_group(std::string(group));
  do {
    auto page = Call(client_, &v1::GroupService::Stub::GetGroup, request);
    if (!page.ok()) return std::move(page).status();
    request.set_page_token(page->next_page_token());
    all.MergeFrom(*page);
  } while (!request.page_token().empty());
  all.clear_next_page_token();
  return all;
}

absl::StatusOr<v1::SeekGroupResponse> Admin::SeekGroup(const v1::SeekGroupRequest& request) const {
  return Call(client_, &v1::GroupService::Stub::SeekGroup, request);
}

absl::Status Admin::DeleteGroup(const v1::DeleteGroupRequest& request) const {
  return Call(client_, &v1::GroupService::Stub::DeleteGroup, request).status();
}

absl::StatusOr<v1::CommitOffsetsResponse> Admin::CommitOffsets(
    const v1::CommitOffsetsRequest& request) const {
  return Call(client_, &v1::GroupService::Stub::CommitOffsets, request);
}

absl::StatusOr<v1::GetServerInfoResponse> Admin::GetServerInfo() const {
  return Call(client_, &v1::ServerService::Stub::GetServerInfo, v1::GetServerInfoRequest());
}

// Debian ships no generated code for grpc.health.v1, and its messages are one field each: an empty
// request, and the answer `ServingStatus status = 1`, where 1 is SERVING.
absl::StatusOr<bool> Admin::IsServing() const {
  auto wakeup = std::make_shared<Wakeup>();
  RawCall call(client_.connection(), "/grpc.health.v1.Health/Check", wakeup,
               absl::Now() + client_.options().call_timeout);
  call.WriteLast({});
  std::optional<std::string> answer;
  std::optional<absl::Status> end;
  while (!end.has_value()) {
    wakeup->WaitUntil(absl::InfiniteFuture());
    if (!answer.has_value()) answer = call.Read();
    end = call.Ended();
  }
  if (!end->ok()) return *end;
  const std::string message = answer.value_or("");
  record::WireReader reader(message);
  record::WireTag tag = 0;
  uint64_t serving_status = 0;
  return reader.ReadTag(&tag) && reader.ReadVarint(&serving_status) && serving_status == 1;
}

}  // namespace leat::client
