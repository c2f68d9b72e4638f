#include "server/rpc/response_encoder.h"

#include <string>
#include <utility>

#include "leat/v1/log.pb.h"
#include "storage/record/wire.h"

namespace leat::rpc {
namespace {

using record::AppendVarint;
using record::MakeTag;
using record::WireType;

// A message under way: fields in order of their numbers, as the library writes them. Zeros are left
// out (proto3).
class MessageWriter {
 public:
  void Int(uint32_t field, int64_t value) { Uint(field, static_cast<uint64_t>(value)); }

  void Uint(uint32_t field, uint64_t value) {
    if (value == 0) return;
    AppendVarint(MakeTag(field, WireType::kVarint), &tail_);
    AppendVarint(value, &tail_);
  }

  void String(uint32_t field, std::string_view value) {
    if (value.empty()) return;
    Length(field, value.size());
    tail_ += value;
  }

  // Opaque bytes; like numbers left out when empty.
  void Bytes(uint32_t field, const absl::Cord& value) {
    if (!value.empty()) Message(field, value);
  }

  // A message, which is written even when empty. Shares the memory of `value`.
  void Message(uint32_t field, const absl::Cord& value) {
    Length(field, value.size());
    Flush();
    message_.Append(value);
  }

  absl::Cord Take() {
    Flush();
    return std::move(message_);
  }

 private:
  void Length(uint32_t field, size_t size) {
    AppendVarint(MakeTag(field, WireType::kBytes), &tail_);
    AppendVarint(size, &tail_);
  }

  void Flush() {
    message_.Append(absl::string_view(tail_));
    tail_.clear();
  }

  absl::Cord message_;
  std::string tail_;  // Behind `message_`.
};

absl::Cord EncodeEvent(const EventPlace& place, uint32_t event_field, const absl::Cord& event) {
  MessageWriter out;
  out.String(v1::ReadResponse::kTopicIdFieldNumber, place.topic_id);
  out.Uint(v1::ReadResponse::kPartitionFieldNumber, place.partition);
  out.Int(v1::ReadResponse::kNextOffsetFieldNumber, place.next_offset.value);
  out.Int(v1::ReadResponse::kHighWatermarkFieldNumber, place.high_watermark.value);
  out.Message(event_field, event);
  return out.Take();
}

}  // namespace

absl::Cord EncodeChunk(const EventPlace& place, const record::BatchHeader& header,
                       record::Offset base_offset, const absl::Cord& records) {
  MessageWriter chunk;
  chunk.Int(v1::RecordChunk::kBaseOffsetFieldNumber, base_offset.value);
  chunk.Int(v1::RecordChunk::kBaseTimestampMsFieldNumber, header.base_timestamp_ms);
  chunk.Int(v1::RecordChunk::kAppendTimestampMsFieldNumber, header.append_timestamp_ms);
  chunk.Uint(v1::RecordChunk::kTimestampTypeFieldNumber,
             static_cast<uint64_t>(header.timestamp_type));
  chunk.Message(v1::RecordChunk::kRecordsFieldNumber, records);
  return EncodeEvent(place, v1::ReadResponse::kChunkFieldNumber, chunk.Take());
}

absl::Cord EncodeBatch(const EventPlace& place, const record::Batch& batch) {
  const record::BatchHeader& header = batch.header;
  MessageWriter out;
  out.Int(v1::RecordBatch::kBaseOffsetFieldNumber, header.base_offset.value);
  out.Int(v1::RecordBatch::kBaseTimestampMsFieldNumber, header.base_timestamp_ms);
  out.Int(v1::RecordBatch::kAppendTimestampMsFieldNumber, header.append_timestamp_ms);
  out.Uint(v1::RecordBatch::kTimestampTypeFieldNumber,
           static_cast<uint64_t>(header.timestamp_type));
  out.Uint(v1::RecordBatch::kRecordCountFieldNumber, header.record_count);
  out.Uint(v1::RecordBatch::kLastOffsetDeltaFieldNumber, header.last_offset_delta);
  out.Int(v1::RecordBatch::kMaxTimestampMsFieldNumber, header.max_timestamp_ms);
  out.Uint(v1::RecordBatch::kCodecFieldNumber, static_cast<uint64_t>(header.codec));
  out.Uint(v1::RecordBatch::kUncompressedBytesFieldNumber, header.uncompressed_bytes);
  out.Uint(v1::RecordBatch::kPayloadCrc32CFieldNumber, header.payload_crc32c);
  out.Bytes(v1::RecordBatch::kPayloadFieldNumber, batch.payload);
  return EncodeEvent(place, v1::ReadResponse::kBatchFieldNumber, out.Take());
}

absl::Cord EncodeTrimmedGap(const EventPlace& place, record::Offset from, record::Offset to) {
  MessageWriter gap;
  gap.Int(v1::Gap::kFromOffsetFieldNumber, from.value);
  gap.Int(v1::Gap::kToOffsetFieldNumber, to.value);
  gap.Uint(v1::Gap::kReasonFieldNumber, v1::Gap::REASON_TRIMMED);
  return EncodeEvent(place, v1::ReadResponse::kGapFieldNumber, gap.Take());
}

absl::Cord EncodeHeartbeat(const EventPlace& place) {
  return EncodeEvent(place, v1::ReadResponse::kHeartbeatFieldNumber, absl::Cord());
}

absl::Cord EncodeEndOfRange(const EventPlace& place) {
  return EncodeEvent(place, v1::ReadResponse::kEndOfRangeFieldNumber, absl::Cord());
}

absl::Cord EncodeFetchResponse(std::string_view topic_id, const std::vector<absl::Cord>& events) {
  MessageWriter out;
  out.String(v1::FetchResponse::kTopicIdFieldNumber, topic_id);
  for (const absl::Cord& event : events) out.Message(v1::FetchResponse::kEventsFieldNumber, event);
  return out.Take();
}

}  // namespace leat::rpc
