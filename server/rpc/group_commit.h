// CommitOffsets: commits by those who are no members.

#ifndef LEAT_SERVER_RPC_GROUP_COMMIT_H_
#define LEAT_SERVER_RPC_GROUP_COMMIT_H_

#include "absl/functional/any_invocable.h"
#include "absl/status/statusor.h"
#include "leat/v1/group.pb.h"
#include "server/group/coordinator.h"
#include "server/rpc/rpc_context.h"

namespace leat::rpc {

using OffsetsCommitted = absl::AnyInvocable<void(absl::StatusOr<v1::CommitOffsetsResponse>) &&>;

// Of a valid request. Durable when `done` runs; on any thread. Errors of single partitions are in
// the response; others are those of `Coordinator::Submit`.
void CommitOffsets(RpcContext& context, group::Coordinator& groups,
                   const v1::CommitOffsetsRequest& request, OffsetsCommitted done);

}  // namespace leat::rpc

#endif  // LEAT_SERVER_RPC_GROUP_COMMIT_H_
