// SeekGroup: from targets to offsets, then all of them at once or none.

#ifndef LEAT_SERVER_RPC_GROUP_SEEK_H_
#define LEAT_SERVER_RPC_GROUP_SEEK_H_

#include "absl/functional/any_invocable.h"
#include "absl/status/statusor.h"
#include "leat/v1/group.pb.h"
#include "server/group/coordinator.h"
#include "server/rpc/rpc_context.h"

namespace leat::rpc {

using GroupSought = absl::AnyInvocable<void(absl::StatusOr<v1::SeekGroupResponse>) &&>;

// Of a valid request. Durable when `done` runs; on any thread. Errors: as stand with
// `leat.v1.SeekGroupRequest`, and those of `Coordinator::Submit`.
void SeekGroup(RpcContext& context, group::Coordinator& groups, const v1::SeekGroupRequest& request,
               GroupSought done);

}  // namespace leat::rpc

#endif  // LEAT_SERVER_RPC_GROUP_SEEK_H_
