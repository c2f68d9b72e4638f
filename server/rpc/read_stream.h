// One Read call: follows partitions and sends what becomes durable.
//
// Its state lives on a strand, and is held by the gRPC reactor and by every fetch under way. Memory
// is bounded: a couple of chunks for each stream, and the budget for reads over all streams. While
// the budget is used up a stream that holds nothing still gets small fetches, so that stopped
// readers cannot starve the others.

#ifndef LEAT_SERVER_RPC_READ_STREAM_H_
#define LEAT_SERVER_RPC_READ_STREAM_H_

#include <grpcpp/support/byte_buffer.h>
#include <grpcpp/support/server_callback.h>

#include "absl/strings/cord.h"
#include "server/rpc/rpc_context.h"

namespace leat::rpc {

// Starts the call. The reactor owns itself.
grpc::ServerWriteReactor<grpc::ByteBuffer>* StartRead(RpcContext& context,
                                                      const absl::Cord& request);

}  // namespace leat::rpc

#endif  // LEAT_SERVER_RPC_READ_STREAM_H_
