#include "bench/suite/null_server.h"

#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>

#include "bench/load/channel.h"
#include "bench/suite/null_reactors.h"
#include "leat/v1/log.grpc.pb.h"
#include "leat/v1/topic.grpc.pb.h"
#include "server/options.h"
#include "server/transport.h"

namespace leat::bench {
namespace {

using LogBase = v1::LogService::WithRawCallbackMethod_ProduceStream<
    v1::LogService::WithRawCallbackMethod_Produce<
        v1::LogService::WithRawCallbackMethod_Read<v1::LogService::WithCallbackMethod_InitProducer<
            v1::LogService::WithCallbackMethod_ListOffsets<v1::LogService::Service>>>>>;
using TopicBase = v1::TopicService::WithCallbackMethod_GetTopic<v1::TopicService::Service>;

constexpr char kTopicId[] = "00000000-0000-0000-0000-000000000000";

class Log : public LogBase {
  grpc::ServerBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer>* ProduceStream(
      grpc::CallbackServerContext*) override {
    return new NullProduceStream(kept_);
  }

  grpc::ServerUnaryReactor* Produce(grpc::CallbackServerContext* context, const grpc::ByteBuffer*,
                                    grpc::ByteBuffer* response) override {
    const grpc::Slice slice(NullAnswer(1).SerializeAsString());
    *response = grpc::ByteBuffer(&slice, 1);
    grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
    reactor->Finish(grpc::Status::OK);
    return reactor;
  }

  grpc::ServerWriteReactor<grpc::ByteBuffer>* Read(grpc::CallbackServerContext*,
                                                   const grpc::ByteBuffer*) override {
    return new NullRead(kept_);
  }

  grpc::ServerUnaryReactor* InitProducer(grpc::CallbackServerContext* context,
                                         const v1::InitProducerRequest*,
                                         v1::InitProducerResponse* response) override {
    response->set_topic_id(kTopicId);
    response->set_producer_id(1);
    grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
    reactor->Finish(grpc::Status::OK);
    return reactor;
  }

  // For a client that checks, and must find out.
  grpc::ServerUnaryReactor* ListOffsets(grpc::CallbackServerContext* context,
                                        const v1::ListOffsetsRequest*,
                                        v1::ListOffsetsResponse* response) override {
    response->add_answers()->set_high_watermark(1'000'000);
    grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
    reactor->Finish(grpc::Status::OK);
    return reactor;
  }

  KeptBatch kept_;
};

// For the C++ client, which asks before it sends.
class Topics : public TopicBase {
  grpc::ServerUnaryReactor* GetTopic(grpc::CallbackServerContext* context,
                                     const v1::GetTopicRequest* request,
                                     v1::GetTopicResponse* response) override {
    v1::Topic& topic = *response->mutable_topic();
    topic.set_name(request->topic());
    topic.set_topic_id(kTopicId);
    topic.set_partition_count(1);
    topic.mutable_config()->set_max_record_bytes(1 << 20);
    topic.mutable_config()->set_max_batch_bytes(4 << 20);
    grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
    reactor->Finish(grpc::Status::OK);
    return reactor;
  }
};

}  // namespace

struct NullServer::Impl {
  Log log;
  Topics topics;
  std::unique_ptr<grpc::Server> server;
  int port = 0;
};

NullServer::NullServer() : impl_(std::make_unique<Impl>()) {
  grpc::ServerBuilder builder;
  server::ConfigureTransport(server::ServerOptions{}, builder);
  builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &impl_->port);
  builder.RegisterService(&impl_->log);
  builder.RegisterService(&impl_->topics);
  impl_->server = builder.BuildAndStart();
}

NullServer::~NullServer() { impl_->server->Shutdown(); }

int NullServer::port() const { return impl_->port; }

}  // namespace leat::bench
