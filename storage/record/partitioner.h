// Which partition a key belongs to: murmur2, seed 0x9747b28c, as in Kafka's default partitioner, so
// that keyed topics copied from Kafka keep their partitions. Any thread.

#ifndef LEAT_STORAGE_RECORD_PARTITIONER_H_
#define LEAT_STORAGE_RECORD_PARTITIONER_H_

#include <cstdint>
#include <string_view>

namespace leat::record {

// 32-bit MurmurHash2, the same on every machine.
uint32_t Murmur2(std::string_view bytes);

// In [0, partition_count): `(murmur2(key) & 0x7fffffff) % partition_count`. `partition_count` is at
// least 1.
uint32_t PartitionForKey(std::string_view key, uint32_t partition_count);

}  // namespace leat::record

#endif  // LEAT_STORAGE_RECORD_PARTITIONER_H_
