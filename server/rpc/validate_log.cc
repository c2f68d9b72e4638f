// Requests of LogService but for the raw ones, which `produce_request` checks as it reads.
#include <fmt/format.h>

#include <set>

#include "server/rpc/validate.h"

namespace leat::rpc {
namespace {

constexpr int64_t kMinChunkBytes = 1 << 10;
constexpr int64_t kMaxChunkBytes = 3 << 20;
constexpr int64_t kMaxQueries = 1'024;
constexpr int64_t kMinHeartbeatMillis = 100;
constexpr int64_t kMaxHeartbeatMillis = 10 * 60 * 1'000;
constexpr int64_t kMaxWaitMillis = 5 * 60 * 1'000;

void CheckAcceptBatches(const v1::AcceptBatches& accept, FieldErrors& errors) {
  for (const int codec : accept.codecs()) {
    if (!v1::Codec_IsValid(codec)) {
      errors.Add("accept_batches.codecs", fmt::format("has the unknown codec {}", codec));
    }
  }
}

// Violations are told once for all partitions: a thousand would not help.
template <typename Partitions>
void CheckDistinct(std::string_view field, const Partitions& partitions, FieldErrors& errors) {
  std::set<uint32_t> seen;
  for (const auto& partition : partitions) {
    if (seen.insert(partition.partition()).second) continue;
    errors.Add(field, fmt::format("names partition {} twice", partition.partition()));
    return;
  }
}

}  // namespace

void CheckPosition(std::string_view field, const v1::Position& position, FieldErrors& errors) {
  if (position.position_case() == v1::Position::POSITION_NOT_SET) {
    errors.Add(field, "must be an offset, a timestamp, earliest, latest or last_records");
  }
  if (position.has_offset() && position.offset() < 0) errors.Add(field, "is a negative offset");
  if (position.has_last_records() && position.last_records() > INT64_MAX) {
    errors.Add(field, "is more records than a partition can hold");
  }
}

void CheckRangeUnlessZero(std::string_view field, int64_t value, int64_t least, int64_t most,
                          FieldErrors& errors) {
  if (value != 0) errors.CheckRange(field, value, least, most);
}

absl::Status Validate(const v1::InitProducerRequest& request) {
  FieldErrors errors;
  CheckTopicName(request.topic(), errors);
  CheckTopicId(request.topic_id(), errors);
  CheckProducerName(request.name(), errors);
  return errors.ToStatus();
}

absl::Status Validate(const v1::ReadRequest& request) {
  FieldErrors errors;
  CheckTopicName(request.topic(), errors);
  CheckTopicId(request.topic_id(), errors);
  CheckDistinct("partitions", request.partitions(), errors);
  if (request.has_start()) CheckPosition("start", request.start(), errors);
  if (request.has_end()) CheckPosition("end", request.end(), errors);
  for (const v1::PartitionRead& partition : request.partitions()) {
    if (partition.has_start()) CheckPosition("partitions.start", partition.start(), errors);
    if (partition.has_end()) CheckPosition("partitions.end", partition.end(), errors);
  }
  CheckRangeUnlessZero("max_chunk_bytes", request.max_chunk_bytes(), kMinChunkBytes, kMaxChunkBytes,
                       errors);
  CheckRangeUnlessZero("heartbeat_interval_ms", request.heartbeat_interval_ms(),
                       kMinHeartbeatMillis, kMaxHeartbeatMillis, errors);
  CheckAcceptBatches(request.accept_batches(), errors);
  return errors.ToStatus();
}

absl::Status Validate(const v1::FetchRequest& request) {
  FieldErrors errors;
  CheckTopicName(request.topic(), errors);
  CheckTopicId(request.topic_id(), errors);
  if (request.partitions().empty()) errors.Add("partitions", "must name at least one partition");
  CheckDistinct("partitions", request.partitions(), errors);
  for (const v1::PartitionFetch& partition : request.partitions()) {
    if (partition.offset() >= 0) continue;
    errors.Add("partitions.offset", "is negative");
    break;
  }
  errors.CheckRange("max_wait_ms", request.max_wait_ms(), 0, kMaxWaitMillis);
  errors.CheckRange("max_bytes", request.max_bytes(), 0, kMaxChunkBytes);
  if (request.min_bytes() > (request.max_bytes() == 0 ? 1u << 20 : request.max_bytes())) {
    errors.Add("min_bytes", "is more than max_bytes");
  }
  CheckAcceptBatches(request.accept_batches(), errors);
  return errors.ToStatus();
}

absl::Status Validate(const v1::ListOffsetsRequest& request) {
  FieldErrors errors;
  CheckTopicName(request.topic(), errors);
  CheckTopicId(request.topic_id(), errors);
  errors.CheckRange("queries", request.queries_size(), 0, kMaxQueries);
  for (const v1::OffsetQuery& query : request.queries()) {
    if (query.has_position()) CheckPosition("queries.position", query.position(), errors);
  }
  return errors.ToStatus();
}

}  // namespace leat::rpc
