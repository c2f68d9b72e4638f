// The messages of a read, decoded without copying what is in them. Internal; bytes only.

#ifndef LEAT_CLIENT_READ_MESSAGE_H_
#define LEAT_CLIENT_READ_MESSAGE_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "storage/record/batch.h"
#include "storage/record/record_set.h"

namespace leat::client {

// A `ReadResponse`. Views point into the message.
struct ReadMessage {
  enum class Kind : uint8_t { kHeartbeat, kRecords, kGap, kEndOfRange };

  Kind kind = Kind::kHeartbeat;
  uint32_t partition = 0;
  int64_t next_offset = 0;
  int64_t high_watermark = 0;

  // Of kGap.
  int64_t gap_from = 0;
  int64_t gap_to = 0;

  // Of kRecords: a chunk, or a whole batch.
  int64_t base_offset = 0;
  int64_t base_timestamp_ms = 0;
  int64_t append_timestamp_ms = 0;
  record::TimestampType timestamp_type = record::TimestampType::kCreate;
  record::Codec codec = record::Codec::kNone;
  uint32_t uncompressed_bytes = 0;
  std::optional<uint32_t> payload_crc32c;
  std::string_view payload;
};

// Takes what a `leat.v1.RecordChunk` holds into `message`, as its records. False when it is
// malformed.
bool DecodeChunk(std::string_view chunk, ReadMessage* message);

// INTERNAL when the message cannot be read.
absl::StatusOr<ReadMessage> DecodeReadMessage(std::string_view bytes);

// A record as read. Views live as long as the set they point into.
struct ReadRecord {
  int64_t offset = 0;
  // Milliseconds since 1970-01-01 UTC: the producer's, or the server's at the append, as the topic
  // says.
  int64_t timestamp_ms = 0;
  // Null is not empty.
  std::optional<std::string_view> key;
  std::optional<std::string_view> value;
  std::vector<record::HeaderView> headers;
};

// The records of `message` with offsets in [from_offset, to_offset). `decompressed` takes the bytes
// they point into when the message is compressed. DATA_LOSS when checksum or content are damaged.
absl::StatusOr<std::vector<ReadRecord>> DecodeRecords(const ReadMessage& message,
                                                      int64_t from_offset, int64_t to_offset,
                                                      std::string* decompressed);

}  // namespace leat::client

#endif  // LEAT_CLIENT_READ_MESSAGE_H_
