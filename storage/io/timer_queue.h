// The timers of one event loop, by the time at which they are due.
//
// Private to storage/io; owned by a loop and used on its thread only.

#ifndef LEAT_STORAGE_IO_TIMER_QUEUE_H_
#define LEAT_STORAGE_IO_TIMER_QUEUE_H_

#include <optional>
#include <utility>

#include "absl/container/btree_map.h"
#include "absl/container/flat_hash_map.h"
#include "storage/io/clock.h"
#include "storage/io/event_loop.h"

namespace leat::io {

class TimerQueue {
 public:
  // `delay` below zero counts as zero, and beyond a century as a century.
  TimerId Add(MonotonicTime now, absl::Duration delay, Task task);

  // Nothing happens when the timer is not there.
  void Cancel(TimerId timer);

  // When the first timer is due.
  std::optional<MonotonicTime> NextDue() const;

  // Takes out the first timer due at `now` or before, if any. Timers due at the same time come in
  // the order in which they were made.
  std::optional<Task> TakeDue(MonotonicTime now);

 private:
  absl::btree_map<std::pair<MonotonicTime, TimerId>, Task> timers_;
  absl::flat_hash_map<TimerId, MonotonicTime> due_;
  TimerId next_id_ = 1;
};

}  // namespace leat::io

#endif  // LEAT_STORAGE_IO_TIMER_QUEUE_H_
