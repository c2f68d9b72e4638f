// What the demonstration sent, in the order in which each partition must hold it, and how much of
// it was acknowledged.
//
// Events are sent again only after the log was read and found not to have them, so at the end each
// partition holds exactly its events, each once, in order: `Check` compares byte for byte.

#ifndef LEAT_TOOLS_DEMO_LEDGER_H_
#define LEAT_TOOLS_DEMO_LEDGER_H_

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "client/client.h"
#include "client/position.h"
#include "client/producer.h"
#include "tools/demo/corpus.h"

namespace leat::demo {

// One partition: its events by offset. Only `acknowledged` is touched by two threads.
struct PartitionLedger {
  std::vector<const Event*> events;
  std::atomic<int64_t> acknowledged = 0;  // Every event before this offset was acknowledged.
  int64_t found = 0;                      // So many were in the log when it was last read.
};

struct TopicLedger {
  std::string topic;
  uint64_t bytes = 0;  // Of all lines.
  std::vector<std::unique_ptr<PartitionLedger>> partitions;
  std::vector<uint32_t> sending_order;  // The partition of each event, in the order of the file.

  // Assigns every event of `passes` passes over `source` to the partition of its key.
  TopicLedger(const Source& source, uint32_t partition_count, int passes);
};

// Sends, in order, what was not found in the log, with the time of sending. `on_acknowledged` is
// called after each acknowledgement, on the producer's thread. Stops taking events once one has
// failed: the log must then be read (`CheckPrefix`) before this is called again. Returns after
// every answer, with the first error.
absl::Status SendMissing(client::Producer& producer, TopicLedger& ledger,
                         const std::function<void()>& on_acknowledged);

// Reads the topic from its beginning and compares byte for byte. DATA_LOSS unless each partition
// holds a prefix of its events that covers all that was acknowledged. Sets `found`.
absl::Status CheckPrefix(const client::Client& client, TopicLedger& ledger);

// Reads one partition from `start` to its end. DATA_LOSS unless it is exactly the events from
// offset `expected_first` on. Returns their number.
absl::StatusOr<int64_t> CheckFrom(const client::Client& client, const TopicLedger& ledger,
                                  uint32_t partition, client::Position start,
                                  int64_t expected_first);

}  // namespace leat::demo

#endif  // LEAT_TOOLS_DEMO_LEDGER_H_
