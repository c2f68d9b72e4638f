// The commands of a `Consume` stream, as they come in. Pure functions; any thread.

#ifndef LEAT_SERVER_RPC_CONSUME_REQUEST_H_
#define LEAT_SERVER_RPC_CONSUME_REQUEST_H_

#include <cstddef>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/cord.h"
#include "absl/time/time.h"
#include "leat/v1/group.pb.h"
#include "server/group/group_command.h"
#include "server/rpc/member_credit.h"

namespace leat::rpc {

// A message that is a command. Errors end the stream: kInvalidField (not a well-formed message),
// kUnknownField (no command that this server knows).
absl::StatusOr<v1::ConsumeRequest> ParseConsumeRequest(const absl::Cord& bytes);

// Whether this command may be executed. Errors concern it alone: kUnknownField, kInvalidField.
absl::Status CheckCommand(const v1::ConsumeRequest& request);

// Of a valid join, defaults filled in; without the positions to resume at, which need the broker.
group::command::Join ToCommand(const v1::Join& join);
MemberCredit CreditOf(const v1::Join& join);
size_t ChunkBytesOf(const v1::Join& join);
absl::Duration ProcessingTimeoutOf(const v1::Join& join);

}  // namespace leat::rpc

#endif  // LEAT_SERVER_RPC_CONSUME_REQUEST_H_
