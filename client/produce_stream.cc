#include "client/produce_stream.h"

#include <algorithm>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "client/status.h"
#include "leat/v1/log.pb.h"
#include "storage/record/error.h"
#include "storage/record/wire.h"

namespace leat::client {
namespace {

using record::AppendVarint;
using record::WireType;

constexpr char kMethod[] = "/leat.v1.LogService/ProduceStream";
// How often a connection in the making is looked at.
constexpr absl::Duration kConnectPoll = absl::Milliseconds(10);
// Pause between two streams, when the first ended by itself.
constexpr absl::Duration kReconnectPause = absl::Milliseconds(100);

void AppendVarintField(uint32_t field, uint64_t value, std::string* out) {
  AppendVarint(record::MakeTag(field, WireType::kVarint), out);
  AppendVarint(value, out);
}

// Tag and length of a field whose content follows elsewhere.
void AppendFieldStart(uint32_t field, size_t size, std::string* out) {
  AppendVarint(record::MakeTag(field, WireType::kBytes), out);
  AppendVarint(size, out);
}

// CompressedRecords, without the bytes of its last field.
std::string EncodeCompressedStart(const SendBatch& batch) {
  std::string out;
  AppendVarintField(v1::CompressedRecords::kCodecFieldNumber, static_cast<uint64_t>(batch.codec()),
                    &out);
  AppendVarintField(v1::CompressedRecords::kRecordCountFieldNumber, batch.record_count(), &out);
  AppendVarintField(v1::CompressedRecords::kUncompressedBytesFieldNumber,
                    batch.uncompressed_bytes(), &out);
  AppendFieldStart(v1::CompressedRecords::kDataFieldNumber, batch.payload()->size(), &out);
  return out;
}

// ProduceRequest, without the bytes of the payload, which are its last.
std::string EncodeRequestStart(const SendBatch& batch, Durability durability) {
  v1::ProduceRequest request;
  request.set_topic(batch.target().topic);
  request.set_topic_id(batch.target().topic_id);
  request.set_partition(batch.target().partition);
  request.set_durability(static_cast<v1::Durability>(durability));
  request.set_base_timestamp_ms(batch.base_timestamp_ms());
  request.set_payload_crc32c(batch.payload_crc32c());
  if (const std::optional<record::ProducerSequence>& sequence = batch.sequence()) {
    request.mutable_sequence()->set_producer_id(sequence->producer_id);
    request.mutable_sequence()->set_producer_epoch(sequence->producer_epoch);
    request.mutable_sequence()->set_base_sequence(sequence->base_sequence);
  }
  std::string out = request.SerializeAsString();
  if (batch.codec() == record::Codec::kNone) {
    AppendFieldStart(v1::ProduceRequest::kRecordsFieldNumber, batch.payload()->size(), &out);
  } else {
    const std::string compressed = EncodeCompressedStart(batch);
    AppendFieldStart(v1::ProduceRequest::kCompressedFieldNumber,
                     compressed.size() + batch.payload()->size(), &out);
    out += compressed;
  }
  return out;
}

absl::StatusOr<SendResult> ResultOf(const v1::ProduceStreamResponse& response) {
  SendResult result;
  if (response.result_case() == v1::ProduceStreamResponse::kError) {
    result.status = FromRpcStatus(response.error());
  } else if (response.produced().parts_size() == 1) {
    const v1::ProducedPart& part = response.produced().parts(0);
    if (part.has_error()) result.status = FromRpcStatus(part.error());
    result.offset = part.base_offset();
    result.append_timestamp_ms = part.append_timestamp_ms();
    result.duplicate = part.duplicate();
  } else {
    return absl::InternalError(
        "the server's answer to a request for one partition has no or several parts");
  }
  result.outcome = AppendOutcomeOf(result.status);
  return result;
}

std::vector<RecordPlace> PlacesOf(const v1::ProduceStreamResponse& response) {
  std::vector<RecordPlace> places;
  if (response.produced().parts_size() != 1) return places;
  const v1::RecordOffsets& told = response.produced().parts(0).record_offsets();
  const std::string& bits = told.duplicates();
  for (size_t i = 0; i < static_cast<size_t>(told.offsets_size()); ++i) {
    const bool duplicate = i / 8 < bits.size() && (bits[i / 8] >> i % 8 & 1) != 0;
    places.push_back({.offset = told.offsets(static_cast<int>(i)), .duplicate = duplicate});
  }
  return places;
}

// What the end of a stream says of requests that were not answered. All answers come before a good
// end, so those were not taken. Before an error gRPC may have let go of some; but a server that has
// too much to do says so before it takes any.
absl::Status MeaningOf(const absl::Status& end) {
  if (record::ReasonOf(end) == record::Reason::kBacklogFull) return end;
  if (!end.ok()) return absl::Status(end.code(), end.message());
  return record::MakeError(record::Reason::kServerStopping, "the server ended the stream");
}

}  // namespace

RawMessage EncodeProduceRequest(const SendBatch& batch, uint64_t request_id,
                                std::optional<uint64_t> resume_after, Durability durability) {
  const std::string request = EncodeRequestStart(batch, durability);
  std::string head;
  AppendVarintField(v1::ProduceStreamRequest::kRequestIdFieldNumber, request_id, &head);
  if (resume_after.has_value()) {
    AppendVarintField(v1::ProduceStreamRequest::kResumeAfterFieldNumber, *resume_after, &head);
  }
  AppendFieldStart(v1::ProduceStreamRequest::kProduceFieldNumber,
                   request.size() + batch.payload()->size(), &head);
  head += request;
  return {std::move(head), batch.payload()};
}

ProduceStream::ProduceStream(std::shared_ptr<const Connection> connection,
                             std::shared_ptr<Wakeup> wakeup, Durability durability)
    : connection_(std::move(connection)), wakeup_(std::move(wakeup)), durability_(durability) {}

bool ProduceStream::Ready(absl::Time now) {
  if (call_ != nullptr) return call_->CanWrite();
  if (now < not_before_) return false;
  if (!IsConnected(*connection_)) {
    not_before_ = now + kConnectPoll;
    if (last_error_.ok()) {
      last_error_ =
          absl::UnavailableError(absl::StrCat("no connection to ", connection_->options.target));
    }
    return false;
  }
  call_ = std::make_unique<RawCall>(connection_, kMethod, wakeup_);
  last_error_ = absl::OkStatus();
  return call_->CanWrite();
}

absl::Time ProduceStream::NextTry(absl::Time now) const {
  return call_ != nullptr ? absl::InfiniteFuture() : std::max(now, not_before_);
}

void ProduceStream::Send(const SendBatch& batch, uint64_t request_id,
                         std::optional<uint64_t> resume_after) {
  call_->Write(EncodeProduceRequest(batch, request_id, resume_after, durability_));
}

absl::StatusOr<std::optional<ProduceStream::Answer>> ProduceStream::NextAnswer() {
  if (call_ == nullptr) return std::nullopt;
  const std::optional<std::string> message = call_->Read();
  if (!message.has_value()) return std::nullopt;
  v1::ProduceStreamResponse response;
  if (!response.ParseFromString(*message)) {
    return absl::InternalError("the server's answer cannot be read");
  }
  absl::StatusOr<SendResult> result = ResultOf(response);
  if (!result.ok()) return std::move(result).status();
  return Answer{response.request_id(), *std::move(result), PlacesOf(response)};
}

std::optional<absl::Status> ProduceStream::TakeEnd(absl::Time now) {
  if (call_ == nullptr) return std::nullopt;
  std::optional<absl::Status> end = call_->Ended();
  if (!end.has_value()) return std::nullopt;
  absl::Status meaning = MeaningOf(*end);
  Break(now, end->ok() ? meaning : *end);
  return meaning;
}

void ProduceStream::Break(absl::Time now, absl::Status status) {
  call_.reset();
  last_error_ = std::move(status);
  not_before_ = now + RetryDelayOf(last_error_).value_or(kReconnectPause);
}

}  // namespace leat::client
