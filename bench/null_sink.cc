#include "bench/null_sink.h"

#include <grpcpp/grpcpp.h>

#include <deque>
#include <mutex>

#include "leat/v1/log.grpc.pb.h"

namespace leat::bench {
namespace {

using RawService = v1::LogService::WithRawCallbackMethod_ProduceStream<v1::LogService::Service>;

// Reads as fast as it can and writes one small answer for each message.
class Reactor : public grpc::ServerBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer> {
 public:
  Reactor() {
    // request_id 1, produced {parts {partition 0}}: as long as a real answer, give or take a few
    // bytes.
    static const char kAnswer[] =
        "\x08\x01\x12\x1a\x0a\x18"
        "012345678901234567890123";
    grpc::Slice slice(kAnswer, sizeof(kAnswer) - 1);
    answer_ = grpc::ByteBuffer(&slice, 1);
    StartRead(&request_);
  }

  void OnReadDone(bool ok) override {
    const std::lock_guard lock(mutex_);
    if (!ok) {
      reads_done_ = true;
      MaybeFinish();
      return;
    }
    ++answers_due_;
    WriteNext();
    StartRead(&request_);
  }

  void OnWriteDone(bool ok) override {
    const std::lock_guard lock(mutex_);
    writing_ = false;
    if (!ok) answers_due_ = 0;
    WriteNext();
    MaybeFinish();
  }

  void OnDone() override { delete this; }

 private:
  void WriteNext() {
    if (writing_ || answers_due_ == 0) return;
    writing_ = true;
    --answers_due_;
    StartWrite(&answer_);
  }

  void MaybeFinish() {
    if (reads_done_ && !writing_ && answers_due_ == 0) Finish(grpc::Status::OK);
  }

  std::mutex mutex_;
  grpc::ByteBuffer request_;
  grpc::ByteBuffer answer_;
  uint64_t answers_due_ = 0;
  bool writing_ = false;
  bool reads_done_ = false;
};

class Service : public RawService {
  grpc::ServerBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer>* ProduceStream(
      grpc::CallbackServerContext*) override {
    return new Reactor;
  }
};

}  // namespace

struct NullSink::Impl {
  Service service;
  std::unique_ptr<grpc::Server> server;
  int port = 0;
};

NullSink::NullSink() : impl_(std::make_unique<Impl>()) {
  grpc::ServerBuilder builder;
  builder.SetMaxReceiveMessageSize(8 << 20);
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MAX_FRAME_SIZE, 1 << 20);
  builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
  builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &impl_->port);
  builder.RegisterService(&impl_->service);
  impl_->server = builder.BuildAndStart();
}

NullSink::~NullSink() { impl_->server->Shutdown(); }

int NullSink::port() const { return impl_->port; }

}  // namespace leat::bench
