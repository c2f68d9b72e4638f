// Where random numbers come from: ids of topics, segments and incarnations. Each shard has a source
// of its own, which only its thread asks.

#ifndef LEAT_SERVER_BROKER_RANDOM_H_
#define LEAT_SERVER_BROKER_RANDOM_H_

#include <cstdint>
#include <functional>
#include <memory>

#include "absl/random/random.h"

namespace leat::broker {

using Random = std::function<uint64_t()>;

// Unpredictable numbers. One thread.
inline Random SystemRandom() {
  return [bits = std::make_shared<absl::BitGen>()] { return (*bits)(); };
}

}  // namespace leat::broker

#endif  // LEAT_SERVER_BROKER_RANDOM_H_
