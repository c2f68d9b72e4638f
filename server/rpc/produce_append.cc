#include "server/rpc/produce_append.h"

#include <algorithm>
#include <atomic>
#include <functional>
#include <memory>
#include <numeric>
#include <utility>

#include "server/rpc/status.h"

namespace leat::rpc {
namespace {

// So many bytes of keyless records go to one partition before the next has its turn: small calls
// share flushes, and in the long run the partitions share the load.
constexpr uint64_t kStickyBytes = 256 << 10;

// Joins the parts' appends, each of which ends on its own shard's thread.
struct Join {
  Join(PlannedProduce produce, ProduceDone done, size_t under_way)
      : produce(std::move(produce)), done(std::move(done)), under_way(under_way) {}

  PlannedProduce produce;
  ProduceDone done;
  std::atomic<size_t> under_way;

  void Arrive() {
    if (under_way.fetch_sub(1, std::memory_order_acq_rel) == 1) {
      std::move(done)(std::move(produce));
    }
  }
};

bool IsOpen(const PartOutcome& outcome) { return !outcome.result.has_value(); }

bool MayBeAppended(const PartOutcome& outcome) {
  const absl::Status& status = outcome.result->status();
  return absl::IsUnknown(status) || absl::IsInternal(status) || absl::IsCancelled(status);
}

v1::RecordOffsets ToProto(const log::RecordPlaces& places) {
  v1::RecordOffsets result;
  std::string& duplicates = *result.mutable_duplicates();
  duplicates.resize((places.duplicates.size() + 7) / 8);
  for (size_t i = 0; i < places.offsets.size(); ++i) {
    result.add_offsets(places.offsets[i].value);
    if (places.duplicates[i]) duplicates[i / 8] = static_cast<char>(duplicates[i / 8] | 1 << i % 8);
  }
  return result;
}

v1::ProducedPart ToProto(const PartOutcome& outcome) {
  const ProducePart& part = outcome.part;
  v1::ProducedPart result;
  result.set_partition(part.partition);
  for (const uint32_t index : part.record_indexes) result.add_record_indexes(index);
  if (!outcome.appended()) {
    *result.mutable_error() = ToRpcStatus(outcome.result->status());
    return result;
  }
  const log::AppendResult& appended = **outcome.result;
  result.set_base_offset(appended.base_offset.value);
  result.set_record_count(part.batch.header.record_count);
  result.set_append_timestamp_ms(appended.append_timestamp_ms);
  result.set_durability(v1::DURABILITY_SYNCED);
  result.set_duplicate(appended.duplicate);
  if (appended.places != nullptr) *result.mutable_record_offsets() = ToProto(*appended.places);
  return result;
}

}  // namespace

absl::StatusOr<PlannedProduce> Prepare(const ProduceRequest& request, RpcContext& context) {
  PlannedProduce produce;
  auto topic = context.broker.FindTopic(request.topic, request.topic_id);
  if (!topic.ok()) return topic.status();
  produce.topic = *std::move(topic);
  ProduceSituation situation;
  situation.now_ms = context.broker.clock().WallMillis();
  if (!request.partition.has_value()) {
    situation.sticky = context.unplaced_bytes.fetch_add(request.payload.size()) / kStickyBytes;
  }
  auto parts = PlanProduce(request, *produce.topic, situation);
  if (!parts.ok()) return parts.status();
  if (request.expected_offset.has_value()) produce.expected_offset = {*request.expected_offset};
  if (request.expected_key_offset.has_value()) {
    produce.expected_key_offset = {*request.expected_key_offset};
  }
  for (ProducePart& part : *parts) produce.parts.push_back({.part = std::move(part)});
  return produce;
}

size_t BytesBesidePayload(const PlannedProduce& produce) {
  return std::transform_reduce(
      produce.parts.begin(), produce.parts.end(), size_t{0}, std::plus<>(),
      [](const PartOutcome& outcome) { return BytesBesidePayload(outcome.part); });
}

void AppendParts(broker::Broker& broker, PlannedProduce produce, ProduceDone done) {
  const size_t count = std::count_if(produce.parts.begin(), produce.parts.end(), IsOpen);
  // One more for this function, so that `done` cannot run while it still posts.
  auto join = std::make_shared<Join>(std::move(produce), std::move(done), count + 1);
  for (PartOutcome& outcome : join->produce.parts) {
    if (!IsOpen(outcome)) continue;
    record::Batch batch = outcome.part.batch;
    outcome.part.batch.payload.Clear();
    broker.Append(join->produce.topic, outcome.part.partition, std::move(batch),
                  [join, &outcome](absl::StatusOr<log::AppendResult> result) {
                    outcome.result = std::move(result);
                    join->Arrive();
                  },
                  {.lane = outcome.lane,
                   .conditions = {.expected_offset = join->produce.expected_offset,
                                  .records = outcome.part.records,
                                  .keys = outcome.part.keys,
                                  .expected_key_offset = join->produce.expected_key_offset}});
  }
  join->Arrive();
}

absl::StatusOr<v1::ProduceResponse> ToResponse(const PlannedProduce& produce) {
  const auto& parts = produce.parts;
  if (std::none_of(parts.begin(), parts.end(), [](const auto& part) { return part.appended(); })) {
    const auto unknown = std::find_if(parts.begin(), parts.end(), MayBeAppended);
    return (unknown == parts.end() ? parts.front() : *unknown).result->status();
  }
  v1::ProduceResponse response;
  response.set_topic_id(broker::FormatUuid(produce.topic->id));
  for (const PartOutcome& outcome : parts) *response.add_parts() = ToProto(outcome);
  return response;
}

}  // namespace leat::rpc
