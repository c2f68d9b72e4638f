#include "server/group/group_error.h"

#include "fmt/format.h"
#include "storage/record/error.h"

namespace leat::group {

using record::MakeError;
using record::Reason;

absl::Status GroupNotFound(std::string_view group) {
  return MakeError(Reason::kGroupNotFound, fmt::format("there is no group '{}'", group),
                   {{"group", std::string(group)}});
}

absl::Status GroupHasMembers(std::string_view group, size_t members) {
  return MakeError(Reason::kGroupHasMembers,
                   fmt::format("group '{}' has {} members", group, members),
                   {{"group", std::string(group)}, {"members", std::to_string(members)}});
}

absl::Status Fenced(std::string_view what, std::optional<uint64_t> epoch) {
  record::ErrorMetadata metadata;
  if (epoch.has_value()) metadata.emplace_back("epoch", std::to_string(*epoch));
  return MakeError(Reason::kFencedMemberEpoch, what, metadata);
}

absl::Status OffsetOutOfRange(const Position& position) {
  return MakeError(Reason::kOffsetOutOfRange,
                   fmt::format("offset {} is not between 0 and the high watermark {}",
                               position.next_offset, position.high_watermark),
                   {{"highWatermark", std::to_string(position.high_watermark)}});
}

absl::Status NamedTwice() {
  const std::string what = "names a partition twice";
  return MakeError(Reason::kInvalidField, "positions: " + what, {{"positions", what}});
}

absl::Status LimitReached(std::string_view limit, uint32_t maximum) {
  return MakeError(Reason::kLimitReached,
                   fmt::format("the limit of {} {} is reached", maximum, limit),
                   {{"limit", std::string(limit)}, {"maximum", std::to_string(maximum)}});
}

absl::Status CheckExists(const TopicPartition& place, const TopicCatalogue& topics) {
  const TopicInfo* topic = topics.FindId(place.topic_id);
  if (topic == nullptr) return MakeError(Reason::kTopicNotFound, "the topic is deleted");
  if (place.partition < topic->partition_count) return absl::OkStatus();
  return MakeError(Reason::kPartitionNotFound,
                   fmt::format("topic '{}' has no partition {}", topic->name, place.partition),
                   {{"topic", topic->name},
                    {"partition", std::to_string(place.partition)},
                    {"partitionCount", std::to_string(topic->partition_count)}});
}

absl::Status ReadingAnew() {
  return MakeError(Reason::kServerStarting, "the state of the groups is being read");
}

absl::Status ServerStopping() {
  return MakeError(Reason::kServerStopping, "the server is stopping");
}

absl::Status MemberEvicted(std::string_view why) {
  return MakeError(Reason::kMemberEvicted, fmt::format("the member was evicted: {}", why),
                   {{"detail", std::string(why)}});
}

absl::Status InstanceReplaced(std::string_view member_id) {
  return MakeError(Reason::kInstanceReplaced,
                   "another stream has taken the place of this one; do not join again",
                   {{"memberId", std::string(member_id)}});
}

}  // namespace leat::group
