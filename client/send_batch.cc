#include "client/send_batch.h"

#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "storage/record/compression.h"
#include "storage/record/error.h"

namespace leat::client {
namespace {

// Tag and length of a field, at most, for fields of less than 2 GiB.
constexpr size_t kFieldOverheadBytes = 6;
constexpr size_t kTimestampBytes = 11;

// Half the span of deltas that a record set may have, so that two timestamps of one batch always
// fit.
constexpr int64_t kMaxTimestampMs = 500'000'000'000'000;

size_t SizeOf(const std::optional<std::string_view>& bytes) {
  return bytes.has_value() ? bytes->size() + kFieldOverheadBytes : 0;
}

}  // namespace

void SendBatch::Add(const OutgoingRecord& record, int64_t timestamp_ms, size_t charge_bytes,
                    SendCallback callback) {
  if (callbacks_.empty()) base_timestamp_ms_ = timestamp_ms;
  builder_.Add(record.key, record.value, timestamp_ms - base_timestamp_ms_, record.headers);
  callbacks_.push_back(std::move(callback));
  charged_bytes_ += charge_bytes;
}

void SendBatch::Seal(record::Codec codec) {
  if (payload_ != nullptr) return;
  std::string payload = builder_.Take();
  uncompressed_bytes_ = static_cast<uint32_t>(payload.size());
  if (codec != record::Codec::kNone) {
    absl::StatusOr<std::string> compressed = record::Compress(codec, payload);
    if (compressed.ok() && compressed->size() < payload.size()) {
      codec_ = codec;
      payload = *std::move(compressed);
    }
  }
  payload_crc32c_ = record::Crc32c(payload);
  payload_ = std::make_shared<const std::string>(std::move(payload));
}

void SendBatch::Complete(const SendResult& first, const std::vector<RecordPlace>& places) {
  SendResult result = first;
  result.partition = target_->partition;
  for (size_t i = 0; i < callbacks_.size(); ++i) {
    if (i < places.size()) {
      result.offset = places[i].offset;
      result.duplicate = places[i].duplicate;
    }
    if (callbacks_[i]) std::move(callbacks_[i])(result);
    ++result.offset;
  }
  callbacks_.clear();
}

size_t MaxEncodedBytes(const OutgoingRecord& record) {
  size_t bytes = kFieldOverheadBytes + kTimestampBytes + SizeOf(record.key) + SizeOf(record.value);
  for (const record::HeaderView& header : record.headers) {
    bytes += 2 * kFieldOverheadBytes + header.name.size() + SizeOf(header.value);
  }
  return bytes;
}

absl::Status CheckOutgoingRecord(const OutgoingRecord& record, uint32_t max_record_bytes) {
  const int64_t timestamp_ms = record.timestamp_ms.value_or(0);
  if (timestamp_ms > kMaxTimestampMs || timestamp_ms < -kMaxTimestampMs) {
    return record::MakeError(record::Reason::kInvalidRecords,
                             absl::StrCat("timestamp ", timestamp_ms, " ms is out of range"));
  }
  // Nothing else of a record without headers can be wrong.
  if (record.headers.empty() && MaxEncodedBytes(record) <= max_record_bytes)
    return absl::OkStatus();
  record::RecordSetBuilder alone;
  alone.Add(record.key, record.value, timestamp_ms, record.headers);
  return record::CheckRecordSet(alone.Take(), {.max_record_bytes = max_record_bytes}).status();
}

}  // namespace leat::client
