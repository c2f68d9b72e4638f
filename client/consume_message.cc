#include "client/consume_message.h"

#include <optional>
#include <utility>

#include "client/message_fields.h"
#include "client/status.h"

namespace leat::client {
namespace {

bool DecodePosition(std::string_view bytes, Delivery* out) {
  return ForEachField(bytes, [out](const Field& field) {
    switch (field.number) {
      case v1::PartitionPosition::kTopicFieldNumber:
        out->topic = field.bytes;
        break;
      case v1::PartitionPosition::kPartitionFieldNumber:
        out->partition = static_cast<uint32_t>(field.varint);
        break;
      case v1::PartitionPosition::kAssignmentEpochFieldNumber:
        out->assignment_epoch = field.varint;
        break;
      case v1::PartitionPosition::kNextOffsetFieldNumber:
        out->message.next_offset = static_cast<int64_t>(field.varint);
        break;
    }
    return true;
  });
}

bool DecodeRecordsEvent(std::string_view bytes, Delivery* out) {
  out->message.kind = ReadMessage::Kind::kRecords;
  const bool ok = ForEachField(bytes, [out](const Field& field) {
    switch (field.number) {
      case v1::DeliveredRecords::kPositionFieldNumber:
        return DecodePosition(field.bytes, out);
      case v1::DeliveredRecords::kHighWatermarkFieldNumber:
        out->message.high_watermark = static_cast<int64_t>(field.varint);
        return true;
      case v1::DeliveredRecords::kChargedBytesFieldNumber:
        out->charged_bytes = static_cast<int64_t>(field.varint);
        return true;
      case v1::DeliveredRecords::kChargedRecordsFieldNumber:
        out->charged_records = static_cast<int64_t>(field.varint);
        return true;
      case v1::DeliveredRecords::kChunkFieldNumber:
        return DecodeChunk(field.bytes, &out->message);
      default:
        return true;
    }
  });
  out->message.partition = out->partition;
  return ok;
}

bool DecodeGapEvent(std::string_view bytes, Delivery* out) {
  v1::DeliveredGap gap;
  if (!gap.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) return false;
  out->message.kind = ReadMessage::Kind::kGap;
  out->message.gap_from = gap.gap().from_offset();
  out->message.gap_to = gap.gap().to_offset();
  // For the topic's name, which is a view.
  return ForEachField(bytes, [out](const Field& field) {
    return field.number != v1::DeliveredGap::kPositionFieldNumber ||
           DecodePosition(field.bytes, out);
  });
}

bool DecodeDamageEvent(std::string_view bytes, Delivery* out) {
  v1::DeliveredDamage damage;
  if (!damage.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) return false;
  out->damage = FromRpcStatus(damage.error());
  // As for a gap.
  return !out->damage.ok() && ForEachField(bytes, [out](const Field& field) {
    return field.number != v1::DeliveredDamage::kPositionFieldNumber ||
           DecodePosition(field.bytes, out);
  });
}

}  // namespace

absl::StatusOr<ConsumeMessage> DecodeConsumeMessage(std::string bytes) {
  Delivery delivery{.bytes = std::make_unique<const std::string>(std::move(bytes))};
  bool delivered = false;
  bool ok = ForEachField(*delivery.bytes, [&](const Field& field) {
    switch (field.number) {
      case v1::ConsumeResponse::kRecordsFieldNumber:
        delivered = true;
        return DecodeRecordsEvent(field.bytes, &delivery);
      case v1::ConsumeResponse::kGapFieldNumber:
        delivered = true;
        return DecodeGapEvent(field.bytes, &delivery);
      case v1::ConsumeResponse::kDamageFieldNumber:
        delivered = true;
        return DecodeDamageEvent(field.bytes, &delivery);
      default:
        return true;
    }
  });
  if (ok && delivered) return delivery;
  v1::ConsumeResponse response;
  ok = ok && response.ParseFromString(*delivery.bytes);
  if (!ok) return absl::InternalError("a message of the server cannot be read");
  return response;
}

}  // namespace leat::client
