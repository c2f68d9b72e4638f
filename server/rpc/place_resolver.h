// Offsets of positions in partitions of several topics: for members that start or seek, commits
// from outside, and whoever moves a group.
//
// Any thread.

#ifndef LEAT_SERVER_RPC_PLACE_RESOLVER_H_
#define LEAT_SERVER_RPC_PLACE_RESOLVER_H_

#include <cstdint>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/status/statusor.h"
#include "leat/v1/log.pb.h"
#include "server/broker/topic.h"
#include "server/rpc/position_resolver.h"
#include "server/rpc/rpc_context.h"

namespace leat::rpc {

struct PlaceQuery {
  broker::TopicHandle topic;
  uint32_t partition = 0;
  v1::Position position;  // Unset: the high watermark.
};

using PlacesResolved = absl::AnyInvocable<void(std::vector<absl::StatusOr<ResolvedPosition>>) &&>;

// As `ResolvePositions`, but an error is the answer to the queries that it concerns. `done` runs on
// a shard's thread or the pool's, or in the caller's when there is nothing to look up.
void ResolvePlaces(RpcContext& context, std::vector<PlaceQuery> queries, PlacesResolved done);

}  // namespace leat::rpc

#endif  // LEAT_SERVER_RPC_PLACE_RESOLVER_H_
