#include "server/rpc/consume_encoder.h"

#include <string>

#include "server/rpc/message_writer.h"
#include "server/rpc/response_encoder.h"
#include "server/rpc/status.h"

namespace leat::rpc {
namespace {

absl::Cord EncodePosition(const MemberPlace& place) {
  MessageWriter out;
  out.String(v1::PartitionPosition::kTopicFieldNumber, place.topic);
  out.String(v1::PartitionPosition::kTopicIdFieldNumber, place.topic_id);
  out.Uint(v1::PartitionPosition::kPartitionFieldNumber, place.partition);
  out.Uint(v1::PartitionPosition::kAssignmentEpochFieldNumber, place.assignment_epoch);
  out.Int(v1::PartitionPosition::kNextOffsetFieldNumber, place.next_offset.value);
  return out.Take();
}

}  // namespace

v1::PartitionPosition ToProto(const MemberPlace& place) {
  v1::PartitionPosition position;
  position.set_topic(std::string(place.topic));
  position.set_topic_id(std::string(place.topic_id));
  position.set_partition(place.partition);
  position.set_assignment_epoch(place.assignment_epoch);
  position.set_next_offset(place.next_offset.value);
  return position;
}

absl::Cord EncodeDeliveredRecords(const MemberPlace& place, record::Offset high_watermark,
                                  const Amount& charged, const record::BatchHeader& header,
                                  const Chunk& chunk) {
  MessageWriter records;
  records.Message(v1::DeliveredRecords::kPositionFieldNumber, EncodePosition(place));
  records.Int(v1::DeliveredRecords::kHighWatermarkFieldNumber, high_watermark.value);
  records.Int(v1::DeliveredRecords::kChargedBytesFieldNumber, charged.bytes);
  records.Int(v1::DeliveredRecords::kChargedRecordsFieldNumber, charged.records);
  records.Message(v1::DeliveredRecords::kChunkFieldNumber,
                  EncodeRecordChunk(header, chunk.base_offset, chunk.records));
  MessageWriter out;
  out.Message(v1::ConsumeResponse::kRecordsFieldNumber, records.Take());
  return out.Take();
}

absl::Cord EncodeDeliveredGap(const MemberPlace& place, record::Offset from) {
  v1::ConsumeResponse response;
  *response.mutable_gap()->mutable_position() = ToProto(place);
  v1::Gap& gap = *response.mutable_gap()->mutable_gap();
  gap.set_from_offset(from.value);
  gap.set_to_offset(place.next_offset.value);
  gap.set_reason(v1::Gap::REASON_TRIMMED);
  return Encode(response);
}

absl::Cord EncodeDeliveredDamage(const MemberPlace& place, const absl::Status& why) {
  v1::ConsumeResponse response;
  *response.mutable_damage()->mutable_position() = ToProto(place);
  *response.mutable_damage()->mutable_error() = ToRpcStatus(why);
  return Encode(response);
}

absl::Cord Encode(const v1::ConsumeResponse& response) {
  return absl::Cord(response.SerializeAsString());
}

}  // namespace leat::rpc
