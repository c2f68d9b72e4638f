#include "server/rpc/position_resolver.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>

#include "server/rpc/timestamp_search.h"
#include "storage/record/error.h"

namespace leat::rpc {
namespace {

using record::Offset;

Offset OffsetOf(const v1::Position& position, Offset log_start, Offset high_watermark) {
  switch (position.position_case()) {
    case v1::Position::kOffset:
      return {position.offset()};
    case v1::Position::kEarliest:
      return log_start;
    case v1::Position::kLastRecords: {
      const auto available = static_cast<uint64_t>(high_watermark - log_start);
      return high_watermark +
             -static_cast<int64_t>(std::min<uint64_t>(position.last_records(), available));
    }
    case v1::Position::kLatest:
    case v1::Position::kTimestampMs:  // Until it is found.
    case v1::Position::POSITION_NOT_SET:
      break;
  }
  return high_watermark;
}

// One resolution: the partitions are described, then timestamps are searched, all at once.
class Resolution : public std::enable_shared_from_this<Resolution> {
 public:
  Resolution(RpcContext& context, broker::TopicHandle topic, std::vector<PositionQuery> queries,
             PositionsResolved done)
      : context_(context),
        topic_(std::move(topic)),
        queries_(std::move(queries)),
        done_(std::move(done)) {}

  void Start() {
    std::set<uint32_t> partitions;
    for (const PositionQuery& query : queries_) partitions.insert(query.partition);
    context_.broker.DescribePartitions(
        topic_, {partitions.begin(), partitions.end()},
        [self = shared_from_this()](absl::StatusOr<std::vector<broker::PartitionStatus>> found) {
          if (!found.ok()) return std::move(self->done_)(found.status());
          self->OnDescribed(*found);
        });
  }

 private:
  void OnDescribed(const std::vector<broker::PartitionStatus>& partitions) {
    std::map<uint32_t, broker::PartitionStatus> by_partition;
    for (const auto& status : partitions) by_partition.emplace(status.partition, status);
    for (const PositionQuery& query : queries_) {
      const broker::PartitionStatus& status = by_partition.at(query.partition);
      resolved_.push_back({query.partition,
                           OffsetOf(query.position, status.log_start, status.high_watermark),
                           status.log_start, status.high_watermark});
    }
    errors_.resize(queries_.size());
    // One more for this function, so that nothing is over before all searches are under way.
    searching_ = 1 + std::count_if(queries_.begin(), queries_.end(), [](const auto& query) {
                   return query.position.has_timestamp_ms();
                 });
    for (size_t i = 0; i < queries_.size(); ++i) {
      if (queries_[i].position.has_timestamp_ms()) Search(i);
    }
    Arrive();
  }

  void Search(size_t i) {
    SearchTimestamp(context_, topic_, queries_[i].partition, queries_[i].position.timestamp_ms(),
                    [self = shared_from_this(), i](absl::StatusOr<Offset> offset) {
                      // Never past the high watermark that goes with it.
                      if (offset.ok()) {
                        ResolvedPosition& resolved = self->resolved_[i];
                        resolved.offset = std::min(*offset, resolved.high_watermark);
                      } else {
                        self->errors_[i] = offset.status();
                      }
                      self->Arrive();
                    });
  }

  void Arrive() {
    if (searching_.fetch_sub(1, std::memory_order_acq_rel) > 1) return;
    for (const absl::Status& error : errors_) {
      if (!error.ok()) return std::move(done_)(error);
    }
    std::move(done_)(std::move(resolved_));
  }

  RpcContext& context_;
  const broker::TopicHandle topic_;
  const std::vector<PositionQuery> queries_;
  PositionsResolved done_;
  std::vector<ResolvedPosition> resolved_;
  std::vector<absl::Status> errors_;
  std::atomic<size_t> searching_ = 0;
};

}  // namespace

void ResolvePositions(RpcContext& context, broker::TopicHandle topic,
                      std::vector<PositionQuery> queries, PositionsResolved done) {
  std::make_shared<Resolution>(context, std::move(topic), std::move(queries), std::move(done))
      ->Start();
}

absl::Status CheckOffset(uint32_t partition, Offset offset, Offset log_start,
                         Offset high_watermark) {
  if (offset >= log_start && offset <= high_watermark) return absl::OkStatus();
  return record::MakeError(
      record::Reason::kOffsetOutOfRange,
      fmt::format(
          "partition {}: offset {} is not from the log start, {}, to the high watermark, {}",
          partition, offset.value, log_start.value, high_watermark.value),
      {{"partition", std::to_string(partition)},
       {"logStartOffset", std::to_string(log_start.value)},
       {"highWatermark", std::to_string(high_watermark.value)}});
}

}  // namespace leat::rpc
