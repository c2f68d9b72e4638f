// The stream of a group member, from its Join to its end.
//
// Its state lives on a strand, and is held by the gRPC reactor and by everything under way; the
// group holds only a channel to it. It joins the group, tells the member what the group tells,
// hands commands to `MemberCommands` and leaves records to `MemberDelivery`. A stream that ends for
// any other reason than that the group closed it is told to the group as lost.
//
// Memory is bounded: commands while they are not answered (by number, and in the budget for
// appends), records by credit and the budget for reads, and a member that lets everything else pile
// up loses its stream.

#ifndef LEAT_SERVER_RPC_CONSUME_STREAM_H_
#define LEAT_SERVER_RPC_CONSUME_STREAM_H_

#include <grpcpp/support/byte_buffer.h>
#include <grpcpp/support/server_callback.h>

#include "server/group/coordinator.h"
#include "server/rpc/rpc_context.h"

namespace leat::rpc {

// Starts the call. The reactor owns itself.
grpc::ServerBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer>* StartConsume(
    RpcContext& context, group::Coordinator& groups);

}  // namespace leat::rpc

#endif  // LEAT_SERVER_RPC_CONSUME_STREAM_H_
