#include "storage/io/clock.h"

#include <ctime>

namespace leat::io {
namespace {

constexpr int64_t kNanosPerSecond = 1'000'000'000;
constexpr int64_t kNanosPerMilli = 1'000'000;

int64_t Nanos(clockid_t id) {
  timespec time;
  clock_gettime(id, &time);
  return time.tv_sec * kNanosPerSecond + time.tv_nsec;
}

class MachineClock : public Clock {
 public:
  int64_t WallMillis() const override { return Nanos(CLOCK_REALTIME) / kNanosPerMilli; }
  MonotonicTime Monotonic() const override { return {Nanos(CLOCK_MONOTONIC)}; }
};

}  // namespace

const Clock& SystemClock() {
  static const Clock& clock = *new MachineClock;
  return clock;
}

}  // namespace leat::io
