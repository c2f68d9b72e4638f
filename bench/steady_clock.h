// The clock of every measurement: one that no one sets. Any thread.

#ifndef LEAT_BENCH_STEADY_CLOCK_H_
#define LEAT_BENCH_STEADY_CLOCK_H_

#include <chrono>
#include <cstdint>

namespace leat::bench {

using Nanos = int64_t;

inline Nanos SteadyNow() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

inline double SecondsSince(Nanos begin) { return static_cast<double>(SteadyNow() - begin) / 1e9; }

}  // namespace leat::bench

#endif  // LEAT_BENCH_STEADY_CLOCK_H_
