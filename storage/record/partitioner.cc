#include "storage/record/partitioner.h"

#include <cstddef>

#include "storage/record/little_endian.h"

namespace leat::record {

// Austin Appleby's MurmurHash2, with the seed that Kafka uses.
uint32_t Murmur2(std::string_view bytes) {
  constexpr uint32_t kSeed = 0x9747b28c;
  constexpr uint32_t kMultiplier = 0x5bd1e995;
  uint32_t hash = kSeed ^ static_cast<uint32_t>(bytes.size());

  while (bytes.size() >= 4) {
    uint32_t word = LoadLittleEndian<uint32_t>(bytes.data()) * kMultiplier;
    word ^= word >> 24;
    hash = (hash * kMultiplier) ^ (word * kMultiplier);
    bytes.remove_prefix(4);
  }
  if (!bytes.empty()) {
    for (size_t i = 0; i < bytes.size(); ++i)
      hash ^= uint32_t{static_cast<uint8_t>(bytes[i])} << (8 * i);
    hash *= kMultiplier;
  }
  hash ^= hash >> 13;
  hash *= kMultiplier;
  hash ^= hash >> 15;
  return hash;
}

uint32_t PartitionForKey(std::string_view key, uint32_t partition_count) {
  return (Murmur2(key) & 0x7fffffff) % partition_count;
}

}  // namespace leat::record
