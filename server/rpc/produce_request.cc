#include "server/rpc/produce_request.h"

#include <fmt/format.h>

#include <limits>
#include <string_view>
#include <utility>

#include "leat/v1/record.pb.h"
#include "server/rpc/cord_reader.h"
#include "server/rpc/validate.h"
#include "storage/record/error.h"

namespace leat::rpc {
namespace {

using record::MakeTag;
using record::ProducerSequence;
using record::WireTag;
using record::WireType;

// Timestamps, and their sums with the deltas of records, stay far from overflow.
constexpr int64_t kMaxTimestampMillis = 1'000'000'000'000'000;

// Reads one message field by field. The first error sticks: then there are no more fields.
class MessageReader {
 public:
  MessageReader(std::string_view name, const absl::Cord& bytes) : name_(name), reader_(bytes) {}

  // The next field's tag; 0 at the end.
  WireTag Next() {
    WireTag tag = 0;
    if (!status_.ok() || reader_.done()) return 0;
    if (!reader_.ReadTag(&tag) || record::FieldOf(tag) == 0) return Malformed();
    const uint32_t field = record::FieldOf(tag);
    const uint64_t bit = field < 64 ? uint64_t{1} << field : 0;
    if ((seen_ & bit) != 0) return Fail("has field {} twice", field);
    seen_ |= bit;
    return tag;
  }

  uint64_t Varint(uint64_t most = std::numeric_limits<uint64_t>::max()) {
    uint64_t value = 0;
    if (!reader_.ReadVarint(&value)) return Malformed();
    if (value > most) return Fail("has the number {}, which is too large for its field", value);
    return value;
  }

  uint32_t Uint32() { return static_cast<uint32_t>(Varint(UINT32_MAX)); }

  absl::Cord Bytes() {
    absl::Cord bytes;
    if (!reader_.ReadBytes(&bytes)) Malformed();
    return bytes;
  }

  std::string String() { return std::string(Bytes()); }

  // For a tag that is none of the message's.
  void Refuse(WireTag tag) {
    const std::string field = fmt::format("{}.{}", name_, record::FieldOf(tag));
    status_ = record::MakeError(
        record::Reason::kUnknownField,
        fmt::format("this server does not know the field {}, or not with wire type {}", field,
                    static_cast<int>(record::WireTypeOf(tag))),
        {{"field", field}});
  }

  const absl::Status& status() const { return status_; }

 private:
  uint64_t Malformed() { return Fail("is not a well-formed protobuf message"); }

  template <typename... Args>
  uint64_t Fail(fmt::format_string<Args...> format, Args&&... args) {
    FieldErrors errors;
    errors.Add(name_, fmt::format(format, std::forward<Args>(args)...));
    status_ = errors.ToStatus();
    return 0;
  }

