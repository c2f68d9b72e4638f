// The one place where an error of ours becomes what a caller of the API sees: a gRPC status with
// exactly one `google.rpc.ErrorInfo` (domain "leat"), and `RetryInfo` or `BadRequest` where they
// help.
//
// Details stay below 4 KiB, so that no proxy cuts them. Any thread.

#ifndef LEAT_SERVER_RPC_STATUS_H_
#define LEAT_SERVER_RPC_STATUS_H_

#include <grpcpp/support/status.h>

#include <cstdint>

#include "absl/status/status.h"
#include "google/rpc/status.pb.h"

namespace leat::rpc {

// For the end of a call. OK stays OK. A status without a `record::Reason` is a fault of ours and
// becomes INTERNAL, except CANCELLED and DEADLINE_EXCEEDED (CALL_ENDED); nothing becomes
// UNAVAILABLE by chance. The metadata of a kInvalidField error are its violations, field by field:
// they become the BadRequest.
grpc::Status ToGrpcStatus(const absl::Status& status);

// `status` with the number of the partition it is about in its metadata, if it has a reason.
absl::Status WithPartition(const absl::Status& status, uint32_t partition);

// The same, for an answer inside a message.
google::rpc::Status ToRpcStatus(const absl::Status& status);

}  // namespace leat::rpc

#endif  // LEAT_SERVER_RPC_STATUS_H_
