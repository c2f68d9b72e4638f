// The producers of one topic, as a shard knows them: which epoch of which id is in force. What is
// not, is refused, whatever a log remembers.
//
// Owned by the shard's `PartitionTable`; its thread.

#ifndef LEAT_SERVER_BROKER_PRODUCER_GRANTS_H_
#define LEAT_SERVER_BROKER_PRODUCER_GRANTS_H_

#include <cstdint>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "server/broker/producer_names.h"
#include "server/broker/topic_command.h"
#include "storage/log/producer_table.h"
#include "storage/record/batch.h"

namespace leat::broker {

class ProducerGrants {
 public:
  ProducerGrants() = default;
  explicit ProducerGrants(const ProducerNames& names);

  void Apply(const ProducerChange& change);

  // The grant by which a batch comes; 0 when it is of no producer. kProducerFenced,
  // kProducerExpired.
  absl::StatusOr<uint64_t> Check(const record::BatchHeader& header) const;

  // Fills in what a log's recovery does not know.
  void Resolve(log::ProducerTable& table) const;

 private:
  absl::flat_hash_map<int64_t, ProducerGrant> by_id_;
  uint64_t latest_ = 0;
};

}  // namespace leat::broker

#endif  // LEAT_SERVER_BROKER_PRODUCER_GRANTS_H_