  std::string_view name_;
  CordReader reader_;
  uint64_t seen_ = 0;
  absl::Status status_;
};

absl::Status ParseCompressed(const absl::Cord& message, ProduceRequest* request) {
  MessageReader in("CompressedRecords", message);
  uint32_t codec = 0;
  while (const WireTag tag = in.Next()) {
    switch (tag) {
      case MakeTag(1, WireType::kVarint):
        codec = in.Uint32();
        break;
      case MakeTag(2, WireType::kVarint):
        request->record_count = in.Uint32();
        break;
      case MakeTag(3, WireType::kVarint):
        request->uncompressed_bytes = in.Uint32();
        break;
      case MakeTag(4, WireType::kBytes):
        request->payload = in.Bytes();
        break;
      default:
        in.Refuse(tag);
    }
  }
  if (!in.status().ok()) return in.status();
  FieldErrors errors;
  if (codec != v1::CODEC_ZSTD && codec != v1::CODEC_LZ4) {
    errors.Add("compressed.codec", fmt::format("is {}, must be ZSTD or LZ4", codec));
  }
  request->codec = static_cast<record::Codec>(codec);
  return errors.ToStatus();
}

absl::StatusOr<ProducerSequence> ParseSequence(const absl::Cord& message) {
  MessageReader in("ProducerSequence", message);
  ProducerSequence sequence;
  while (const WireTag tag = in.Next()) {
    switch (tag) {
      case MakeTag(1, WireType::kVarint):
        sequence.producer_id = static_cast<int64_t>(in.Varint());
        break;
      case MakeTag(2, WireType::kVarint):
        sequence.producer_epoch = static_cast<int32_t>(in.Varint());
        break;
      case MakeTag(3, WireType::kVarint):
        sequence.base_sequence = static_cast<int32_t>(in.Varint());
        break;
      default:
        in.Refuse(tag);
    }
  }
  if (!in.status().ok()) return in.status();
  FieldErrors errors;
  errors.CheckRange("sequence.producer_id", sequence.producer_id, 1, INT64_MAX);
  errors.CheckRange("sequence.producer_epoch", sequence.producer_epoch, 0, INT32_MAX);
  errors.CheckRange("sequence.base_sequence", sequence.base_sequence, 0, INT32_MAX);
  if (absl::Status status = errors.ToStatus(); !status.ok()) return status;
  return sequence;
}

absl::Status CheckFields(const ProduceRequest& request, uint32_t durability, int payloads) {
  FieldErrors errors;
  CheckTopicName(request.topic, errors);
  CheckTopicId(request.topic_id, errors);
  errors.CheckRange("durability", durability, v1::DURABILITY_UNSPECIFIED, v1::DURABILITY_SYNCED);
  errors.CheckRange("base_timestamp_ms", request.base_timestamp_ms.value_or(0),
                    -kMaxTimestampMillis, kMaxTimestampMillis);
  errors.CheckRange("expected_offset", request.expected_offset.value_or(0), 0, INT64_MAX);
  errors.CheckRange("expected_key_offset", request.expected_key_offset.value_or(0), 0, INT64_MAX);
  errors.CheckRange("partition_count", request.partition_count.value_or(1), 1, UINT32_MAX);
  if (payloads != 1) errors.Add("payload", "must be either records or compressed");
  if (request.partition.has_value() && request.partition_count.has_value()) {
    errors.Add("partition_count", "means nothing with a partition");
  }
  if (!request.partition.has_value()) {
    if (request.payload_crc32c.has_value()) errors.Add("payload_crc32c", "needs a partition");
    if (request.codec != record::Codec::kNone) errors.Add("compressed", "needs a partition");
    if (request.sequence.has_value()) errors.Add("sequence", "needs a partition");
    if (request.expected_offset.has_value()) errors.Add("expected_offset", "needs a partition");
    // Where a key belongs elsewhere meanwhile, the offset would be that of another partition.
    if (request.expected_key_offset.has_value() && !request.partition_count.has_value()) {
      errors.Add("expected_key_offset", "needs a partition, or a partition_count");
    }
  }
  return errors.ToStatus();
}

}  // namespace

absl::StatusOr<ProduceRequest> ParseProduceRequest(const absl::Cord& message) {
  ProduceRequest request;
  absl::Cord compressed;
  std::optional<absl::Cord> sequence;
  uint32_t durability = 0;
  bool has_records = false;
  bool has_compressed = false;
  MessageReader in("ProduceRequest", message);
  while (const WireTag tag = in.Next()) {
    switch (tag) {
      case MakeTag(1, WireType::kBytes):
        request.topic = in.String();
        break;
      case MakeTag(2, WireType::kBytes):
        request.topic_id = in.String();
        break;
      case MakeTag(3, WireType::kVarint):
        request.partition = in.Uint32();
        break;
      case MakeTag(4, WireType::kVarint):
        durability = in.Uint32();
        break;
      case MakeTag(5, WireType::kVarint):
        request.base_timestamp_ms = static_cast<int64_t>(in.Varint());
        break;
      case MakeTag(6, WireType::kVarint):
        request.payload_crc32c = in.Uint32();
        break;
      case MakeTag(7, WireType::kBytes):
        sequence = in.Bytes();
        break;
      case MakeTag(8, WireType::kVarint):
        request.expected_offset = static_cast<int64_t>(in.Varint());
        break;
      case MakeTag(9, WireType::kVarint):
        request.partition_count = in.Uint32();
        break;
      case MakeTag(10, WireType::kVarint):
        request.expected_key_offset = static_cast<int64_t>(in.Varint());
        break;
      case MakeTag(14, WireType::kBytes):
        request.payload = in.Bytes();
        has_records = true;
        break;
      case MakeTag(15, WireType::kBytes):
        compressed = in.Bytes();
        has_compressed = true;
        break;
      default:
        in.Refuse(tag);
    }
  }
  if (!in.status().ok()) return in.status();
  if (has_compressed && !has_records) {
    if (absl::Status status = ParseCompressed(compressed, &request); !status.ok()) return status;
  }
  if (sequence.has_value()) {
    absl::StatusOr<ProducerSequence> parsed = ParseSequence(*sequence);
    if (!parsed.ok()) return parsed.status();
    request.sequence = *parsed;
  }
  absl::Status status = CheckFields(request, durability, has_records + has_compressed);
  if (!status.ok()) return status;
  return request;
}

absl::StatusOr<ProduceStreamRequest> ParseProduceStreamRequest(const absl::Cord& message) {
  ProduceStreamRequest request;
  MessageReader in("ProduceStreamRequest", message);
  while (const WireTag tag = in.Next()) {
    switch (tag) {
      case MakeTag(1, WireType::kVarint):
        request.request_id = in.Varint();
        break;
      case MakeTag(2, WireType::kVarint):
        request.resume_after = in.Varint();
        break;
      case MakeTag(3, WireType::kVarint):
        request.unordered = in.Varint(1) != 0;
        break;
      case MakeTag(4, WireType::kBytes):
        request.produce = in.Bytes();
        break;
      default:
        in.Refuse(tag);
    }
  }
  if (!in.status().ok()) return in.status();
  return request;
}

}  // namespace leat::rpc
