#include "server/rpc/response_encoder.h"

#include "leat/v1/log.pb.h"
#include "server/rpc/message_writer.h"

namespace leat::rpc {
namespace {

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

absl::Cord EncodeRecordChunk(const record::BatchHeader& header, record::Offset base_offset,
                             const absl::Cord& records) {
  MessageWriter chunk;
  chunk.Int(v1::RecordChunk::kBaseOffsetFieldNumber, base_offset.value);
  chunk.Int(v1::RecordChunk::kBaseTimestampMsFieldNumber, header.base_timestamp_ms);
  chunk.Int(v1::RecordChunk::kAppendTimestampMsFieldNumber, header.append_timestamp_ms);
  chunk.Uint(v1::RecordChunk::kTimestampTypeFieldNumber,
             static_cast<uint64_t>(header.timestamp_type));
  chunk.Message(v1::RecordChunk::kRecordsFieldNumber, records);
  return chunk.Take();
}

absl::Cord EncodeChunk(const EventPlace& place, const record::BatchHeader& header,
                       record::Offset base_offset, const absl::Cord& records) {
  return EncodeEvent(place, v1::ReadResponse::kChunkFieldNumber,
                     EncodeRecordChunk(header, base_offset, records));
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
