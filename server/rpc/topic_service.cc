// TopicService: creating, describing and changing topics.
#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "leat/v1/topic.grpc.pb.h"
#include "server/rpc/position_resolver.h"
#include "server/rpc/services.h"
#include "server/rpc/topic_config.h"
#include "server/rpc/unary_call.h"
#include "server/rpc/validate.h"
#include "storage/record/error.h"

namespace leat::rpc {
namespace {

using broker::PartitionStatus;
using broker::TopicHandle;

using Reactor = grpc::ServerUnaryReactor;
using Context = grpc::CallbackServerContext;

constexpr uint32_t kDefaultPageSize = 100;

// For answers that are one topic.
template <typename Response>
auto FillTopic(Response* response) {
  return [response](const TopicHandle& topic) {
    *response->mutable_topic() = ToProto(*topic);
    return absl::OkStatus();
  };
}

template <typename Response>
auto FillPartitions(const TopicHandle& topic, Response* response) {
  return [topic, response](const std::vector<PartitionStatus>& partitions) {
    response->set_topic_id(broker::FormatUuid(topic->id));
    for (const auto& status : partitions) *response->add_partitions() = ToProto(status);
    return absl::OkStatus();
  };
}

// What a trim would do, done to what is known of the partitions.
absl::Status PretendTrim(const v1::TrimTopicRequest& request,
                         std::vector<PartitionStatus>& partitions) {
  for (PartitionStatus& status : partitions) {
    for (const v1::TrimTarget& target : request.targets()) {
      if (target.partition() != status.partition) continue;
      const record::Offset to{std::max(target.log_start_offset(), status.log_start.value)};
      absl::Status in_range =
          CheckOffset(status.partition, to, status.log_start, status.high_watermark);
      if (!in_range.ok()) return in_range;
      status.log_start = to;
    }
  }
  return absl::OkStatus();
}

class TopicService final : public v1::TopicService::CallbackService {
 public:
  explicit TopicService(RpcContext& context) : context_(context), broker_(context.broker) {}

  Reactor* CreateTopic(Context* context, const v1::CreateTopicRequest* request,
                       v1::CreateTopicResponse* response) override {
    UnaryCall call(context_, *context);
    if (!call.Admit(*request, Validate(*request, context_.limits))) return call.reactor();
    broker::Topic topic;
    topic.name = request->topic();
    topic.partition_count = std::max(1u, request->partition_count());
    ApplyTopicConfig(request->config(), topic.settings);
    if (request->validate_only()) {
      *response->mutable_topic() = ToProto(topic);
      response->mutable_topic()->clear_topic_id();
      response->mutable_topic()->clear_create_time();
      call.Finish(CheckNameIsFree(topic.name));
    } else {
      broker_.CreateTopic(topic.name, topic.partition_count, topic.settings,
                          call.Answer<TopicHandle>(FillTopic(response)));
    }
    return call.reactor();
  }

  Reactor* GetTopic(Context* context, const v1::GetTopicRequest* request,
                    v1::GetTopicResponse* response) override {
    UnaryCall call(context_, *context);
    if (!call.Admit(*request, Validate(*request))) return call.reactor();
    const auto topic = broker_.FindTopic(request->topic());
    if (!topic.ok()) {
      call.Finish(topic.status());
      return call.reactor();
    }
    *response->mutable_topic() = ToProto(**topic);
    broker_.DescribePartitions(
        *topic, {}, call.Answer<std::vector<PartitionStatus>>([response](const auto& partitions) {
          for (const auto& status : partitions) *response->add_partitions() = ToProto(status);
          return absl::OkStatus();
        }));
    return call.reactor();
  }

  Reactor* ListTopics(Context* context, const v1::ListTopicsRequest* request,
                      v1::ListTopicsResponse* response) override {
    UnaryCall call(context_, *context);
    if (!call.Admit(*request, Validate(*request))) return call.reactor();
    const size_t limit = request->page_size() == 0 ? kDefaultPageSize : request->page_size();
    // One more tells whether there is another page.
    const auto topics =
        broker_.ListTopics(request->name_prefix(), request->page_token(), limit + 1);
    for (size_t i = 0; i < std::min(limit, topics.size()); ++i) {
      *response->add_topics() = ToProto(*topics[i]);
    }
    if (topics.size() > limit) response->set_next_page_token(topics[limit - 1]->name);
    call.Finish(absl::OkStatus());
    return call.reactor();
  }

