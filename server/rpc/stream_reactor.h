// What gRPC calls on behalf of a stream: hands everything to the stream's state and dies with the
// call.
//
// Owns itself: gRPC says with `OnDone` that it is over. The state outlives it as long as something
// is under way.

#ifndef LEAT_SERVER_RPC_STREAM_REACTOR_H_
#define LEAT_SERVER_RPC_STREAM_REACTOR_H_

#include <grpcpp/support/byte_buffer.h>
#include <grpcpp/support/server_callback.h>

#include <memory>
#include <utility>

#include "server/rpc/rpc_context.h"
#include "server/rpc/stream_outbox.h"

namespace leat::rpc {

// `Base` is gRPC's reactor, `Stream` has `OnWriteDone` and `OnCancel`.
template <typename Base, typename Stream>
class StreamReactor : public Base {
 public:
  void OnWriteDone(bool ok) override { stream_->OnWriteDone(ok); }
  void OnCancel() override { stream_->OnCancel(); }
  void OnDone() override { delete this; }

 protected:
  // Makes the stream from its outbox's two calls and `arguments`.
  template <typename... Arguments>
  explicit StreamReactor(RpcContext& context, Arguments&&... arguments)
      : stream_(std::make_shared<Stream>(
            context,
            StreamOutbox::Reactor{
                .start_write =
                    [this](const grpc::ByteBuffer* message, grpc::WriteOptions options) {
                      this->StartWrite(message, options);
                    },
                .finish = [this](grpc::Status status) { this->Finish(std::move(status)); }},
            std::forward<Arguments>(arguments)...)) {}

  Stream& stream() { return *stream_; }

 private:
  const std::shared_ptr<Stream> stream_;
};

}  // namespace leat::rpc

#endif  // LEAT_SERVER_RPC_STREAM_REACTOR_H_
