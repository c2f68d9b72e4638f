// Where a member begins in the partitions it was assigned: at the committed offset, or where its
// start policy says, which is committed first, so that a member that comes after it finds the same.
//
// Any thread.

#ifndef LEAT_SERVER_RPC_ASSIGNMENT_START_H_
#define LEAT_SERVER_RPC_ASSIGNMENT_START_H_

#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "server/broker/topic.h"
#include "server/group/coordinator.h"
#include "server/rpc/rpc_context.h"
#include "storage/record/ids.h"

namespace leat::rpc {

struct StartedPartition {
  broker::TopicHandle topic;
  group::Assignment assignment;
  record::Offset start;
  absl::Status damage;  // Why the start could not be found, if so; nothing is committed then.
};

using PartitionsStarted =
    absl::AnyInvocable<void(absl::StatusOr<std::vector<StartedPartition>>) &&>;

// Leaves out what is not the member's any more, or gone. Errors: those of `Coordinator::Submit`;
// and kServerStopping and RESOURCE_EXHAUSTED of timestamp searches. `done` runs on a shard's
// thread, the pool's or the caller's.
void FindStarts(RpcContext& context, group::Coordinator& groups, group::MemberRef member,
                const std::vector<group::event::AssignedPartition>& partitions,
                PartitionsStarted done);

}  // namespace leat::rpc

#endif  // LEAT_SERVER_RPC_ASSIGNMENT_START_H_
