// What the event loops of real machines share: mailbox, timers, background work, and the turn of
// the loop.
//
// Private to storage/io; threads as event_loop.h says. A turn is: wait for the kernel, run what it
// completed, run what was posted, run the timers that are due. What any of these adds waits for the
// next turn.

#ifndef LEAT_STORAGE_IO_LOOP_BASE_H_
#define LEAT_STORAGE_IO_LOOP_BASE_H_

#include <cstddef>
#include <memory>
#include <vector>

#include "storage/io/background_pool.h"
#include "storage/io/event_loop.h"
#include "storage/io/mailbox.h"
#include "storage/io/timer_queue.h"

namespace leat::io {

class LoopBase : public EventLoop {
 public:
  const Clock& clock() const final { return SystemClock(); }
  void Offload(absl::AnyInvocable<absl::Status() &&> work, IoCallback done) final;
  void Post(Task task) final { mailbox_->Post(std::move(task)); }
  TimerId After(absl::Duration delay, Task task) final;
  void Cancel(TimerId timer) final { timers_.Cancel(timer); }
  void Run() final;
  void Stop() final;

 protected:
  LoopBase(std::shared_ptr<Mailbox> mailbox, std::shared_ptr<BackgroundPool> background);

  // Around all turns, on the loop's thread. When `End` is called nothing is in flight.
  virtual void Begin() {}
  virtual void End() {}

  // Whether completions wait to be run, so that the loop must not sleep.
  virtual bool HasCompletions() const { return false; }

  // Submits what there is to submit, waits up to `max_wait` (may be infinite) for a completion or a
  // wake-up, and runs the callbacks of what has completed. Returns early at will.
  virtual void Poll(absl::Duration max_wait) = 0;

  // `Offload` on a pool of the caller's choice.
  void RunOn(BackgroundPool& pool, absl::AnyInvocable<absl::Status() &&> work, IoCallback done);

  // Each operation counts from its start to just before its callback: `Run` does not return before
  // there are none.
  void OperationBegins() { ++operations_; }
  void OperationEnds() { --operations_; }

  Mailbox& mailbox() { return *mailbox_; }

 private:
  absl::Duration TimeToSleep();
  void RunPosted();
  void RunTimers();

  const std::shared_ptr<Mailbox> mailbox_;
  const std::shared_ptr<BackgroundPool> background_;
  TimerQueue timers_;
  std::vector<Task> taken_;  // Empty between turns; kept for its memory.
  size_t operations_ = 0;
  bool stopping_ = false;
};

}  // namespace leat::io

#endif  // LEAT_STORAGE_IO_LOOP_BASE_H_
