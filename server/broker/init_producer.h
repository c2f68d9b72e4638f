// Initialises a producer: a grant that is durable and in force everywhere, and then what is known
// of the producer wherever it has appended.

#ifndef LEAT_SERVER_BROKER_INIT_PRODUCER_H_
#define LEAT_SERVER_BROKER_INIT_PRODUCER_H_

#include <string>

#include "server/broker/answer.h"
#include "server/broker/calls.h"
#include "server/broker/shard_set.h"
#include "server/broker/topic_registry.h"

namespace leat::broker {

// As `Broker::InitProducer`. Any thread; answered on the metadata shard's.
void InitProducer(ShardSet& shards, TopicRegistry& registry, TopicHandle topic,
                  const std::string& name, Answer<InitializedProducer> done);

}  // namespace leat::broker

#endif  // LEAT_SERVER_BROKER_INIT_PRODUCER_H_
