// One Produce call: parse, check, append, answer.

#ifndef LEAT_SERVER_RPC_PRODUCE_CALL_H_
#define LEAT_SERVER_RPC_PRODUCE_CALL_H_

#include <grpcpp/support/byte_buffer.h>
#include <grpcpp/support/server_callback.h>

#include "absl/strings/cord.h"
#include "server/rpc/rpc_context.h"

namespace leat::rpc {

// Starts the call; runs on gRPC's thread. Errors: those of log.proto's Produce; over the budget for
// appends kBacklogFull. A cancelled call still appends.
grpc::ServerUnaryReactor* StartProduce(RpcContext& context, grpc::CallbackServerContext& call,
                                       const absl::Cord& request, grpc::ByteBuffer& response);

}  // namespace leat::rpc

#endif  // LEAT_SERVER_RPC_PRODUCE_CALL_H_
