#include "server/rpc/produce_plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <memory>
#include <string>
#include <utility>

#include "server/rpc/byte_buffer.h"
#include "server/rpc/owned_payload.h"
#include "storage/record/compression.h"
#include "storage/record/error.h"
#include "storage/record/partitioner.h"
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

absl::StatusOr<SharedRecords> Identify(std::string_view set,
                                       const broker::TopicSettings& settings) {
  if (!settings.deduplicates()) return nullptr;
  absl::StatusOr<record::IdentifiedRecords> records = record::IdentifyRecords(set);
  if (!records.ok()) return records.status();
  if (records->empty()) return nullptr;
  return std::make_shared<const record::IdentifiedRecords>(*std::move(records));
}

// What the records of a request say.
struct CheckedRecords {
  record::RecordSetSummary summary;
  SharedRecords records;  // As in `ProducePart`.
};

absl::StatusOr<CheckedRecords> CheckSet(std::string_view set, const record::RecordLimits& limits,
                                        const broker::TopicSettings& settings) {
  const absl::StatusOr<record::RecordSetSummary> summary = record::CheckRecordSet(set, limits);
  if (!summary.ok()) return summary.status();
  absl::StatusOr<SharedRecords> records = Identify(set, settings);
  if (!records.ok()) return records.status();
  return CheckedRecords{.summary = *summary, .records = *std::move(records)};
}

absl::StatusOr<CheckedRecords> CheckRecords(const ProduceRequest& request, std::string_view payload,
                                            const broker::TopicSettings& settings) {
  record::RecordLimits limits;
  limits.max_record_bytes = settings.max_record_bytes;
  limits.keys_required = settings.cleanup != broker::Cleanup::kDelete;
  if (request.codec == record::Codec::kNone) return CheckSet(payload, limits, settings);
  const auto set = record::Decompress(request.codec, payload, request.uncompressed_bytes);
  if (!set.ok()) return set.status();
  auto checked = CheckSet(*set, limits, settings);
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

// The records of one partition, while they are gathered.
struct Share {
  std::string set;
  record::RecordSetSummary summary;
  std::vector<uint32_t> indexes;

  void Add(const record::RecordView& record, uint32_t index) {
    set += record.element;
    indexes.push_back(index);
    const int64_t delta = record.timestamp_delta_ms;
    summary.min_timestamp_delta_ms =
        summary.record_count == 0 ? delta : std::min(summary.min_timestamp_delta_ms, delta);
    summary.max_timestamp_delta_ms =
        summary.record_count == 0 ? delta : std::max(summary.max_timestamp_delta_ms, delta);
    ++summary.record_count;
  }
};

// By what records find their partition.
struct Routing {
  uint32_t partition_count = 1;
  uint64_t sticky = 0;
  bool by_id = false;  // Those without a key.
};

uint32_t PartitionOf(const record::RecordView& record, const Routing& routing) {
  std::optional<std::string_view> key = record.key;
  if (!key.has_value() && routing.by_id)
    key = record::FindMessageId(record.headers).value_or(std::nullopt);
  return key.has_value() ? record::PartitionForKey(*key, routing.partition_count)
                         : static_cast<uint32_t>(routing.sticky % routing.partition_count);
}

// The one partition that all records of `set` go to, or nullopt.
absl::StatusOr<std::optional<uint32_t>> CommonPartition(std::string_view set,
                                                        const Routing& routing) {
  std::optional<uint32_t> common;
  bool same = true;
  const auto status = record::ForEachRecord(set, [&](const record::RecordView& record, uint32_t) {
    const uint32_t partition = PartitionOf(record, routing);
    same = partition == common.value_or(partition);
    common = partition;
    return same;
  });
  if (!status.ok()) return status;
  return same ? common : std::nullopt;
}

absl::StatusOr<std::map<uint32_t, Share>> SplitByKey(std::string_view set, const Routing& routing) {
  std::map<uint32_t, Share> shares;
  const auto status =
      record::ForEachRecord(set, [&](const record::RecordView& record, uint32_t index) {
        shares[PartitionOf(record, routing)].Add(record, index);
        return true;
      });
  if (!status.ok()) return status;
  return shares;
}

ProducePart MakePart(uint32_t partition, Share share, const record::BatchHeader& whole) {
  ProducePart part;
  part.partition = partition;
  part.batch.header = MakeHeader(share.summary, whole.base_timestamp_ms, whole.timestamp_type);
  part.batch.header.payload_bytes = static_cast<uint32_t>(share.set.size());
  part.batch.header.uncompressed_bytes = part.batch.header.payload_bytes;
  part.batch.header.payload_crc32c = record::Crc32c(share.set);
  part.batch.payload = absl::Cord(std::move(share.set));
  part.record_indexes = std::move(share.indexes);
  return part;
}

absl::StatusOr<std::vector<ProducePart>> Distribute(record::Batch whole, SharedRecords records,
                                                    const broker::TopicSettings& settings,
                                                    Routing routing) {
  std::vector<ProducePart> parts;
  const std::string_view set = FlatView(whole.payload);
  routing.by_id = records != nullptr;
  const auto common = CommonPartition(set, routing);
  if (!common.ok()) return common.status();
  if (common->has_value()) {
    parts.push_back({**common, std::move(whole), {}, std::move(records)});
    return parts;
  }
  auto shares = SplitByKey(set, routing);
  if (!shares.ok()) return shares.status();
  for (auto& [partition, share] : *shares) {
    absl::StatusOr<SharedRecords> own = Identify(share.set, settings);
    if (!own.ok()) return own.status();
    parts.push_back(MakePart(partition, std::move(share), whole.header));
    parts.back().records = *std::move(own);
  }
  return parts;
}

}  // namespace

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
  if (request.partition.has_value()) {
    std::vector<ProducePart> parts;
    parts.push_back({*request.partition, std::move(batch), {}, std::move(checked->records)});
    return parts;
  }
  return Distribute(std::move(batch), std::move(checked->records), topic.settings,
                    {.partition_count = request.partition_count.value_or(topic.partition_count),
                     .sticky = situation.sticky});
}

bool TakesLong(const ProduceRequest& request) {
  return request.codec != record::Codec::kNone || request.payload.size() > kShortBytes;
}

}  // namespace leat::rpc
