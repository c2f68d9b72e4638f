#include "server/rpc/group_commit.h"

#include <memory>
#include <utility>
#include <vector>

#include "server/rpc/place_resolver.h"
#include "server/rpc/status.h"

namespace leat::rpc {
namespace {

class Commit : public std::enable_shared_from_this<Commit> {
 public:
  Commit(group::Coordinator& groups, const v1::CommitOffsetsRequest& request, OffsetsCommitted done)
      : groups_(groups), done_(std::move(done)) {
    command_.group = request.group();
    command_.metadata = request.metadata();
  }

  void Run(RpcContext& context, const v1::CommitOffsetsRequest& request) {
    std::vector<PlaceQuery> queries;
    for (const v1::PartitionPosition& position : request.positions()) {
      v1::PartitionResult& result = *response_.add_partitions();
      *result.mutable_position() = position;
      auto topic = context.broker.FindTopic(position.topic(), position.topic_id());
      if (!topic.ok()) {
        *result.mutable_error() = ToRpcStatus(topic.status());
        continue;
      }
      const group::TopicPartition place{(*topic)->id, position.partition()};
      command_.positions.push_back(
          {{place, position.assignment_epoch()}, position.next_offset(), 0});
      result.mutable_position()->set_topic_id(broker::FormatUuid(place.topic_id));
      indexes_.push_back(response_.partitions_size() - 1);
      queries.push_back({*std::move(topic), position.partition(), {}});
    }
    ResolvePlaces(context, std::move(queries),
                  [self = shared_from_this()](auto found) { self->OnWatermarks(found); });
  }

 private:
  void OnWatermarks(const std::vector<absl::StatusOr<ResolvedPosition>>& found) {
    std::vector<group::Position> positions;
    std::vector<int> indexes;
    for (size_t i = 0; i < found.size(); ++i) {
      if (!found[i].ok()) {
        Fail(indexes_[i], found[i].status());
        continue;
      }
      positions.push_back(command_.positions[i]);
      positions.back().high_watermark = found[i]->high_watermark.value;
      indexes.push_back(indexes_[i]);
    }
    command_.positions = std::move(positions);
    indexes_ = std::move(indexes);
    if (indexes_.empty()) return std::move(done_)(std::move(response_));
    groups_.Submit(std::move(command_),
                   [self = shared_from_this()](const absl::StatusOr<group::Outcome>& outcome) {
                     self->OnOutcome(outcome);
                   });
  }

  void OnOutcome(const absl::StatusOr<group::Outcome>& outcome) {
    if (!outcome.ok()) return std::move(done_)(outcome.status());
    for (size_t i = 0; i < indexes_.size(); ++i) {
      const group::PositionResult& result = (*outcome)[i];
      if (result.status.ok()) {
        auto& position = *response_.mutable_partitions(indexes_[i])->mutable_position();
        position.set_next_offset(result.committed);
      } else {
        Fail(indexes_[i], result.status);
      }
    }
    std::move(done_)(std::move(response_));
  }

  void Fail(int index, const absl::Status& status) {
    *response_.mutable_partitions(index)->mutable_error() = ToRpcStatus(status);
  }

  group::Coordinator& groups_;
  OffsetsCommitted done_;
  group::command::Commit command_;
  std::vector<int> indexes_;  // For each position of the command, its place in the response.
  v1::CommitOffsetsResponse response_;
};

}  // namespace

void CommitOffsets(RpcContext& context, group::Coordinator& groups,
                   const v1::CommitOffsetsRequest& request, OffsetsCommitted done) {
  std::make_shared<Commit>(groups, request, std::move(done))->Run(context, request);
}

}  // namespace leat::rpc
