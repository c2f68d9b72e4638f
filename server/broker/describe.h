// Tells how partitions stand, wherever they live.

#ifndef LEAT_SERVER_BROKER_DESCRIBE_H_
#define LEAT_SERVER_BROKER_DESCRIBE_H_

#include <cstdint>
#include <vector>

#include "server/broker/answer.h"
#include "server/broker/calls.h"
#include "server/broker/shard_set.h"

namespace leat::broker {

// As `Broker::DescribePartitions`. Any thread; answered on the metadata shard's.
void DescribePartitions(ShardSet& shards, const TopicHandle& topic,
                        std::vector<uint32_t> partitions,
                        Answer<std::vector<PartitionStatus>> done);

}  // namespace leat::broker

#endif  // LEAT_SERVER_BROKER_DESCRIBE_H_
