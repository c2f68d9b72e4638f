// Clocks that stand still until a test turns them.
//
// Owned by the test, shared by its event loops; one thread.

#ifndef LEAT_STORAGE_IO_SIMULATED_CLOCK_H_
#define LEAT_STORAGE_IO_SIMULATED_CLOCK_H_

#include <algorithm>
#include <cstdint>

#include "absl/time/time.h"
#include "storage/io/clock.h"

namespace leat::io {

class SimulatedClock : public Clock {
 public:
  // Both clocks begin at values that no code should take for granted.
  int64_t WallMillis() const override { return wall_.nanos / 1'000'000; }
  MonotonicTime Monotonic() const override { return monotonic_; }

  // Turns both clocks. Timers fire when their loop runs next.
  void Advance(absl::Duration duration) {
    monotonic_ = monotonic_ + duration;
    wall_ = wall_ + duration;
  }

  // As `Advance` to a point in time; nothing happens when it has passed.
  void AdvanceTo(MonotonicTime time) { Advance(std::max(time - monotonic_, absl::ZeroDuration())); }

  // Sets the wall clock alone, either way, as an administrator would.
  void JumpWall(absl::Duration duration) { wall_ = wall_ + duration; }

 private:
  MonotonicTime monotonic_{1'000'000'000};
  MonotonicTime wall_{1'700'000'000'000'000'000};
};

}  // namespace leat::io

#endif  // LEAT_STORAGE_IO_SIMULATED_CLOCK_H_
