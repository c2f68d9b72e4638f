// The requests of a producer, prepared once: all of them carry the same records, whose bytes they
// share. Where latency is to be told from end to end, the first record of each batch begins with
// the moment at which it was to be sent.
//
// Immutable; any thread.

#ifndef LEAT_BENCH_LOAD_BATCH_MAKER_H_
#define LEAT_BENCH_LOAD_BATCH_MAKER_H_

#include <grpcpp/support/byte_buffer.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "bench/load/load_settings.h"
#include "bench/load/meter.h"

namespace leat::bench {

// The key of the `index`-th record; all are of one length.
std::string MakeKey(uint64_t index);

// So many bytes that do not compress.
std::string MakeValue(uint32_t bytes, uint64_t seed);

// Those of each batch, in its order.
std::vector<std::string> ValuesOfBatch(const LoadSettings& settings);

// Where in a record set that begins with a record of such key and value the value's bytes begin.
size_t ValuePosition(std::optional<size_t> key_bytes, size_t value_bytes);

// The moment in the first bytes of a value, of at least `kStampBytes`.
constexpr size_t kStampBytes = sizeof(Nanos);
void WriteStamp(Nanos stamp, char* value);
Nanos ReadStamp(std::string_view value);

class BatchMaker {
 public:
  explicit BatchMaker(const LoadSettings& settings);

  // A `ProduceRequest` of the batch for one partition.
  grpc::ByteBuffer UnaryRequest(uint32_t partition, Nanos stamp) const;
  // A `ProduceStreamRequest`.
  grpc::ByteBuffer StreamRequest(uint64_t request_id, uint32_t partition, Nanos stamp) const;

  // Of the serialized record set.
  size_t batch_bytes() const { return head_.size() + tail_.size(); }
  // What a reader of whole batches must find; nullopt when batches differ, by their stamps.
  std::optional<uint32_t> payload_crc32c() const;

 private:
  struct Parts {
    std::string envelope;  // All before the records.
    std::string head;
  };
  Parts Make(uint32_t partition, Nanos stamp) const;
  grpc::ByteBuffer Join(std::string front, const std::string& head) const;

  const bool stamped_;
  const std::string topic_;
  const v1::Durability durability_;
  size_t stamp_position_ = 0;
  // The record set: what may differ from batch to batch, and what does not.
  std::string head_;
  grpc::Slice tail_;
  uint32_t crc_ = 0;
};

}  // namespace leat::bench

#endif  // LEAT_BENCH_LOAD_BATCH_MAKER_H_
