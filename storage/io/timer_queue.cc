#include "storage/io/timer_queue.h"

#include <algorithm>

namespace leat::io {

TimerId TimerQueue::Add(MonotonicTime now, absl::Duration delay, Task task) {
  constexpr absl::Duration kCentury = absl::Hours(24 * 365 * 100);
  const MonotonicTime due = now + std::clamp(delay, absl::ZeroDuration(), kCentury);
  const TimerId id = next_id_++;
  timers_.emplace(std::make_pair(due, id), std::move(task));
  due_.emplace(id, due);
  return id;
}

void TimerQueue::Cancel(TimerId timer) {
  const auto due = due_.find(timer);
  if (due == due_.end()) return;
  const auto found = timers_.find({due->second, timer});
  due_.erase(due);
  // Destroyed last: what the task owns may cancel another timer.
  const Task cancelled = std::move(found->second);
  timers_.erase(found);
}

std::optional<MonotonicTime> TimerQueue::NextDue() const {
  if (timers_.empty()) return std::nullopt;
  return timers_.begin()->first.first;
}

std::optional<Task> TimerQueue::TakeDue(MonotonicTime now) {
  if (timers_.empty()) return std::nullopt;
  const auto first = timers_.begin();
  const auto [due, id] = first->first;
  if (due > now) return std::nullopt;
  Task task = std::move(first->second);
  timers_.erase(first);
  due_.erase(id);
  return task;
}

}  // namespace leat::io
