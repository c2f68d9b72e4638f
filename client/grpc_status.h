// gRPC's status as ours. Internal; any thread.

#ifndef LEAT_CLIENT_GRPC_STATUS_H_
#define LEAT_CLIENT_GRPC_STATUS_H_

#include <grpcpp/support/status.h>

#include "absl/status/status.h"

namespace leat::client {

absl::Status FromGrpcStatus(const grpc::Status& status);

}  // namespace leat::client

#endif  // LEAT_CLIENT_GRPC_STATUS_H_
