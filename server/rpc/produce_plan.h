// From a produce request to the batches that are appended: checks the records, computes what the
// batch headers say, splits by key.
//
// CPU only, up to milliseconds for the largest batches; any thread.

#ifndef LEAT_SERVER_RPC_PRODUCE_PLAN_H_
#define LEAT_SERVER_RPC_PRODUCE_PLAN_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "absl/status/statusor.h"
#include "server/broker/topic.h"
#include "server/rpc/produce_request.h"
#include "storage/record/batch.h"
#include "storage/record/fingerprint.h"
#include "storage/record/message_ids.h"

namespace leat::rpc {

// What one partition is to get.
struct ProducePart {
  uint32_t partition = 0;
  record::Batch batch;
  // Where its records stood in the request; empty when all of them are here.
  std::vector<uint32_t> record_indexes;
  // On a topic that remembers message ids; null when no record has one.
  std::shared_ptr<const record::IdentifiedRecords> records;
  // Of its records, on a topic that remembers keys, or with `expected_key_offset`; else null.
  std::shared_ptr<const record::KeyFingerprints> keys;
};

// Memory that it takes beside its payload.
size_t BytesBesidePayload(const ProducePart& part);

struct ProduceSituation {
  int64_t now_ms = 0;  // The base timestamp of requests without one.
  uint64_t sticky =
      0;  // Records without a key go to partition `sticky` modulo the number of partitions.
};

// The parts, by partition. Errors: kPartitionNotFound, kTooLarge, kChecksumMismatch,
// kInvalidRecords, kUnknownField, kInvalidField.
absl::StatusOr<std::vector<ProducePart>> PlanProduce(const ProduceRequest& request,
                                                     const broker::Topic& topic,
                                                     const ProduceSituation& situation);

// Whether planning takes too long for a thread that others wait for.
bool TakesLong(const ProduceRequest& request);

}  // namespace leat::rpc

#endif  // LEAT_SERVER_RPC_PRODUCE_PLAN_H_
