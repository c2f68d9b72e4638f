// Time that nobody sets: for deadlines and pauses. Values mean nothing outside this process. Any
// thread.

#ifndef LEAT_CLIENT_MONOTONIC_CLOCK_H_
#define LEAT_CLIENT_MONOTONIC_CLOCK_H_

#include <chrono>

#include "absl/time/time.h"

namespace leat::client {

inline absl::Time MonotonicNow() {
  return absl::UnixEpoch() + absl::FromChrono(std::chrono::steady_clock::now().time_since_epoch());
}

}  // namespace leat::client

#endif  // LEAT_CLIENT_MONOTONIC_CLOCK_H_
