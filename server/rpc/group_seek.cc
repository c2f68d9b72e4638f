#include "server/rpc/group_seek.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "server/group/group_error.h"
#include "server/rpc/place_resolver.h"
#include "server/rpc/topics_by_id.h"
#include "server/rpc/validate.h"

namespace leat::rpc {
namespace {

// One partition to be moved.
struct Move {
  PlaceQuery query;
  std::optional<int64_t> shift;  // From `committed`; else to the query's position.
  std::optional<int64_t> committed;

  group::TopicPartition place() const { return {query.topic->id, query.partition}; }
};

std::optional<int64_t> CommittedOf(const group::Group& group, const group::TopicPartition& place) {
  const auto found = group.partitions.find(place);
  return found == group.partitions.end() ? std::nullopt : found->second.committed;
}

// What the target names, partitions without a committed offset included.
absl::StatusOr<std::vector<PlaceQuery>> PlacesOf(const v1::GroupSeek& target,
                                                 const group::Group& group,
                                                 const TopicsById& topics,
                                                 const broker::Broker& broker) {
  std::vector<PlaceQuery> places;
  if (target.topic().empty()) {
    for (const auto& [place, partition] : group.partitions) {
      const auto topic = topics.find(place.topic_id);
      if (topic == topics.end() || !partition.committed.has_value()) continue;
      places.push_back({topic->second, place.partition, target.position()});
    }
    return places;
  }
  auto topic = broker.FindTopic(target.topic(), target.topic_id());
  if (!topic.ok()) return topic.status();
  std::vector<uint32_t> partitions(target.partitions().begin(), target.partitions().end());
  for (uint32_t i = 0; target.partitions().empty() && i < (*topic)->partition_count; ++i) {
    partitions.push_back(i);
  }
  for (const uint32_t i : partitions) places.push_back({*topic, i, target.position()});
  return places;
}

absl::StatusOr<std::vector<Move>> MovesOf(const v1::SeekGroupRequest& request,
                                          const group::Group& group, const broker::Broker& broker) {
  const TopicsById topics = AllTopicsById(broker);
  std::vector<Move> moves;
  std::set<group::TopicPartition> named;
  for (const v1::GroupSeek& target : request.targets()) {
    auto places = PlacesOf(target, group, topics, broker);
    if (!places.ok()) return places.status();
    for (PlaceQuery& place : *places) {
      Move move{.query = std::move(place), .shift = {}, .committed = {}};
      move.committed = CommittedOf(group, move.place());
      if (target.has_shift_records()) move.shift = target.shift_records();
      if (!named.insert(move.place()).second) {
        FieldErrors errors;
        errors.Add("targets", fmt::format("name partition {} of topic {} twice",
                                          move.query.partition, move.query.topic->name));
        return errors.ToStatus();
      }
      if (move.shift.has_value() && !move.committed.has_value()) continue;
      moves.push_back(std::move(move));
    }
  }
  std::sort(moves.begin(), moves.end(), [](const Move& a, const Move& b) {
    return std::pair(a.query.topic->name, a.query.partition) <
           std::pair(b.query.topic->name, b.query.partition);
  });
  return moves;
}

// Where a move leads, given what is known of the partition.
absl::StatusOr<int64_t> TargetOf(const Move& move, const ResolvedPosition& found) {
  if (!move.shift.has_value()) {
    const auto in_range =
        CheckOffset(found.partition, found.offset, found.log_start, found.high_watermark);
    if (!in_range.ok()) return in_range;
    return found.offset.value;
  }
  const int64_t from =
      std::clamp(*move.committed, found.log_start.value, found.high_watermark.value);
  // Compared as distances, so that nothing overflows.
  if (*move.shift >= found.high_watermark.value - from) return found.high_watermark.value;
  if (*move.shift <= found.log_start.value - from) return found.log_start.value;
  return from + *move.shift;
}

class Seek : public std::enable_shared_from_this<Seek> {
 public:
  Seek(RpcContext& context, group::Coordinator& groups, const v1::SeekGroupRequest& request,
       GroupSought done)
      : context_(context), groups_(groups), request_(request), done_(std::move(done)) {}

  void Run() {
    groups_.Describe(request_.group(), [self = shared_from_this()](
                                           absl::StatusOr<group::GroupDescription> described) {
      WorkerPool& pool = self->context_.pool;
      pool.Run([self, described = std::move(described)] { self->OnDescribed(described); });
    });
  }

 private:
  void OnDescribed(const absl::StatusOr<group::GroupDescription>& described) {
    if (!described.ok()) return Finish(described.status());
    const group::Group& group = described->group;
    if (!group.members.empty() && !request_.force()) {
      return Finish(group::GroupHasMembers(described->name, group.members.size()));
    }
    auto moves = MovesOf(request_, group, context_.broker);
    if (!moves.ok()) return Finish(moves.status());
    moves_ = *std::move(moves);
    std::vector<PlaceQuery> queries;
    for (const Move& move : moves_) queries.push_back(move.query);
    ResolvePlaces(context_, std::move(queries),
                  [self = shared_from_this()](auto found) { self->OnResolved(found); });
  }

  void OnResolved(const std::vector<absl::StatusOr<ResolvedPosition>>& found) {
    group::command::SeekGroup command{
        .group = request_.group(), .positions = {}, .force = request_.force()};
    for (size_t i = 0; i < moves_.size(); ++i) {
      if (!found[i].ok()) return Finish(found[i].status());
      const Move& move = moves_[i];
      const auto target = TargetOf(move, *found[i]);
      if (!target.ok()) return Finish(target.status());
      command.positions.push_back({{move.place(), 0}, *target, found[i]->high_watermark.value});
      v1::SeekResult& result = *response_.add_results();
      result.set_topic(move.query.topic->name);
      result.set_topic_id(broker::FormatUuid(move.query.topic->id));
      result.set_partition(move.query.partition);
      if (move.committed.has_value()) result.set_from_offset(*move.committed);
      result.set_to_offset(*target);
    }
    if (request_.validate_only() || moves_.empty()) return Finish(absl::OkStatus());
    groups_.Submit(std::move(command), [self = shared_from_this()](const auto& outcome) {
      self->Finish(outcome.status());
    });
  }

  void Finish(const absl::Status& status) {
    if (!status.ok()) return std::move(done_)(status);
    std::move(done_)(std::move(response_));
  }

  RpcContext& context_;
  group::Coordinator& groups_;
  const v1::SeekGroupRequest request_;
  GroupSought done_;
  std::vector<Move> moves_;
  v1::SeekGroupResponse response_;
};

}  // namespace

void SeekGroup(RpcContext& context, group::Coordinator& groups, const v1::SeekGroupRequest& request,
               GroupSought done) {
  std::make_shared<Seek>(context, groups, request, std::move(done))->Run();
}

}  // namespace leat::rpc
