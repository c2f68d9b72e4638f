#include "client/read_message.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "client/message_fields.h"
#include "leat/v1/log.pb.h"
#include "storage/record/compression.h"

namespace leat::client {
namespace {

record::TimestampType TimestampTypeOf(uint64_t value) {
  return value == v1::TIMESTAMP_TYPE_APPEND ? record::TimestampType::kAppend
                                            : record::TimestampType::kCreate;
}

}  // namespace

bool DecodeChunk(std::string_view chunk, ReadMessage* message) {
  message->kind = ReadMessage::Kind::kRecords;
  return ForEachField(chunk, [message](const Field& field) {
    switch (field.number) {
      case v1::RecordChunk::kBaseOffsetFieldNumber:
        message->base_offset = static_cast<int64_t>(field.varint);
        break;
      case v1::RecordChunk::kBaseTimestampMsFieldNumber:
        message->base_timestamp_ms = static_cast<int64_t>(field.varint);
        break;
      case v1::RecordChunk::kAppendTimestampMsFieldNumber:
        message->append_timestamp_ms = static_cast<int64_t>(field.varint);
        break;
      case v1::RecordChunk::kTimestampTypeFieldNumber:
        message->timestamp_type = TimestampTypeOf(field.varint);
        break;
      case v1::RecordChunk::kRecordsFieldNumber:
        message->payload = field.bytes;
        break;
    }
    return true;
  });
}

namespace {

bool DecodeBatch(std::string_view bytes, ReadMessage* out) {
  out->kind = ReadMessage::Kind::kRecords;
  return ForEachField(bytes, [out](const Field& field) {
    switch (field.number) {
      case v1::RecordBatch::kBaseOffsetFieldNumber:
        out->base_offset = static_cast<int64_t>(field.varint);
        break;
      case v1::RecordBatch::kBaseTimestampMsFieldNumber:
        out->base_timestamp_ms = static_cast<int64_t>(field.varint);
        break;
      case v1::RecordBatch::kAppendTimestampMsFieldNumber:
        out->append_timestamp_ms = static_cast<int64_t>(field.varint);
        break;
      case v1::RecordBatch::kTimestampTypeFieldNumber:
        out->timestamp_type = TimestampTypeOf(field.varint);
        break;
      case v1::RecordBatch::kCodecFieldNumber:
        out->codec = static_cast<record::Codec>(field.varint);
        break;
      case v1::RecordBatch::kUncompressedBytesFieldNumber:
        out->uncompressed_bytes = static_cast<uint32_t>(field.varint);
        break;
      case v1::RecordBatch::kPayloadCrc32CFieldNumber:
        out->payload_crc32c = static_cast<uint32_t>(field.varint);
        break;
      case v1::RecordBatch::kPayloadFieldNumber:
        out->payload = field.bytes;
        break;
    }
    return true;
  });
}

bool DecodeGap(std::string_view bytes, ReadMessage* out) {
  out->kind = ReadMessage::Kind::kGap;
  return ForEachField(bytes, [out](const Field& field) {
    if (field.number == v1::Gap::kFromOffsetFieldNumber) {
      out->gap_from = static_cast<int64_t>(field.varint);
    } else if (field.number == v1::Gap::kToOffsetFieldNumber) {
      out->gap_to = static_cast<int64_t>(field.varint);
    }
    return true;
  });
}

bool DecodeField(const Field& field, ReadMessage* out) {
  switch (field.number) {
    case v1::ReadResponse::kPartitionFieldNumber:
      out->partition = static_cast<uint32_t>(field.varint);
      return true;
    case v1::ReadResponse::kNextOffsetFieldNumber:
      out->next_offset = static_cast<int64_t>(field.varint);
      return true;
    case v1::ReadResponse::kHighWatermarkFieldNumber:
      out->high_watermark = static_cast<int64_t>(field.varint);
      return true;
    case v1::ReadResponse::kChunkFieldNumber:
      return DecodeChunk(field.bytes, out);
    case v1::ReadResponse::kBatchFieldNumber:
      return DecodeBatch(field.bytes, out);
    case v1::ReadResponse::kGapFieldNumber:
      return DecodeGap(field.bytes, out);
    case v1::ReadResponse::kEndOfRangeFieldNumber:
      out->kind = ReadMessage::Kind::kEndOfRange;
      return true;
    default:
      return true;  // The topic's id, a heartbeat, and what later versions add.
  }
}

}  // namespace

absl::StatusOr<ReadMessage> DecodeReadMessage(std::string_view bytes) {
  ReadMessage message;
  if (!ForEachField(bytes,
                    [&message](const Field& field) { return DecodeField(field, &message); })) {
    return absl::InternalError("a message of the server cannot be read");
  }
  return message;
}

absl::StatusOr<std::vector<ReadRecord>> DecodeRecords(const ReadMessage& message,
                                                      int64_t from_offset, int64_t to_offset,
                                                      std::string* decompressed) {
  if (message.payload_crc32c.has_value() &&
      record::Crc32c(message.payload) != *message.payload_crc32c) {
    return absl::DataLossError(absl::StrCat("the batch at offset ", message.base_offset,
                                            " of partition ", message.partition,
                                            " does not match its checksum"));
  }
  std::string_view set = message.payload;
  if (message.codec != record::Codec::kNone) {
    auto bytes = record::Decompress(message.codec, set, message.uncompressed_bytes);
    if (!bytes.ok()) return absl::DataLossError(bytes.status().message());
    *decompressed = *std::move(bytes);
    set = *decompressed;
  }
  std::vector<ReadRecord> records;
  const bool append_time = message.timestamp_type == record::TimestampType::kAppend;
  absl::Status status =
      record::ForEachRecord(set, [&](const record::RecordView& view, uint32_t offset_delta) {
        const int64_t offset = message.base_offset + offset_delta;
        if (offset >= to_offset) return false;
        if (offset < from_offset) return true;
        records.push_back(
            {.offset = offset,
             .timestamp_ms = append_time ? message.append_timestamp_ms
                                         : message.base_timestamp_ms + view.timestamp_delta_ms,
             .key = view.key,
             .value = view.value,
             .headers = view.headers});
        return true;
      });
  if (!status.ok()) return status;
  return records;
}

}  // namespace leat::client
