// What every call works with. Owned by `server::Server`; outlives every call and every broker
// callback.

#ifndef LEAT_SERVER_RPC_RPC_CONTEXT_H_
#define LEAT_SERVER_RPC_RPC_CONTEXT_H_

#include <atomic>
#include <cstdint>

#include "server/broker/broker.h"
#include "server/rpc/byte_budget.h"
#include "server/rpc/calls.h"
#include "server/rpc/validate.h"
#include "server/rpc/worker_pool.h"

namespace leat::rpc {

struct RpcContext {
  broker::Broker& broker;
  WorkerPool& pool;
  ByteBudget& produce_budget;
  ByteBudget& read_budget;
  Calls& calls;
  ServerLimits limits;
  // Bytes of record sets that came without a partition; chooses that of records without a key
  // (`produce_append`).
  std::atomic<uint64_t> unplaced_bytes = 0;
  // Fetch calls begun; chooses whose partition comes first (`fetch_call`).
  std::atomic<uint64_t> fetch_turns = 0;
};

}  // namespace leat::rpc

#endif  // LEAT_SERVER_RPC_RPC_CONTEXT_H_
