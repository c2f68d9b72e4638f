#include "server/rpc/place_resolver.h"

#include <fmt/format.h>

#include <atomic>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "storage/record/error.h"

namespace leat::rpc {
namespace {

using Answers = std::vector<absl::StatusOr<ResolvedPosition>>;

absl::Status PartitionNotFound(const PlaceQuery& query) {
  return record::MakeError(
      record::Reason::kPartitionNotFound,
      fmt::format("topic {} has no partition {}", query.topic->name, query.partition),
      {{"topic", query.topic->name},
       {"partition", std::to_string(query.partition)},
       {"partitionCount", std::to_string(query.topic->partition_count)}});
}

// Queries that fail or succeed together: all of a topic, except that each search for a time is one
// of its own.
using Together = std::pair<const broker::Topic*, std::optional<size_t>>;

// All are asked at once; whoever answers last answers the caller.
struct Resolution {
  Resolution(size_t queries, PlacesResolved done)
      : answers(queries, absl::UnknownError("")), done(std::move(done)) {}

  void Arrive() {
    if (waiting.fetch_sub(1, std::memory_order_acq_rel) == 1) {
      std::move(done)(std::move(answers));
    }
  }

  Answers answers;  // Each writes its own.
  PlacesResolved done;
  std::atomic<size_t> waiting = 1;
};

}  // namespace

void ResolvePlaces(RpcContext& context, std::vector<PlaceQuery> queries, PlacesResolved done) {
  auto resolution = std::make_shared<Resolution>(queries.size(), std::move(done));
  std::map<Together, std::vector<size_t>> parts;
  for (size_t i = 0; i < queries.size(); ++i) {
    if (queries[i].partition < queries[i].topic->partition_count) {
      const bool searches = queries[i].position.has_timestamp_ms();
      parts[{queries[i].topic.get(), searches ? std::optional(i) : std::nullopt}].push_back(i);
    } else {
      resolution->answers[i] = PartitionNotFound(queries[i]);
    }
  }
  resolution->waiting += parts.size();
  for (const auto& [part, indexes] : parts) {
    std::vector<PositionQuery> positions;
    for (const size_t i : indexes) positions.push_back({queries[i].partition, queries[i].position});
    ResolvePositions(
        context, queries[indexes.front()].topic, std::move(positions),
        [resolution, indexes = indexes](absl::StatusOr<std::vector<ResolvedPosition>> found) {
          for (size_t i = 0; i < indexes.size(); ++i) {
            absl::StatusOr<ResolvedPosition>& answer = resolution->answers[indexes[i]];
            if (found.ok()) {
              answer = (*found)[i];
            } else {
              answer = found.status();
            }
          }
          resolution->Arrive();
        });
  }
  resolution->Arrive();
}

}  // namespace leat::rpc
