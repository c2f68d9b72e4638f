// A typed unary call: admission, and the answer on the worker pool, since shards never call gRPC.
//
// A handle, cheap to copy; the call is under way until its answer is given, which happens once. Any
// thread.

#ifndef LEAT_SERVER_RPC_UNARY_CALL_H_
#define LEAT_SERVER_RPC_UNARY_CALL_H_

#include <google/protobuf/message.h>
#include <grpcpp/support/server_callback.h>

#include <memory>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "server/rpc/rpc_context.h"
#include "server/rpc/status.h"
#include "server/rpc/validate.h"

namespace leat::rpc {

class UnaryCall {
 public:
  UnaryCall(RpcContext& context, grpc::CallbackServerContext& call)
      : state_(std::make_shared<State>(State{context, call.DefaultReactor(), {}})) {}

  // What the service returns to gRPC.
  grpc::ServerUnaryReactor* reactor() const { return state_->reactor; }

  // Whether the call may go on. `validity` is what the validator says; otherwise the call is
  // answered.
  bool Admit(const google::protobuf::Message& request, const absl::Status& validity) {
    auto ticket = state_->context.calls.Enter();
    absl::Status status = ticket.status();
    if (status.ok()) status = RefuseUnknownFields(request);
    if (status.ok()) status = validity;
    if (!status.ok()) {
      Finish(status);
      return false;
    }
    state_->ticket = *std::move(ticket);
    return true;
  }

  // Answers at once. From gRPC's threads and the pool's.
  void Finish(const absl::Status& status) { state_->reactor->Finish(ToGrpcStatus(status)); }

  // A callback for the broker: `fill(value)` writes the response, and may return an error
  // (absl::Status).
  template <typename T, typename Fill>
  auto Answer(Fill fill) const {
    return [state = state_, fill = std::move(fill)](absl::StatusOr<T> result) mutable {
      WorkerPool& pool = state->context.pool;
      pool.Run(
          [state = std::move(state), fill = std::move(fill), result = std::move(result)]() mutable {
            absl::Status status = result.status();
            if (status.ok()) status = fill(*std::move(result));
            state->ticket = {};
            state->reactor->Finish(ToGrpcStatus(status));
          });
    };
  }

 private:
  struct State {
    RpcContext& context;
    grpc::ServerUnaryReactor* reactor;
    Calls::Ticket ticket;
  };

  std::shared_ptr<State> state_;
};

}  // namespace leat::rpc

#endif  // LEAT_SERVER_RPC_UNARY_CALL_H_
