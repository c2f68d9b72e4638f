// A produce request that is accepted, the protobuf library reads too, and alike, however it lies in
// memory; protobuf knows no field that ours refuses as unknown.

#include <string>

#include "leat/v1/log.pb.h"
#include "server/rpc/produce_request.h"
#include "server/rpc/validate.h"
#include "storage/record/error.h"
#include "tests/fuzz/fuzz.h"

namespace leat::rpc {
namespace {

// Refusals that say nothing of the message's form.
void CheckRefusal(const absl::Status& status, const google::protobuf::Message& message,
                  bool parsed) {
  const std::optional<record::Reason> reason = record::ReasonOf(status);
  LEAT_CHECK(reason == record::Reason::kInvalidField || reason == record::Reason::kUnknownField);
  if (parsed && reason == record::Reason::kUnknownField) {
    LEAT_CHECK(!RefuseUnknownFields(message).ok());
  }
}

void CheckPayload(const ProduceRequest& ours, const v1::ProduceRequest& theirs) {
  if (theirs.has_records()) {
    v1::RecordSet records;
    LEAT_CHECK(ours.codec == record::Codec::kNone);
    LEAT_CHECK(records.ParseFromString(std::string(ours.payload)));
    LEAT_CHECK(records.SerializeAsString() == theirs.records().SerializeAsString());
    return;
  }
  LEAT_CHECK(theirs.has_compressed());
  LEAT_CHECK(static_cast<int>(ours.codec) == theirs.compressed().codec());
  LEAT_CHECK(ours.record_count == theirs.compressed().record_count());
  LEAT_CHECK(ours.uncompressed_bytes == theirs.compressed().uncompressed_bytes());
  LEAT_CHECK(ours.payload == theirs.compressed().data());
}

void CheckSequence(const ProduceRequest& ours, const v1::ProduceRequest& theirs) {
  LEAT_CHECK(ours.sequence.has_value() == theirs.has_sequence());
  const record::ProducerSequence sequence = ours.sequence.value_or(record::ProducerSequence{});
  LEAT_CHECK(sequence.producer_id == theirs.sequence().producer_id());
  LEAT_CHECK(sequence.producer_epoch == theirs.sequence().producer_epoch());
  LEAT_CHECK(sequence.base_sequence == theirs.sequence().base_sequence());
  LEAT_CHECK(ours.expected_offset.has_value() == theirs.has_expected_offset());
  LEAT_CHECK(ours.expected_offset.value_or(0) == theirs.expected_offset());
  LEAT_CHECK(ours.expected_key_offset.has_value() == theirs.has_expected_key_offset());
  LEAT_CHECK(ours.expected_key_offset.value_or(0) == theirs.expected_key_offset());
  LEAT_CHECK(ours.partition_count.has_value() == theirs.has_partition_count());
  LEAT_CHECK(ours.partition_count.value_or(0) == theirs.partition_count());
}

void CheckProduce(std::string_view bytes, size_t piece_bytes) {
  const absl::StatusOr<ProduceRequest> ours =
      ParseProduceRequest(fuzz::InPieces(bytes, piece_bytes));
  v1::ProduceRequest theirs;
  const bool parsed = theirs.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()));
  if (!ours.ok()) return CheckRefusal(ours.status(), theirs, parsed);
  if (!parsed) {
    // Records are checked later, and by others.
    LEAT_CHECK(ours->codec == record::Codec::kNone);
    LEAT_CHECK(!v1::RecordSet().ParseFromString(std::string(ours->payload)));
    return;
  }
  LEAT_CHECK(IsTopicName(ours->topic));
  LEAT_CHECK(ours->topic == theirs.topic() && ours->topic_id == theirs.topic_id());
  LEAT_CHECK(ours->partition.has_value() == theirs.has_partition());
  LEAT_CHECK(ours->partition.value_or(0) == theirs.partition());
  LEAT_CHECK(ours->base_timestamp_ms.has_value() == theirs.has_base_timestamp_ms());
  LEAT_CHECK(ours->base_timestamp_ms.value_or(0) == theirs.base_timestamp_ms());
  LEAT_CHECK(ours->payload_crc32c.has_value() == theirs.has_payload_crc32c());
  LEAT_CHECK(ours->payload_crc32c.value_or(0) == theirs.payload_crc32c());
  CheckSequence(*ours, theirs);
  CheckPayload(*ours, theirs);
}

void CheckStreamRequest(std::string_view bytes, size_t piece_bytes) {
  const absl::StatusOr<ProduceStreamRequest> ours =
      ParseProduceStreamRequest(fuzz::InPieces(bytes, piece_bytes));
  v1::ProduceStreamRequest theirs;
  const bool parsed = theirs.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()));
  if (!ours.ok()) return CheckRefusal(ours.status(), theirs, parsed);
  const std::string produce(ours->produce);
  CheckProduce(produce, piece_bytes);
  if (!parsed) {
    LEAT_CHECK(!v1::ProduceRequest().ParseFromString(produce));
    return;
  }
  LEAT_CHECK(ours->request_id == theirs.request_id());
  LEAT_CHECK(ours->resume_after.has_value() == theirs.has_resume_after());
  LEAT_CHECK(ours->resume_after.value_or(0) == theirs.resume_after());
  LEAT_CHECK(ours->unordered == theirs.unordered());
}

}  // namespace
}  // namespace leat::rpc

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  leat::fuzz::FuzzInput input(data, size);
  const auto form = input.Take<uint8_t>();
  const std::string_view bytes = input.TakeRest();
  if (form % 2 == 0) {
    leat::rpc::CheckProduce(bytes, form / 2);
  } else {
    leat::rpc::CheckStreamRequest(bytes, form / 2);
  }
  return 0;
}
