// A batch of records for one partition on its way to the server: filled, sealed, sent, perhaps sent
// again, completed. Internal; one thread at a time.

#ifndef LEAT_CLIENT_SEND_BATCH_H_
#define LEAT_CLIENT_SEND_BATCH_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "client/record.h"
#include "storage/record/batch.h"
#include "storage/record/producer_sequence.h"
#include "storage/record/record_set.h"

namespace leat::client {

// Where a batch goes. Shared by the batches of a partition.
struct BatchTarget {
  std::string topic;
  std::string topic_id;
  uint32_t partition = 0;
};

// Where a record is, on topics that remember message ids.
struct RecordPlace {
  int64_t offset = 0;
  bool duplicate = false;
};

class SendBatch {
 public:
  // `id` grows with each batch of a producer. `now` is the moment of the first record.
  SendBatch(uint64_t id, std::shared_ptr<const BatchTarget> target, absl::Time now)
      : id_(id), target_(std::move(target)), created_(now) {}

  // --- Filling ---

  // Adds a record of `timestamp_ms`. `charge_bytes` is what the producer's memory is charged for
  // it.
  void Add(const OutgoingRecord& record, int64_t timestamp_ms, size_t charge_bytes,
           SendCallback callback);

  // Bytes of the record set so far.
  size_t size_bytes() const { return builder_.size_bytes(); }
  uint32_t record_count() const { return static_cast<uint32_t>(callbacks_.size()); }

  // --- Sending ---

  // Makes the payload and its checksum, compressed where that makes it smaller. Once; later calls
  // do nothing.
  void Seal(record::Codec codec);

  uint64_t id() const { return id_; }
  const BatchTarget& target() const { return *target_; }
  absl::Time created() const { return created_; }
  size_t charged_bytes() const { return charged_bytes_; }
  int64_t base_timestamp_ms() const { return base_timestamp_ms_; }
  record::Codec codec() const { return codec_; }
  uint32_t uncompressed_bytes() const { return uncompressed_bytes_; }
  uint32_t payload_crc32c() const { return payload_crc32c_; }
  const std::shared_ptr<const std::string>& payload() const { return payload_; }

  // Of an idempotent producer's batch, once it has one.
  const std::optional<record::ProducerSequence>& sequence() const { return sequence_; }
  void set_sequence(const std::optional<record::ProducerSequence>& sequence) {
    sequence_ = sequence;
  }
  // Whether some attempt ended in a way that does not tell whether it was appended.
  bool maybe_appended() const { return maybe_appended_; }
  void set_maybe_appended(bool maybe) { maybe_appended_ = maybe; }

  // --- The end ---

  // Calls every callback; the first record's offset is `first.offset`, and the others follow it,
  // unless `places` tells of each. Once.
  void Complete(const SendResult& first, const std::vector<RecordPlace>& places = {});

 private:
  const uint64_t id_;
  const std::shared_ptr<const BatchTarget> target_;
  const absl::Time created_;
  size_t charged_bytes_ = 0;
  std::vector<SendCallback> callbacks_;
  record::RecordSetBuilder builder_;
  int64_t base_timestamp_ms_ = 0;
  record::Codec codec_ = record::Codec::kNone;
  uint32_t uncompressed_bytes_ = 0;
  uint32_t payload_crc32c_ = 0;
  std::shared_ptr<const std::string> payload_;
  std::optional<record::ProducerSequence> sequence_;
  bool maybe_appended_ = false;
};

// A batch that is over, and how.
struct CompletedBatch {
  std::unique_ptr<SendBatch> batch;
  SendResult first;
  std::vector<RecordPlace> places;
};

// Bytes by which `record` adds to a record set, at most.
size_t MaxEncodedBytes(const OutgoingRecord& record);

// Whether a server would take `record`: checked before it joins a batch, which one bad record would
// spoil. Errors as the server's own.
absl::Status CheckOutgoingRecord(const OutgoingRecord& record, uint32_t max_record_bytes);

}  // namespace leat::client

#endif  // LEAT_CLIENT_SEND_BATCH_H_
