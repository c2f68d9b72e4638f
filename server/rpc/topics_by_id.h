// The topics of a group, which knows them by their ids.

#ifndef LEAT_SERVER_RPC_TOPICS_BY_ID_H_
#define LEAT_SERVER_RPC_TOPICS_BY_ID_H_

#include <limits>
#include <unordered_map>

#include "server/broker/broker.h"
#include "server/broker/topic.h"

namespace leat::rpc {

using TopicsById = std::unordered_map<log::Uuid, broker::TopicHandle, broker::UuidHash>;

// All topics as they are now.
inline TopicsById AllTopicsById(const broker::Broker& broker) {
  TopicsById topics;
  for (auto& topic : broker.ListTopics("", "", std::numeric_limits<size_t>::max())) {
    topics.emplace(topic->id, topic);
  }
  return topics;
}

}  // namespace leat::rpc

#endif  // LEAT_SERVER_RPC_TOPICS_BY_ID_H_
