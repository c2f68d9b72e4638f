// Finds the first record at or after a time. Any thread.

#ifndef LEAT_SERVER_RPC_TIMESTAMP_SEARCH_H_
#define LEAT_SERVER_RPC_TIMESTAMP_SEARCH_H_

#include <cstdint>

#include "absl/functional/any_invocable.h"
#include "absl/status/statusor.h"
#include "server/broker/broker.h"
#include "server/rpc/rpc_context.h"
#include "storage/record/ids.h"

namespace leat::rpc {

using TimestampFound = absl::AnyInvocable<void(absl::StatusOr<record::Offset>) &&>;

// The first record whose timestamp is `timestamp_ms` or later; the high watermark when there is
// none. The log finds the batch by its index, the record is found in it on the worker pool. `done`
// runs on a shard's thread or the pool's. Errors: those of `Broker::Fetch`.
void SearchTimestamp(RpcContext& context, broker::TopicHandle topic, uint32_t partition,
                     int64_t timestamp_ms, TimestampFound done);

}  // namespace leat::rpc

#endif  // LEAT_SERVER_RPC_TIMESTAMP_SEARCH_H_
