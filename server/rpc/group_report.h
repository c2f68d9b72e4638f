// GetGroup: what a group knows of itself, with what the broker knows of its partitions.

#ifndef LEAT_SERVER_RPC_GROUP_REPORT_H_
#define LEAT_SERVER_RPC_GROUP_REPORT_H_

#include "absl/functional/any_invocable.h"
#include "absl/status/statusor.h"
#include "leat/v1/group.pb.h"
#include "server/group/coordinator.h"
#include "server/rpc/rpc_context.h"

namespace leat::rpc {

using GroupReported = absl::AnyInvocable<void(absl::StatusOr<v1::GetGroupResponse>) &&>;

v1::Group ToProto(const group::GroupSummary& group);

// One page, for a request that is valid. For lag in time the batch at each committed offset is
// looked at, a few at once. `done` runs on any thread. Errors: kGroupNotFound and those of
// `Coordinator::Describe`.
void ReportGroup(RpcContext& context, group::Coordinator& groups,
                 const v1::GetGroupRequest& request, GroupReported done);

}  // namespace leat::rpc

#endif  // LEAT_SERVER_RPC_GROUP_REPORT_H_
