#include "server/rpc/assignment_start.h"

#include <memory>
#include <utility>

#include "server/rpc/place_resolver.h"
#include "storage/record/error.h"

namespace leat::rpc {
namespace {

using record::Reason;

v1::Position ToProto(const group::StartPolicy& start) {
  using Kind = group::StartPolicy::Kind;
  v1::Position position;
  switch (start.kind) {
    case Kind::kEarliest:
      position.mutable_earliest();
      break;
    case Kind::kLatest:
      position.mutable_latest();
      break;
    case Kind::kTimestamp:
      position.set_timestamp_ms(start.value);
      break;
    case Kind::kLastRecords:
      position.set_last_records(static_cast<uint64_t>(start.value));
      break;
  }
  return position;
}

// The partition is, or will soon be, no longer the member's: the group tells it.
bool IsGone(const absl::Status& status) {
  const auto reason = record::ReasonOf(status);
  return reason == Reason::kTopicNotFound || reason == Reason::kTopicRecreated ||
         reason == Reason::kPartitionNotFound || reason == Reason::kFencedMemberEpoch;
}

// Of a timestamp search: another one may go better.
bool IsPassing(const absl::Status& status) {
  return record::ReasonOf(status) == Reason::kServerStopping || absl::IsResourceExhausted(status);
}

class Start : public std::enable_shared_from_this<Start> {
 public:
  Start(RpcContext& context, group::Coordinator& groups, group::MemberRef member,
        PartitionsStarted done)
      : context_(context), groups_(groups), member_(std::move(member)), done_(std::move(done)) {}

  void Run(const std::vector<group::event::AssignedPartition>& partitions) {
    std::vector<PlaceQuery> queries;
    for (const auto& partition : partitions) {
      const group::TopicPartition& place = partition.assignment.partition;
      auto topic = context_.broker.FindTopic(partition.topic, broker::FormatUuid(place.topic_id));
      if (!topic.ok()) continue;
      if (partition.committed.has_value()) {
        started_.push_back({*std::move(topic), partition.assignment, {*partition.committed}, {}});
      } else {
        queries.push_back({*topic, place.partition, ToProto(partition.start)});
        fresh_.push_back({*std::move(topic), partition.assignment, {}, {}});
      }
    }
    if (fresh_.empty()) return std::move(done_)(std::move(started_));
    ResolvePlaces(context_, std::move(queries),
                  [self = shared_from_this()](auto found) { self->OnResolved(found); });
  }

 private:
  void OnResolved(const std::vector<absl::StatusOr<ResolvedPosition>>& found) {
    group::command::StartAt command{.member = member_, .positions = {}};
    std::vector<StartedPartition> kept;
    for (size_t i = 0; i < found.size(); ++i) {
      const absl::Status& status = found[i].status();
      if (IsGone(status)) continue;
      if (IsPassing(status)) return std::move(done_)(status);
      if (!status.ok()) {
        fresh_[i].damage = status;
        started_.push_back(std::move(fresh_[i]));
        continue;
      }
      command.positions.push_back(
          {fresh_[i].assignment, found[i]->offset.value, found[i]->high_watermark.value});
      kept.push_back(std::move(fresh_[i]));
    }
    fresh_ = std::move(kept);
    if (fresh_.empty()) return std::move(done_)(std::move(started_));
    groups_.Submit(std::move(command),
                   [self = shared_from_this()](const absl::StatusOr<group::Outcome>& outcome) {
                     self->OnCommitted(outcome);
                   });
  }

  void OnCommitted(const absl::StatusOr<group::Outcome>& outcome) {
    if (!outcome.ok() && !IsGone(outcome.status())) return std::move(done_)(outcome.status());
    for (size_t i = 0; outcome.ok() && i < outcome->size(); ++i) {
      const group::PositionResult& result = (*outcome)[i];
      if (!result.status.ok()) continue;
      fresh_[i].start = {result.committed};
      started_.push_back(std::move(fresh_[i]));
    }
    std::move(done_)(std::move(started_));
  }

  RpcContext& context_;
  group::Coordinator& groups_;
  const group::MemberRef member_;
  PartitionsStarted done_;
  std::vector<StartedPartition> started_;
  std::vector<StartedPartition> fresh_;  // Nothing is committed of these yet.
};

}  // namespace

void FindStarts(RpcContext& context, group::Coordinator& groups, group::MemberRef member,
                const std::vector<group::event::AssignedPartition>& partitions,
                PartitionsStarted done) {
  std::make_shared<Start>(context, groups, std::move(member), std::move(done))->Run(partitions);
}

}  // namespace leat::rpc
