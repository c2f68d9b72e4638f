#include "server/broker/topic_error.h"

#include <string>

#include "fmt/format.h"
#include "storage/record/error.h"

namespace leat::broker {

using record::MakeError;
using record::Reason;

absl::Status TopicNotFound(std::string_view name) {
  return MakeError(Reason::kTopicNotFound, fmt::format("there is no topic '{}'", name),
                   {{"topic", std::string(name)}});
}

absl::Status TopicRecreated(std::string_view name, std::string_view topic_id) {
  return MakeError(Reason::kTopicRecreated,
                   fmt::format("topic '{}' was deleted and made again", name),
                   {{"topic", std::string(name)}, {"topicId", std::string(topic_id)}});
}

absl::Status PartitionNotFound(const Topic& topic, uint32_t partition) {
  return MakeError(Reason::kPartitionNotFound,
                   fmt::format("topic '{}' has no partition {}: it has {}", topic.name, partition,
                               topic.partition_count),
                   {{"topic", topic.name},
                    {"partition", fmt::to_string(partition)},
                    {"partitionCount", fmt::to_string(topic.partition_count)}});
}

}  // namespace leat::broker
