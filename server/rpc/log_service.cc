// LogService: raw bytes for what carries records, typed messages for the rest. What each call does
// is in the file of its name.
#include <utility>
#include <vector>

#include "leat/v1/log.grpc.pb.h"
#include "server/rpc/byte_buffer.h"
#include "server/rpc/fetch_call.h"
#include "server/rpc/position_resolver.h"
#include "server/rpc/produce_call.h"
#include "server/rpc/produce_stream.h"
#include "server/rpc/read_stream.h"
#include "server/rpc/services.h"
#include "server/rpc/status.h"
#include "server/rpc/unary_call.h"

namespace leat::rpc {
namespace {

using grpc::ByteBuffer;

using Context = grpc::CallbackServerContext;

using Base = v1::LogService::WithRawCallbackMethod_Produce<
    v1::LogService::WithRawCallbackMethod_ProduceStream<v1::LogService::WithRawCallbackMethod_Read<
        v1::LogService::WithRawCallbackMethod_Fetch<v1::LogService::WithCallbackMethod_InitProducer<
            v1::LogService::WithCallbackMethod_ListOffsets<v1::LogService::Service>>>>>>;

// The message is this call's alone: taking it frees gRPC's memory as soon as it was copied.
absl::Cord Take(const ByteBuffer* message) { return TakeCord(*const_cast<ByteBuffer*>(message)); }

std::vector<PositionQuery> QueriesOf(const v1::ListOffsetsRequest& request,
                                     const broker::Topic& topic) {
  std::vector<PositionQuery> queries;
  for (const v1::OffsetQuery& query : request.queries()) {
    queries.push_back({query.partition(), query.position()});
  }
  if (!queries.empty()) return queries;
  for (uint32_t i = 0; i < topic.partition_count; ++i) queries.push_back({i, {}});
  return queries;
}

absl::Status FillAnswers(const v1::ListOffsetsRequest& request,
                         const std::vector<ResolvedPosition>& found,
                         v1::ListOffsetsResponse* response) {
  for (size_t i = 0; i < found.size(); ++i) {
    const ResolvedPosition& place = found[i];
    if (!request.queries().empty() && request.queries(i).position().has_offset()) {
      absl::Status in_range =
          CheckOffset(place.partition, place.offset, place.log_start, place.high_watermark);
      if (!in_range.ok()) return in_range;
    }
    v1::OffsetAnswer& answer = *response->add_answers();
    answer.set_partition(place.partition);
    answer.set_offset(place.offset.value);
    answer.set_log_start_offset(place.log_start.value);
    answer.set_high_watermark(place.high_watermark.value);
  }
  return absl::OkStatus();
}

absl::Status FillProducer(const broker::InitializedProducer& producer,
                          v1::InitProducerResponse* response) {
  response->set_topic_id(broker::FormatUuid(producer.topic->id));
  response->set_producer_id(producer.grant.producer_id);
  response->set_producer_epoch(producer.grant.epoch);
  for (const auto& [number, last] : producer.partitions) {
    v1::ProducerPartition& partition = *response->add_partitions();
    partition.set_partition(number);
    if (last.ok()) {
      partition.set_last_sequence(last->last_sequence());
      partition.set_last_offset(last->next_offset().value - 1);
    } else {
      *partition.mutable_error() = ToRpcStatus(last.status());
    }
  }
  return absl::OkStatus();
}

class LogService final : public Base {
 public:
  explicit LogService(RpcContext& context) : context_(context) {}

  grpc::ServerUnaryReactor* Produce(Context* context, const ByteBuffer* request,
                                    ByteBuffer* response) override {
    return StartProduce(context_, *context, Take(request), *response);
  }

  grpc::ServerBidiReactor<ByteBuffer, ByteBuffer>* ProduceStream(Context*) override {
    return StartProduceStream(context_);
  }

  grpc::ServerUnaryReactor* InitProducer(Context* context, const v1::InitProducerRequest* request,
                                         v1::InitProducerResponse* response) override {
    UnaryCall call(context_, *context);
    if (!call.Admit(*request, Validate(*request))) return call.reactor();
    auto topic = context_.broker.FindTopic(request->topic(), request->topic_id());
    if (!topic.ok()) {
      call.Finish(topic.status());
      return call.reactor();
    }
    context_.broker.InitProducer(
        *std::move(topic), request->name(),
        call.Answer<broker::InitializedProducer>(
            [response](const auto& producer) { return FillProducer(producer, response); }));
    return call.reactor();
  }

  grpc::ServerWriteReactor<ByteBuffer>* Read(Context*, const ByteBuffer* request) override {
    return StartRead(context_, Take(request));
  }

  grpc::ServerUnaryReactor* Fetch(Context* context, const ByteBuffer* request,
                                  ByteBuffer* response) override {
    return StartFetch(context_, Take(request), absl::FromChrono(context->deadline()), *response);
  }

  grpc::ServerUnaryReactor* ListOffsets(Context* context, const v1::ListOffsetsRequest* request,
                                        v1::ListOffsetsResponse* response) override {
    UnaryCall call(context_, *context);
    if (!call.Admit(*request, Validate(*request))) return call.reactor();
    auto topic = context_.broker.FindTopic(request->topic(), request->topic_id());
    if (!topic.ok()) {
      call.Finish(topic.status());
      return call.reactor();
    }
    response->set_topic_id(broker::FormatUuid((*topic)->id));
    auto queries = QueriesOf(*request, **topic);
    ResolvePositions(context_, *std::move(topic), std::move(queries),
                     call.Answer<std::vector<ResolvedPosition>>(
                         [request = *request, response](const auto& found) {
                           return FillAnswers(request, found, response);
                         }));
    return call.reactor();
  }

 private:
  RpcContext& context_;
};

}  // namespace

std::unique_ptr<grpc::Service> MakeLogService(RpcContext& context) {
  return std::make_unique<LogService>(context);
}

}  // namespace leat::rpc
