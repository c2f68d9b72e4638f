// From a `leat.v1.Position` to an offset: for the starts and ends of reads, and for ListOffsets.
//
// Any thread. Timestamps are searched down to the record: the log names the batch, the record is
// found in it on the worker pool.

#ifndef LEAT_SERVER_RPC_POSITION_RESOLVER_H_
#define LEAT_SERVER_RPC_POSITION_RESOLVER_H_

#include <cstdint>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/status/statusor.h"
#include "leat/v1/log.pb.h"
#include "server/broker/broker.h"
#include "server/rpc/rpc_context.h"
#include "storage/record/ids.h"

namespace leat::rpc {

struct PositionQuery {
  uint32_t partition = 0;
  v1::Position position;
};

struct ResolvedPosition {
  uint32_t partition = 0;
  record::Offset offset;  // As given, unchecked, when the position is an offset.
  record::Offset log_start;
  record::Offset high_watermark;
};

using PositionsResolved =
    absl::AnyInvocable<void(absl::StatusOr<std::vector<ResolvedPosition>>) &&>;

// Answers in order of the queries, as things were at one moment after the call. `done` runs on a
// shard's thread or the pool's. Errors: kPartitionNotFound, kTopicNotFound, kTopicRecreated,
// kLogCorrupt, kServerStopping.
void ResolvePositions(RpcContext& context, broker::TopicHandle topic,
                      std::vector<PositionQuery> queries, PositionsResolved done);

// kOffsetOutOfRange unless `offset` lies between log start and high watermark.
absl::Status CheckOffset(uint32_t partition, record::Offset offset, record::Offset log_start,
                         record::Offset high_watermark);

}  // namespace leat::rpc

#endif  // LEAT_SERVER_RPC_POSITION_RESOLVER_H_
