// One Fetch call: looks at its partitions, waits until there is enough or the time is up, answers.
//
// Its state lives on a strand, and is held by the gRPC reactor and by every fetch under way.

#ifndef LEAT_SERVER_RPC_FETCH_CALL_H_
#define LEAT_SERVER_RPC_FETCH_CALL_H_

#include <grpcpp/support/byte_buffer.h>
#include <grpcpp/support/server_callback.h>

#include "absl/strings/cord.h"
#include "absl/time/time.h"
#include "server/rpc/rpc_context.h"

namespace leat::rpc {

// Starts the call, which must be over by `deadline`. The reactor owns itself. Errors: those of
// log.proto's Fetch; over the budget for reads kBacklogFull.
grpc::ServerUnaryReactor* StartFetch(RpcContext& context, const absl::Cord& request,
                                     absl::Time deadline, grpc::ByteBuffer& response);

}  // namespace leat::rpc

#endif  // LEAT_SERVER_RPC_FETCH_CALL_H_
