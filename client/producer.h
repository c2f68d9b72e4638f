// Sends records: gathers them into batches per partition, keeps several batches in flight on one
// stream, sends again what has no answer, and reports what became of each record.
//
// Owned by the caller; any thread may send. One thread of its own sends, and runs the callbacks.
// Records of one partition are appended in the order in which `Send` took them, each once: the
// server knows again what is sent twice. What still has no answer after `delivery_timeout` is
// reported as unknown: it is in the log once or not at all. An OK result is as durable as asked,
// across crashes of the server.

#ifndef LEAT_CLIENT_PRODUCER_H_
#define LEAT_CLIENT_PRODUCER_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "client/client.h"
#include "client/record.h"
#include "storage/record/batch.h"

namespace leat::client {

// When an append is acknowledged; as `leat.v1.Durability`.
enum class Durability : uint8_t { kAsTopicSays = 0, kWritten = 1, kSynced = 2 };

struct ProducerOptions {
  // A batch is sent when it has so many bytes (or as many as its topic allows), or is so old,
  // whichever comes first.
  size_t batch_bytes = 1 << 20;
  absl::Duration linger = absl::Milliseconds(5);
  record::Codec codec = record::Codec::kNone;
  Durability durability = Durability::kAsTopicSays;
  // Off, what may have been appended is not sent again but reported as unknown. For records with
  // message ids turn it off: batches with a sequence from which a record would have to be left out,
  // because it is there already, are refused (DUPLICATES_NOT_SEPARABLE).
  bool idempotent = true;
  // Names the producer to its topics, over restarts; a second one of the name fences the first,
  // whose sends then fail with PRODUCER_FENCED. Empty: a random name.
  std::string name;
  // Batches of one partition that are sent ahead of their answers; at most 8 if idempotent.
  size_t max_in_flight_per_partition = 8;
  // Records taken and not yet answered may hold so much memory.
  size_t buffer_bytes = 64 << 20;
  // What `Send` does when they do: wait, for at most `delivery_timeout`, or fail with
  // RESOURCE_EXHAUSTED.
  enum class WhenFull { kBlock, kFail } when_full = WhenFull::kBlock;
  // A record without an answer so long after it was sent is given up.
  absl::Duration delivery_timeout = absl::Seconds(30);
  // How often topics are asked for their number of partitions. Keys may map elsewhere after
  // `AddPartitions`.
  absl::Duration topic_refresh_interval = absl::Minutes(5);
  // Told, on the producer's thread, when records have waited for a second for something that passes
  // by itself, such as a full disk or a server that is away; and again when it is another thing.
  std::function<void(const absl::Status& why)> on_delay;
};

class Producer {
 public:
  Producer(const Client& client, const ProducerOptions& options);

  // Gives up what was not answered; the callbacks run before this returns. `Flush` first.
  ~Producer();

  // Takes a copy of a record. Its partition is the one named, else by key (murmur2), else changing
  // from batch to batch. Blocks while the buffer is full, and when a topic is used for the first
  // time, to ask for its number of partitions.
  //
  // OK: taken, `callback` (may be null) will be called once. Otherwise it will not be:
  // kTopicNotFound, kPartitionNotFound, kTooLarge, kInvalidRecords and kProducerFenced as
  // `record::ReasonOf` tells,
  // RESOURCE_EXHAUSTED when the buffer is full, or why the topic could not be asked for.
  absl::Status Send(std::string_view topic, const OutgoingRecord& record,
                    SendCallback callback = nullptr);

  // Sends a record without lingering and waits for its answer. Not from a callback.
  SendResult SendAndWait(std::string_view topic, const OutgoingRecord& record);

  // Sends without lingering what was taken before, and waits until every callback for it has
  // returned. The callbacks tell what became of the records. DEADLINE_EXCEEDED when that takes
  // longer than `timeout`. Not from a callback.
  absl::Status Flush(absl::Duration timeout = absl::InfiniteDuration());

  // Gives up what was not answered: callbacks get CANCELLED, and so does `Send` from now on, a
  // blocked one too. Returns at once.
  void Cancel();

 private:
  class Impl;

  const std::unique_ptr<Impl> impl_;
};

}  // namespace leat::client

#endif  // LEAT_CLIENT_PRODUCER_H_
