// Places as the API names them. Internal; any thread.

#ifndef LEAT_CLIENT_POSITION_PROTO_H_
#define LEAT_CLIENT_POSITION_PROTO_H_

#include "absl/status/statusor.h"
#include "client/position.h"
#include "leat/v1/log.pb.h"

namespace leat::client {

// INVALID_ARGUMENT for `kAfterStart`, which the API has not: it depends on a log's start.
absl::StatusOr<v1::Position> ToProto(Position position);

}  // namespace leat::client

#endif  // LEAT_CLIENT_POSITION_PROTO_H_
