#include "server/rpc/produce_plan.h"

#include <fmt/format.h>

#include <memory>
#include <string>
#include <utility>

#include "server/rpc/byte_buffer.h"
#include "server/rpc/owned_payload.h"
#include "server/rpc/produce_routing.h"
#include "server/rpc/validate.h"
#include "storage/record/compression.h"
#include "storage/record/error.h"
#include "storage/record/record_set.h"

namespace leat::rpc {
namespace {

using record::MakeError;
using record::Reason;

// Checking runs at about a gigabyte a second: below this it costs less than waking another thread.
constexpr size_t kShortBytes = 64 << 10;

constexpr uint64_t kMaxExpansion = 4;  // Uncompressed bytes for each byte that a batch may have.

absl::Status TooLarge(std::string_view limit, uint64_t actual, uint64_t maximum) {
  return MakeError(Reason::kTooLarge,
                   fmt::format("{} bytes are more than {}, which is {}", actual, limit, maximum),
                   {{"limit", std::string(limit)},
                    {"actual", std::to_string(actual)},
                    {"maximum", std::to_string(maximum)}});
}

// The partition, or the last one of those that records are spread over, must be there.
absl::Status CheckPartition(const ProduceRequest& request, const broker::Topic& topic) {
  const uint32_t partition = request.partition.value_or(request.partition_count.value_or(1) - 1);
  if (partition < topic.partition_count) return absl::OkStatus();
  return MakeError(Reason::kPartitionNotFound,
                   fmt::format("topic {} has no partition {}, only {}", topic.name, partition,
                               topic.partition_count),
                   {{"topic", topic.name},
                    {"partition", std::to_string(partition)},
                    {"partitionCount", std::to_string(topic.partition_count)}});
}

absl::Status CheckSize(const ProduceRequest& request, const broker::TopicSettings& settings) {
  const uint64_t limit = settings.max_batch_bytes;
  if (request.payload.size() > limit) {
    return TooLarge("max_batch_bytes", request.payload.size(), limit);
  }
  if (request.codec != record::Codec::kNone && request.uncompressed_bytes > kMaxExpansion * limit) {
    return TooLarge("4 * max_batch_bytes", request.uncompressed_bytes, kMaxExpansion * limit);
  }
  return absl::OkStatus();
}

absl::Status CheckCrc(const ProduceRequest& request, uint32_t actual) {
  if (request.payload_crc32c.value_or(actual) == actual) return absl::OkStatus();
  return MakeError(Reason::kChecksumMismatch,
                   fmt::format("payload_crc32c is {:08x}, that of the bytes received is {:08x}",
                               *request.payload_crc32c, actual));
}

using SharedRecords = std::shared_ptr<const record::IdentifiedRecords>;
using SharedKeys = std::shared_ptr<const record::KeyFingerprints>;

absl::StatusOr<SharedRecords> Identify(std::string_view set,
                                       const broker::TopicSettings& settings) {
  if (!settings.deduplicates()) return nullptr;
  absl::StatusOr<record::IdentifiedRecords> records = record::IdentifyRecords(set);
  if (!records.ok()) return records.status();
  if (records->empty()) return nullptr;
  return std::make_shared<const record::IdentifiedRecords>(*std::move(records));
}

absl::StatusOr<SharedKeys> KeysOf(std::string_view set, const ProduceRequest& request,
                                  const broker::TopicSettings& settings) {
  if (settings.checked_keys == 0 && !request.expected_key_offset.has_value()) return nullptr;
  absl::StatusOr<record::KeyFingerprints> keys = record::FingerprintKeys(set);
  if (!keys.ok()) return keys.status();
  return std::make_shared<const record::KeyFingerprints>(*std::move(keys));
}

// What the records of a request say.
struct CheckedRecords {
  record::RecordSetSummary summary;
  SharedRecords records;  // As in `ProducePart`.
  SharedKeys keys;        // Likewise.
};

absl::StatusOr<CheckedRecords> CheckSet(std::string_view set, const ProduceRequest& request,
                                        const broker::TopicSettings& settings) {
  record::RecordLimits limits;
  limits.max_record_bytes = settings.max_record_bytes;
  limits.keys_required =
      settings.cleanup != broker::Cleanup::kDelete || request.expected_key_offset.has_value();
  const absl::StatusOr<record::RecordSetSummary> summary = record::CheckRecordSet(set, limits);
  if (!summary.ok()) return summary.status();
  absl::StatusOr<SharedRecords> records = Identify(set, settings);
  if (!records.ok()) return records.status();
  absl::StatusOr<SharedKeys> keys = KeysOf(set, request, settings);
  if (!keys.ok()) return keys.status();
  return CheckedRecords{
      .summary = *summary, .records = *std::move(records), .keys = *std::move(keys)};
}

absl::StatusOr<CheckedRecords> CheckRecords(const ProduceRequest& request, std::string_view payload,
                                            const broker::TopicSettings& settings) {
  if (request.codec == record::Codec::kNone) return CheckSet(payload, request, settings);
  const auto set = record::Decompress(request.codec, payload, request.uncompressed_bytes);
  if (!set.ok()) return set.status();
  auto checked = CheckSet(*set, request, settings);
  if (!checked.ok() || checked->summary.record_count == request.record_count) return checked;
  const std::string detail = fmt::format("record_count is {}, there are {} records",
                                         request.record_count, checked->summary.record_count);
  return MakeError(Reason::kInvalidRecords, detail, {{"detail", detail}});
}

record::BatchHeader MakeHeader(const record::RecordSetSummary& summary, int64_t base_timestamp_ms,
                               record::TimestampType timestamp_type) {
  record::BatchHeader header;
  header.record_count = summary.record_count;
  header.last_offset_delta = summary.record_count - 1;
  header.base_timestamp_ms = base_timestamp_ms;
  header.max_timestamp_ms = base_timestamp_ms + summary.max_timestamp_delta_ms;
  header.timestamp_type = timestamp_type;
  return header;
}

absl::Status SeveralPartitions() {
  FieldErrors errors;
  errors.Add("expected_key_offset",
             "is an offset of one partition, and the records belong to several");
  return errors.ToStatus();
}

}  // namespace

size_t BytesBesidePayload(const ProducePart& part) {
  const size_t records = part.records == nullptr ? 0 : part.records->size();
  const size_t keys = part.keys == nullptr ? 0 : part.keys->size();
  return part.record_indexes.size() * sizeof(part.record_indexes[0]) +
         records * sizeof(record::IdentifiedRecord) +
         keys * sizeof(record::KeyFingerprints::value_type);
}

absl::StatusOr<std::vector<ProducePart>> PlanProduce(const ProduceRequest& request,
                                                     const broker::Topic& topic,
                                                     const ProduceSituation& situation) {
  if (auto status = CheckPartition(request, topic); !status.ok()) return status;
  if (auto status = CheckSize(request, topic.settings); !status.ok()) return status;

  record::Batch batch;
  OwnedPayload owned = CopyPayload(request.payload);
  const uint32_t crc = owned.crc32c;
  batch.payload = std::move(owned.bytes);
  const std::string_view payload = FlatView(batch.payload);
  if (auto status = CheckCrc(request, crc); !status.ok()) return status;
  auto checked = CheckRecords(request, payload, topic.settings);
  if (!checked.ok()) return checked.status();

  batch.header = MakeHeader(checked->summary, request.base_timestamp_ms.value_or(situation.now_ms),
                            topic.settings.timestamp_type);
  batch.header.codec = request.codec;
  batch.header.payload_crc32c = crc;
  batch.header.payload_bytes = static_cast<uint32_t>(payload.size());
  batch.header.uncompressed_bytes = request.codec == record::Codec::kNone
                                        ? batch.header.payload_bytes
                                        : request.uncompressed_bytes;
  if (request.sequence.has_value()) {
    batch.header.producer_id = request.sequence->producer_id;
    batch.header.producer_epoch = request.sequence->producer_epoch;
    batch.header.base_sequence = request.sequence->base_sequence;
  }
  ProducePart whole{.batch = std::move(batch),
                    .records = std::move(checked->records),
                    .keys = std::move(checked->keys)};
  if (request.partition.has_value()) {
    whole.partition = *request.partition;
    std::vector<ProducePart> parts;
    parts.push_back(std::move(whole));
    return parts;
  }
  const Routing routing{.partition_count = request.partition_count.value_or(topic.partition_count),
                        .by_id = whole.records != nullptr,
                        .sticky = situation.sticky};
  auto parts = Distribute(std::move(whole), routing);
  if (parts.ok() && parts->size() > 1 && request.expected_key_offset.has_value()) {
    return SeveralPartitions();
  }
  return parts;
}

bool TakesLong(const ProduceRequest& request) {
  return request.codec != record::Codec::kNone || request.payload.size() > kShortBytes;
}

}  // namespace leat::rpc
