// `leat.v1.TopicConfig` and `leat.v1.Topic` on one side, `broker::TopicSettings` and
// `broker::Topic` on the other. One table of fields serves checking, masks and both directions.
// Pure functions; any thread.

#ifndef LEAT_SERVER_RPC_TOPIC_CONFIG_H_
#define LEAT_SERVER_RPC_TOPIC_CONFIG_H_

#include <string_view>

#include "leat/v1/topic.pb.h"
#include "server/broker/broker.h"
#include "server/broker/topic.h"
#include "server/rpc/validate.h"

namespace leat::rpc {

// Adds a violation for each field that is set and out of range.
void CheckTopicConfig(const v1::TopicConfig& config, const ServerLimits& limits,
                      FieldErrors& errors);

// Whether an update mask may name it.
bool IsTopicConfigField(std::string_view name);

// Takes over the fields that are set; `config` was checked.
void ApplyTopicConfig(const v1::TopicConfig& config, broker::TopicSettings& settings);

// Takes over one field; the default where `config` does not set it.
void ApplyTopicConfigField(std::string_view name, const v1::TopicConfig& config,
                           broker::TopicSettings& settings);

v1::Topic ToProto(const broker::Topic& topic);
v1::Partition ToProto(const broker::PartitionStatus& status);

}  // namespace leat::rpc

#endif  // LEAT_SERVER_RPC_TOPIC_CONFIG_H_
