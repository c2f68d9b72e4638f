#include "bench/suite/null_reactors.h"

#include <string>
#include <vector>

#include "bench/load/channel.h"
#include "storage/record/batch.h"
#include "storage/record/wire.h"

namespace leat::bench {
namespace {

constexpr char kTopicId[] = "00000000-0000-0000-0000-000000000000";
constexpr size_t kFrontBytes = 16;

grpc::ByteBuffer ToBytes(const google::protobuf::Message& message) {
  const grpc::Slice slice(message.SerializeAsString());
  return grpc::ByteBuffer(&slice, 1);
}

// Of a `ProduceStreamRequest`, whose first field it is, without a look at the rest.
uint64_t RequestIdOf(const grpc::ByteBuffer& request) {
  std::vector<grpc::Slice> slices;
  if (!request.Dump(&slices).ok()) return 0;
  const std::string front = FrontOf(slices, kFrontBytes);
  record::WireReader reader(front);
  record::WireTag tag = 0;
  uint64_t id = 0;
  const bool found = reader.ReadTag(&tag) &&
                     record::FieldOf(tag) == v1::ProduceStreamRequest::kRequestIdFieldNumber &&
                     reader.ReadVarint(&id);
  return found ? id : 0;
}

}  // namespace

void KeptBatch::Keep(const v1::ProduceRequest& request) {
  absl::MutexLock lock(&mutex_);
  if (response_.has_value()) return;
  v1::ReadResponse& response = response_.emplace();
  response.set_topic_id(kTopicId);
  response.set_next_offset(request.records().records_size());
  response.set_high_watermark(request.records().records_size());
  v1::RecordBatch& batch = *response.mutable_batch();
  batch.set_payload(request.records().SerializeAsString());
  batch.set_payload_crc32c(record::Crc32c(batch.payload()));
  batch.set_record_count(static_cast<uint32_t>(request.records().records_size()));
  batch.set_last_offset_delta(batch.record_count() - 1);
  batch.set_uncompressed_bytes(static_cast<uint32_t>(batch.payload().size()));
}

bool KeptBatch::kept() const {
  absl::MutexLock lock(&mutex_);
  return response_.has_value();
}

grpc::ByteBuffer KeptBatch::AsReadResponse() const {
  absl::MutexLock lock(&mutex_);
  return ToBytes(response_.value_or(v1::ReadResponse()));
}

v1::ProduceResponse NullAnswer(uint32_t record_count) {
  v1::ProduceResponse response;
  response.set_topic_id(kTopicId);
  v1::ProducedPart& part = *response.add_parts();
  part.set_record_count(record_count);
  part.set_append_timestamp_ms(1'700'000'000'000);
  part.set_durability(v1::DURABILITY_SYNCED);
  return response;
}

void NullProduceStream::OnReadDone(bool ok) {
  absl::MutexLock lock(&mutex_);
  if (!ok) {
    reads_ended_ = true;
    return WriteNext();
  }
  if (!kept_.kept()) {
    v1::ProduceStreamRequest request;
    if (ParseBytes(request_, &request)) kept_.Keep(request.produce());
  }
  due_.push_back(RequestIdOf(request_));
  WriteNext();
  StartRead(&request_);
}

void NullProduceStream::OnWriteDone(bool ok) {
  absl::MutexLock lock(&mutex_);
  writing_ = false;
  if (!ok) due_.clear();
  WriteNext();
}

void NullProduceStream::WriteNext() {
  if (writing_ || finished_) return;
  if (due_.empty()) {
    finished_ = reads_ended_;
    if (finished_) Finish(grpc::Status::OK);
    return;
  }
  // Serialized for each, as a real one is.
  v1::ProduceStreamResponse response;
  response.set_request_id(due_.front());
  *response.mutable_produced() = NullAnswer(1);
  due_.pop_front();
  answer_ = ToBytes(response);
  writing_ = true;
  StartWrite(&answer_);
}

}  // namespace leat::bench
