// The errors that calls naming a topic share. Any thread.

#ifndef LEAT_SERVER_BROKER_TOPIC_ERROR_H_
#define LEAT_SERVER_BROKER_TOPIC_ERROR_H_

#include <cstdint>
#include <string_view>

#include "absl/status/status.h"
#include "server/broker/topic.h"

namespace leat::broker {

// kTopicNotFound.
absl::Status TopicNotFound(std::string_view name);

// kTopicRecreated: `topic_id` is of an earlier topic of this name.
absl::Status TopicRecreated(std::string_view name, std::string_view topic_id);

// kPartitionNotFound.
absl::Status PartitionNotFound(const Topic& topic, uint32_t partition);

}  // namespace leat::broker

#endif  // LEAT_SERVER_BROKER_TOPIC_ERROR_H_
