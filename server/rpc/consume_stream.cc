#include "server/rpc/consume_stream.h"

#include "server/rpc/byte_buffer.h"
#include "server/rpc/member_stream.h"
#include "server/rpc/stream_reactor.h"

namespace leat::rpc {
namespace {

using ByteReactor = grpc::ServerBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer>;

class ConsumeReactor final : public StreamReactor<ByteReactor, MemberStream> {
 public:
  ConsumeReactor(RpcContext& context, group::Coordinator& groups)
      : StreamReactor(context, groups, [this] { StartRead(&message_); }) {
    stream().Start();
  }

  void OnReadDone(bool ok) override {
    ok ? stream().OnMessage(TakeCord(message_)) : stream().OnHalfClose();
  }

 private:
  grpc::ByteBuffer message_;
};

}  // namespace

ByteReactor* StartConsume(RpcContext& context, group::Coordinator& groups) {
  return new ConsumeReactor(context, groups);
}

}  // namespace leat::rpc
