// Checks of what GroupService is asked: as in validate.h, by the comments of group.proto.
//
// Pure functions; any thread.

#ifndef LEAT_SERVER_RPC_VALIDATE_GROUP_H_
#define LEAT_SERVER_RPC_VALIDATE_GROUP_H_

#include "absl/status/status.h"
#include "leat/v1/group.pb.h"

namespace leat::rpc {

// Of one command; what concerns single partitions is answered for each, by whoever executes it.
absl::Status Validate(const v1::ConsumeRequest& request);

absl::Status Validate(const v1::CommitOffsetsRequest& request);
absl::Status Validate(const v1::ListGroupsRequest& request);
absl::Status Validate(const v1::GetGroupRequest& request);
absl::Status Validate(const v1::SeekGroupRequest& request);
absl::Status Validate(const v1::DeleteGroupRequest& request);

}  // namespace leat::rpc

#endif  // LEAT_SERVER_RPC_VALIDATE_GROUP_H_
