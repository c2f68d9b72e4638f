// When each batch of a producer is to be sent. Pure.
//
// In an open loop that does not depend on how fast the server answers: a batch that has to wait
// behind others is late from the moment on that it was to be sent (no coordinated omission).

#ifndef LEAT_BENCH_LOAD_SCHEDULE_H_
#define LEAT_BENCH_LOAD_SCHEDULE_H_

#include <cstdint>

#include "bench/load/meter.h"

namespace leat::bench {

class Schedule {
 public:
  // `per_second` 0: a closed loop, in which each is to be sent as soon as it can be.
  Schedule(Nanos begin, double per_second)
      : begin_(begin), interval_(per_second > 0 ? 1e9 / per_second : 0) {}

  bool open() const { return interval_ > 0; }

  // When the `index`-th is to be sent, seen from `now`.
  Nanos At(uint64_t index, Nanos now) const {
    return open() ? begin_ + static_cast<Nanos>(interval_ * static_cast<double>(index)) : now;
  }

  // How many are due at `moment`, of an open loop.
  uint64_t CountDue(Nanos moment) const {
    if (moment < begin_) return 0;
    return static_cast<uint64_t>(static_cast<double>(moment - begin_) / interval_) + 1;
  }

 private:
  const Nanos begin_;
  const double interval_;
};

}  // namespace leat::bench

#endif  // LEAT_BENCH_LOAD_SCHEDULE_H_
