// An event loop without a thread or a kernel: a test turns it, and a seed decides what happens
// first.
//
// Owned by the test; one thread, `Post` and `Stop` included. Operations in flight complete in any
// order, each as one step with its callback. Posted tasks keep their order, timers theirs. Time
// passes only when it is told to. Offloaded work runs in a step of its own. Destroyed at any moment
// it forgets what is in flight, as a process does that is killed.

#ifndef LEAT_STORAGE_IO_SIMULATED_EVENT_LOOP_H_
#define LEAT_STORAGE_IO_SIMULATED_EVENT_LOOP_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <vector>

#include "storage/io/event_loop.h"
#include "storage/io/simulated_bytes.h"
#include "storage/io/simulated_clock.h"
#include "storage/io/timer_queue.h"

namespace leat::io {

class SimulatedEventLoop : public EventLoop {
 public:
  // `clock` outlives the loop and may be shared by several.
  SimulatedEventLoop(SimulatedClock& clock, uint64_t seed) : clock_(clock), random_(seed) {}

  // Does one thing that is due, chosen by the seed. False when there is none.
  bool Step();

  // Steps until nothing is due.
  void RunUntilIdle();

  // Runs until idle, then the clock forward by `duration`, stopping at each timer to run until
  // idle.
  void Advance(absl::Duration duration);

  // When the first timer is due; for tests that turn several loops by one clock.
  std::optional<MonotonicTime> NextTimer() const { return timers_.NextDue(); }

  // Reads and writes begun and not completed.
  size_t in_flight() const { return operations_.size(); }

  const Clock& clock() const override { return clock_; }
  void WriteDurably(File& file, FilePosition position, absl::Span<const char> data,
                    IoCallback done) override;
  void Read(File& file, FilePosition position, absl::Span<char> data, IoCallback done) override;
  void Offload(absl::AnyInvocable<absl::Status() &&> work, IoCallback done) override;
  void Post(Task task) override;
  TimerId After(absl::Duration delay, Task task) override;
  void Cancel(TimerId timer) override { timers_.Cancel(timer); }

  // Steps until `Stop`, turning the clock to the next timer whenever it would wait; stops the
  // process when it would wait for ever.
  void Run() override;
  void Stop() override { stopped_ = true; }

 private:
  struct Operation {
    absl::AnyInvocable<absl::Status() &&> finish;
    IoCallback done;
    bool offloaded = false;
  };

  void RunOperation(size_t index);
  bool TimerIsDue() const;

  SimulatedClock& clock_;
  SimulatedRandom random_;
  std::vector<Operation> operations_;
  std::deque<Task> posted_;
  TimerQueue timers_;
  bool stopped_ = false;
};

}  // namespace leat::io

#endif  // LEAT_STORAGE_IO_SIMULATED_EVENT_LOOP_H_
