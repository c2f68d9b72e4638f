#include "server/rpc/read_request.h"

#include <fmt/format.h>

#include <limits>
#include <utility>

#include "server/rpc/validate.h"

namespace leat::rpc {
namespace {

constexpr size_t kDefaultChunkBytes = 1 << 20;
constexpr absl::Duration kDefaultHeartbeat = absl::Seconds(15);

v1::Position StartOf(const v1::PartitionRead& partition, const v1::ReadRequest& request) {
  if (partition.has_start()) return partition.start();
  if (request.has_start()) return request.start();
  v1::Position earliest;
  earliest.mutable_earliest();
  return earliest;
}

std::optional<v1::Position> EndOf(const v1::PartitionRead& partition,
                                  const v1::ReadRequest& request) {
  if (partition.has_end()) return partition.end();
  if (request.has_end()) return request.end();
  return std::nullopt;
}

}  // namespace

absl::Status ParseRequest(const absl::Cord& bytes, google::protobuf::Message* request) {
  if (request->ParseFromString(std::string(bytes))) return RefuseUnknownFields(*request);
  FieldErrors errors;
  errors.Add(request->GetDescriptor()->name(), "is not a well-formed protobuf message");
  return errors.ToStatus();
}

absl::StatusOr<v1::ReadRequest> ParseReadRequest(const absl::Cord& bytes) {
  v1::ReadRequest request;
  if (auto status = ParseRequest(bytes, &request); !status.ok()) return status;
  if (auto status = Validate(request); !status.ok()) return status;
  return request;
}

ReadPlan PlanRead(const v1::ReadRequest& request, const broker::Topic& topic) {
  std::vector<v1::PartitionRead> partitions(request.partitions().begin(),
                                            request.partitions().end());
  if (partitions.empty()) {
    partitions.resize(topic.partition_count);
    for (uint32_t i = 0; i < topic.partition_count; ++i) partitions[i].set_partition(i);
  }
  ReadPlan plan;
  plan.skip_to_log_start = request.skip_to_log_start();
  for (const v1::PartitionRead& partition : partitions) {
    plan.queries.push_back({partition.partition(), StartOf(partition, request)});
  }
  for (const v1::PartitionRead& partition : partitions) {
    auto end = EndOf(partition, request);
    plan.end_at.push_back(end.has_value() ? std::optional(plan.queries.size()) : std::nullopt);
    if (end.has_value()) plan.queries.push_back({partition.partition(), *std::move(end)});
  }
  return plan;
}

absl::StatusOr<std::vector<ReadCursor>> MakeCursors(const ReadPlan& plan,
                                                    const std::vector<ResolvedPosition>& found) {
  std::vector<ReadCursor> cursors;
  for (size_t i = 0; i < plan.end_at.size(); ++i) {
    const ResolvedPosition& start = found[i];
    const bool skips = plan.skip_to_log_start && start.offset < start.log_start;
    const auto in_range =
        CheckOffset(start.partition, start.offset, start.log_start, start.high_watermark);
    if (!in_range.ok() && !skips) return in_range;
    const record::Offset end = plan.end_at[i].has_value()
                                   ? found[*plan.end_at[i]].offset
                                   : record::Offset{std::numeric_limits<int64_t>::max()};
    ReadCursor& cursor =
        cursors.emplace_back(start.partition, start.offset, end, start.high_watermark);
    if (skips) cursor.SkipTo(start.log_start);
  }
  return cursors;
}

ReadFormat FormatOf(const v1::ReadRequest& request, const broker::Topic& topic) {
  ReadFormat format;
  format.topic_id = broker::FormatUuid(topic.id);
  format.max_chunk_bytes =
      request.max_chunk_bytes() == 0 ? kDefaultChunkBytes : request.max_chunk_bytes();
  if (request.has_accept_batches()) format.accept = BatchAcceptance(request.accept_batches());
  return format;
}

absl::Duration HeartbeatIntervalOf(const v1::ReadRequest& request) {
  return request.heartbeat_interval_ms() == 0 ? kDefaultHeartbeat
                                              : absl::Milliseconds(request.heartbeat_interval_ms());
}

}  // namespace leat::rpc
