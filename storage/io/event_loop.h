// The event loop of a shard: one thread that submits reads and flushed writes, runs their
// completions, timers and posted tasks.
//
// Owned by the shard. `Run` is called by one thread, which is "the loop's thread" from then on;
// everything but `Post` and `Stop` may be called on that thread only (or by any one thread before
// `Run`). Callbacks run on the loop's thread, never from inside the call that gave them, in the
// order in which their operations completed. Implementations: `UringEventLoop`, `PosixEventLoop`,
// and, for tests, `SimulatedEventLoop`.

#ifndef LEAT_STORAGE_IO_EVENT_LOOP_H_
#define LEAT_STORAGE_IO_EVENT_LOOP_H_

#include <cstdint>
#include <memory>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "storage/io/clock.h"
#include "storage/io/file_system.h"

namespace leat::io {

using Task = absl::AnyInvocable<void() &&>;
using IoCallback = absl::AnyInvocable<void(absl::Status) &&>;

// Names a timer until it has fired or was cancelled. 0 names none.
using TimerId = uint64_t;

class EventLoop {
 public:
  virtual ~EventLoop() = default;

  virtual const Clock& clock() const = 0;

  // Writes all of `data` and flushes exactly these bytes (as with RWF_DSYNC), then calls `done`.
  // With OK they survive a power cut; with an error any part of them may or may not have reached
  // the device. `file` and `data` must live until then; the range must lie inside the file's
  // allocated size. Short writes are continued, each part flushed.
  virtual void WriteDurably(File& file, FilePosition position, absl::Span<const char> data,
                            IoCallback done) = 0;

  // Fills `data` and calls `done`: OUT_OF_RANGE when the file ends first. `file` and `data` must
  // live until then. Safe to repeat.
  virtual void Read(File& file, FilePosition position, absl::Span<char> data, IoCallback done) = 0;

  // Runs `work`, which may block, on a background thread; then `done` with its result on the loop's
  // thread. Works given by one loop may run at the same time and in any order. For opening,
  // allocating, sealing and removing files.
  virtual void Offload(absl::AnyInvocable<absl::Status() &&> work, IoCallback done) = 0;

  // Runs `task` on the loop's thread, after those posted before it by the same thread. Any thread.
  // Once the loop has stopped the task is destroyed without being run.
  virtual void Post(Task task) = 0;

  // Runs `task` after `delay`, on the monotonic clock.
  virtual TimerId After(absl::Duration delay, Task task) = 0;

  // The timer's task will not run. Nothing happens when it has.
  virtual void Cancel(TimerId timer) = 0;

  // Runs until `Stop`; then waits for the operations in flight and runs their callbacks.
  virtual void Run() = 0;

  // Makes `Run` return. Any thread.
  virtual void Stop() = 0;
};

}  // namespace leat::io

#endif  // LEAT_STORAGE_IO_EVENT_LOOP_H_
