// Appends the parts of one produce request and makes its answer.
//
// Any thread. Shards run the parts' callbacks; the last of them calls `done`.

#ifndef LEAT_SERVER_RPC_PRODUCE_APPEND_H_
#define LEAT_SERVER_RPC_PRODUCE_APPEND_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/status/statusor.h"
#include "leat/v1/log.pb.h"
#include "server/broker/broker.h"
#include "server/rpc/answer_order.h"
#include "server/rpc/produce_plan.h"
#include "server/rpc/produce_request.h"
#include "server/rpc/rpc_context.h"

namespace leat::rpc {

// A part and how it went.
struct PartOutcome {
  ProducePart part;  // Without its payload once it is on its way.
  std::optional<absl::StatusOr<log::AppendResult>> result;  // nullopt until it is known.
  std::shared_ptr<ProduceLane> lane;                        // Of requests that keep an order.

  bool appended() const { return result.has_value() && result->ok(); }
};

// The parts of a request whose topic is known.
struct PlannedProduce {
  broker::TopicHandle topic;
  // Of the one part there is then.
  std::optional<record::Offset> expected_offset;
  std::optional<record::Offset> expected_key_offset;
  std::vector<PartOutcome> parts;
};

// Finds the topic and plans. Errors: kTopicNotFound, kTopicRecreated, and those of `PlanProduce`.
absl::StatusOr<PlannedProduce> Prepare(const ProduceRequest& request, RpcContext& context);

// As of its parts, together.
size_t BytesBesidePayload(const PlannedProduce& produce);

using ProduceDone = absl::AnyInvocable<void(PlannedProduce) &&>;

// Appends the parts without a result (after `Prepare`, all of them). `done` runs on a shard's
// thread, or at once when there is nothing to append.
void AppendParts(broker::Broker& broker, PlannedProduce produce, ProduceDone done);

// The answer once every part has a result. When no part was appended it is an error: of a part
// whose outcome is unknown if there is one, since others promise that nothing was appended.
absl::StatusOr<v1::ProduceResponse> ToResponse(const PlannedProduce& produce);

}  // namespace leat::rpc

#endif  // LEAT_SERVER_RPC_PRODUCE_APPEND_H_
