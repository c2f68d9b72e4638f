// Numbers the batches of one partition for an idempotent producer, so that a batch may be sent
// again whatever became of it before. Internal; part of `PartitionQueue`.
//
// A batch gets its number when it is sent first, and keeps it. When one with a number is given up,
// or the server disagrees, the numbers after it lead nowhere: the sequence is broken. Then nothing
// is sent before the producer was initialised again (`Renew`), which tells what is in the log and
// keeps everything sent before from getting there.

#ifndef LEAT_CLIENT_SEQUENCING_H_
#define LEAT_CLIENT_SEQUENCING_H_

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "client/send_batch.h"

namespace leat::client {

// What `InitProducer` gave.
struct ProducerIdentity {
  int64_t producer_id = 0;
  int32_t producer_epoch = 0;
  // By partition; 0 in all others.
  absl::flat_hash_map<uint32_t, int32_t> next_sequences;
  // Partitions that could not tell.
  absl::flat_hash_map<uint32_t, absl::Status> unknown;
};

class Sequencing {
 public:
  // Whether batches are numbered at all: after the first `Renew`.
  bool on() const { return producer_id_ != 0; }
  bool broken() const { return broken_; }
  // A number will not be sent any more, or is not what the server expects.
  void Break() { broken_ = on(); }

  // Gives `batch` its number, unless it has one.
  void Number(SendBatch& batch);

  // Whether a batch that failed with `status` is to be sent again as it is. Notes what that means.
  bool MayRetry(SendBatch& batch, const absl::Status& status);

  // What to tell of a batch that is given up after `status`.
  static AppendOutcome OutcomeOf(const SendBatch& batch, const absl::Status& status);

  // Begins, or goes on after `Break`, with what the server says of `partition`. `waiting` are the
  // batches not in flight, and none is. Those that are in the log keep their numbers, so that the
  // server tells where; the others get new ones. Gives those of which nobody can tell any more.
  std::vector<std::unique_ptr<SendBatch>> Renew(const ProducerIdentity& identity,
                                                uint32_t partition,
                                                std::deque<std::unique_ptr<SendBatch>>& waiting);

 private:
  int64_t producer_id_ = 0;
  int32_t producer_epoch_ = 0;
  int32_t next_sequence_ = 0;
  bool broken_ = false;
};

}  // namespace leat::client

#endif  // LEAT_CLIENT_SEQUENCING_H_
