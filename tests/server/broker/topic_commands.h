// Commands at random, and states to compare, for tests of the topics' metadata.

#ifndef LEAT_TESTS_SERVER_BROKER_TOPIC_COMMANDS_H_
#define LEAT_TESTS_SERVER_BROKER_TOPIC_COMMANDS_H_

#include <random>
#include <string>
#include <vector>

#include "server/broker/topic_command.h"
#include "server/broker/topic_state.h"

namespace leat::broker {

// Some command, sensible more often than not.
inline TopicCommand RandomCommand(const TopicState& state, std::mt19937_64& random) {
  const std::string name(1, static_cast<char>('a' + random() % 6));
  TopicHandle topic = state.FindName(name);
  if (topic == nullptr) {
    return command::CreateTopic{name, static_cast<uint32_t>(1 + random() % 4)};
  }
  switch (random() % 10) {
    case 0:
      return command::CreateTopic{name, 1};
    case 1:
      return command::DeleteTopic{topic};
    case 2:
      return command::AddPartitions{topic, static_cast<uint32_t>(random() % 8)};
    case 3:
      return command::UpdateTopic{topic, [bytes = random() % 4](TopicSettings& settings) {
                                    settings.retention_bytes = bytes;
                                  }};
    case 4:
      return command::ForgetTopics{{state.deleted().begin(), state.deleted().end()}};
    case 5:
    case 6:
      return command::InitProducer{topic, std::string(1, static_cast<char>('p' + random() % 6))};
    default:
      return command::MoveLogStarts{{{{topic->id, static_cast<uint32_t>(random() % 4)},
                                      {static_cast<int64_t>(random() % 100)}}}};
  }
}

// All of a state, for comparing.
inline std::string Describe(const TopicState& state) {
  std::string text;
  for (const internal::MetadataRecord& part : state.Snapshot()) text += part.SerializeAsString();
  return text;
}

}  // namespace leat::broker

#endif  // LEAT_TESTS_SERVER_BROKER_TOPIC_COMMANDS_H_