  Reactor* UpdateTopic(Context* context, const v1::UpdateTopicRequest* request,
                       v1::UpdateTopicResponse* response) override {
    UnaryCall call(context_, *context);
    if (!call.Admit(*request, Validate(*request, context_.limits))) return call.reactor();
    if (const auto topic = Find(call, *request)) {
      broker_.UpdateTopic(
          topic,
          [config = request->config(), mask = request->update_mask()](auto& settings) {
            for (const auto& field : mask.paths()) ApplyTopicConfigField(field, config, settings);
          },
          call.Answer<TopicHandle>(FillTopic(response)));
    }
    return call.reactor();
  }

  Reactor* DeleteTopic(Context* context, const v1::DeleteTopicRequest* request,
                       v1::DeleteTopicResponse* response) override {
    UnaryCall call(context_, *context);
    if (!call.Admit(*request, Validate(*request))) return call.reactor();
    if (const auto topic = Find(call, *request)) {
      broker_.DeleteTopic(topic, call.Answer<TopicHandle>([response](const TopicHandle& gone) {
        response->set_topic_id(broker::FormatUuid(gone->id));
        return absl::OkStatus();
      }));
    }
    return call.reactor();
  }

  Reactor* AddPartitions(Context* context, const v1::AddPartitionsRequest* request,
                         v1::AddPartitionsResponse* response) override {
    UnaryCall call(context_, *context);
    if (!call.Admit(*request, Validate(*request, context_.limits))) return call.reactor();
    if (const auto topic = Find(call, *request)) {
      FieldErrors errors;
      if (request->partition_count() < topic->partition_count) {
        errors.Add("partition_count",
                   fmt::format("is {}, the topic has {}, which cannot shrink",
                               request->partition_count(), topic->partition_count));
        call.Finish(errors.ToStatus());
      } else {
        broker_.AddPartitions(topic, request->partition_count(),
                              call.Answer<TopicHandle>(FillTopic(response)));
      }
    }
    return call.reactor();
  }

  Reactor* TrimTopic(Context* context, const v1::TrimTopicRequest* request,
                     v1::TrimTopicResponse* response) override {
    UnaryCall call(context_, *context);
    if (!call.Admit(*request, Validate(*request))) return call.reactor();
    if (const auto topic = Find(call, *request)) {
      request->validate_only() ? DescribeTrim(call, topic, *request, response)
                               : Trim(call, topic, *request, response);
    }
    return call.reactor();
  }

 private:
  // Null when there is none: then the call was answered.
  template <typename Request>
  TopicHandle Find(UnaryCall& call, const Request& request) {
    auto topic = broker_.FindTopic(request.topic(), request.topic_id());
    if (topic.ok()) return *std::move(topic);
    call.Finish(topic.status());
    return nullptr;
  }

  absl::Status CheckNameIsFree(const std::string& name) {
    if (!broker_.FindTopic(name).ok()) return absl::OkStatus();
    return record::MakeError(record::Reason::kTopicAlreadyExists,
                             fmt::format("topic {} exists", name), {{"topic", name}});
  }

  void Trim(UnaryCall& call, const TopicHandle& topic, const v1::TrimTopicRequest& request,
            v1::TrimTopicResponse* response) {
    std::vector<broker::TrimTarget> targets;
    for (const v1::TrimTarget& target : request.targets()) {
      targets.push_back({target.partition(), {target.log_start_offset()}});
    }
    broker_.TrimTopic(topic, std::move(targets),
                      call.Answer<std::vector<PartitionStatus>>(FillPartitions(topic, response)));
  }

  void DescribeTrim(UnaryCall& call, const TopicHandle& topic, const v1::TrimTopicRequest& request,
                    v1::TrimTopicResponse* response) {
    std::vector<uint32_t> partitions;
    for (const v1::TrimTarget& target : request.targets()) {
      partitions.push_back(target.partition());
    }
    broker_.DescribePartitions(topic, std::move(partitions),
                               call.Answer<std::vector<PartitionStatus>>(
                                   [topic, request, response](std::vector<PartitionStatus> found) {
                                     if (auto status = PretendTrim(request, found); !status.ok())
                                       return status;
                                     return FillPartitions(topic, response)(found);
                                   }));
  }

  RpcContext& context_;
  broker::Broker& broker_;
};

}  // namespace

std::unique_ptr<grpc::Service> MakeTopicService(RpcContext& context) {
  return std::make_unique<TopicService>(context);
}

}  // namespace leat::rpc
