// `leat.v1.ReadRequest` with everything checked and every default filled in. Pure functions; any
// thread.

#ifndef LEAT_SERVER_RPC_READ_REQUEST_H_
#define LEAT_SERVER_RPC_READ_REQUEST_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/cord.h"
#include "absl/time/time.h"
#include "leat/v1/log.pb.h"
#include "server/broker/topic.h"
#include "server/rpc/chunk_cutter.h"
#include "server/rpc/position_resolver.h"
#include "server/rpc/read_cursor.h"

namespace leat::rpc {

// Parses any request and refuses fields that this server does not know. Errors: kInvalidField,
// kUnknownField.
absl::Status ParseRequest(const absl::Cord& bytes, google::protobuf::Message* request);

absl::StatusOr<v1::ReadRequest> ParseReadRequest(const absl::Cord& bytes);

// What a read asks of the partitions of a topic: a start for each, and perhaps an end.
struct ReadPlan {
  std::vector<PositionQuery> queries;         // Starts, then ends.
  std::vector<std::optional<size_t>> end_at;  // For each start, where in `queries` its end is.
  bool skip_to_log_start = false;
};

ReadPlan PlanRead(const v1::ReadRequest& request, const broker::Topic& topic);

// The cursors of a plan whose positions were found. kOffsetOutOfRange when a start is outside its
// log.
absl::StatusOr<std::vector<ReadCursor>> MakeCursors(const ReadPlan& plan,
                                                    const std::vector<ResolvedPosition>& found);

ReadFormat FormatOf(const v1::ReadRequest& request, const broker::Topic& topic);
absl::Duration HeartbeatIntervalOf(const v1::ReadRequest& request);

}  // namespace leat::rpc

#endif  // LEAT_SERVER_RPC_READ_REQUEST_H_
