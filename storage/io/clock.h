// Time, as everything of Leat sees it: two clocks behind one interface, so that tests and the
// simulation can turn them.
//
// Thread safety: `Clock` implementations may be called from any thread.

#ifndef LEAT_STORAGE_IO_CLOCK_H_
#define LEAT_STORAGE_IO_CLOCK_H_

#include <compare>
#include <cstdint>

#include "absl/time/time.h"

namespace leat::io {

// A point on the monotonic clock. Only differences mean anything; never stored on disk.
struct MonotonicTime {
  int64_t nanos = 0;

  friend auto operator<=>(MonotonicTime, MonotonicTime) = default;
  friend MonotonicTime operator+(MonotonicTime time, absl::Duration delta) {
    return {time.nanos + absl::ToInt64Nanoseconds(delta)};
  }
  friend absl::Duration operator-(MonotonicTime a, MonotonicTime b) {
    return absl::Nanoseconds(a.nanos - b.nanos);
  }
};

class Clock {
 public:
  virtual ~Clock() = default;

  // Milliseconds since 1970-01-01 UTC. May jump either way.
  virtual int64_t WallMillis() const = 0;

  // Never goes back.
  virtual MonotonicTime Monotonic() const = 0;
};

// The machine's clocks. Lives for ever.
const Clock& SystemClock();

}  // namespace leat::io

#endif  // LEAT_STORAGE_IO_CLOCK_H_
