// One ProduceStream call: requests come in pipelined, answers go out in order per partition.
//
// Its state lives on a strand, and is held by the gRPC reactor and by every append under way.
// Memory is bounded: a message is read only while the stream has few requests and bytes in flight,
// and is handled only when the budget for appends has room.

#ifndef LEAT_SERVER_RPC_PRODUCE_STREAM_H_
#define LEAT_SERVER_RPC_PRODUCE_STREAM_H_

#include <grpcpp/support/byte_buffer.h>
#include <grpcpp/support/server_callback.h>

#include "server/rpc/rpc_context.h"

namespace leat::rpc {

// Starts the call. The reactor owns itself.
grpc::ServerBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer>* StartProduceStream(
    RpcContext& context);

}  // namespace leat::rpc

#endif  // LEAT_SERVER_RPC_PRODUCE_STREAM_H_
