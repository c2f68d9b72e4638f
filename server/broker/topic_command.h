// Changes that may be asked of the topics, and what came of them. Plain values; any thread.

#ifndef LEAT_SERVER_BROKER_TOPIC_COMMAND_H_
#define LEAT_SERVER_BROKER_TOPIC_COMMAND_H_

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "server/broker/producer_names.h"
#include "server/broker/topic.h"
#include "storage/log/checkpoint.h"
#include "storage/record/ids.h"

namespace leat::broker {

// Where the log of one partition begins.
struct LogStart {
  log::PartitionKey key;
  record::Offset offset;

  friend bool operator==(const LogStart&, const LogStart&) = default;
};

// A producer that was initialised.
struct ProducerChange {
  log::Uuid topic_id{};
  ProducerGrant grant;
  std::optional<int64_t> forgotten_id;  // Of one that is no more.
};

namespace command {

struct CreateTopic {
  std::string name;
  uint32_t partition_count = 1;
  TopicSettings settings;
};

struct UpdateTopic {
  TopicHandle topic;
  std::function<void(TopicSettings&)> change;
};

struct DeleteTopic {
  TopicHandle topic;
};

struct AddPartitions {
  TopicHandle topic;
  uint32_t partition_count = 0;  // The new total.
};

// Never moves one back. Partitions that are gone are left out.
struct MoveLogStarts {
  std::vector<LogStart> targets;
};

// The directories of these deleted topics are gone.
struct ForgetTopics {
  std::vector<log::Uuid> ids;
};

// Makes the caller the one that goes by this name.
struct InitProducer {
  TopicHandle topic;
  std::string name;
};

}  // namespace command

using TopicCommand = std::variant<command::CreateTopic, command::UpdateTopic, command::DeleteTopic,
                                  command::AddPartitions, command::MoveLogStarts,
                                  command::ForgetTopics, command::InitProducer>;

// What one record of `__meta` changed, for those who keep a copy.
struct TopicChange {
  TopicHandle put;      // A topic that is new, or as it is now.
  TopicHandle removed;  // A topic that is gone.
  std::vector<LogStart> log_starts;
  std::optional<ProducerChange> producer;
};

}  // namespace leat::broker

#endif  // LEAT_SERVER_BROKER_TOPIC_COMMAND_H_
