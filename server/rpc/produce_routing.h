// Which partition the records of a request go to that names none.
//
// CPU only; any thread.

#ifndef LEAT_SERVER_RPC_PRODUCE_ROUTING_H_
#define LEAT_SERVER_RPC_PRODUCE_ROUTING_H_

#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "server/rpc/produce_plan.h"

namespace leat::rpc {

// By what records find their partition.
struct Routing {
  uint32_t partition_count = 1;
  bool by_id = false;   // Those that have no key.
  uint64_t sticky = 0;  // As in `ProduceSituation`; for those that have no id either.
};

// Splits `whole`, which is not compressed. The parts are in order of partition. DATA_LOSS when the
// records are malformed.
absl::StatusOr<std::vector<ProducePart>> Distribute(ProducePart whole, const Routing& routing);

}  // namespace leat::rpc

#endif  // LEAT_SERVER_RPC_PRODUCE_ROUTING_H_
