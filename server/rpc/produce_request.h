// What a produce request says, without parsing its records: they stay the bytes they are, in gRPC's
// memory.
//
// As strict as the strictest protobuf parser: known fields only, right wire types, nothing singular
// twice. Pure functions; any thread.

#ifndef LEAT_SERVER_RPC_PRODUCE_REQUEST_H_
#define LEAT_SERVER_RPC_PRODUCE_REQUEST_H_

#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/cord.h"
#include "storage/record/batch.h"
#include "storage/record/producer_sequence.h"

namespace leat::rpc {

// `leat.v1.ProduceRequest`, fields checked on their own and against each other, but not against a
// topic.
struct ProduceRequest {
  std::string topic;
  std::string topic_id;
  std::optional<uint32_t> partition;
  std::optional<int64_t> base_timestamp_ms;
  std::optional<uint32_t> payload_crc32c;
  std::optional<record::ProducerSequence> sequence;
  std::optional<int64_t> expected_offset;
  std::optional<uint32_t> partition_count;
  std::optional<int64_t> expected_key_offset;
  // kNone: `payload` is a serialized RecordSet. Else it is compressed, and the two numbers are the
  // sender's claims.
  record::Codec codec = record::Codec::kNone;
  uint32_t record_count = 0;
  uint32_t uncompressed_bytes = 0;
  absl::Cord payload;
};

// Errors: kInvalidField, kUnknownField.
absl::StatusOr<ProduceRequest> ParseProduceRequest(const absl::Cord& message);

// `leat.v1.ProduceStreamRequest`. `produce` is parsed by the caller, so that its errors can be
// answered under the id.
struct ProduceStreamRequest {
  uint64_t request_id = 0;
  std::optional<uint64_t> resume_after;
  bool unordered = false;
  absl::Cord produce;
};

absl::StatusOr<ProduceStreamRequest> ParseProduceStreamRequest(const absl::Cord& message);

}  // namespace leat::rpc

#endif  // LEAT_SERVER_RPC_PRODUCE_REQUEST_H_
