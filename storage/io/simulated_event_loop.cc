#include "storage/io/simulated_event_loop.h"

#include <utility>

#include "storage/io/check.h"
#include "storage/io/simulated_file.h"

namespace leat::io {
namespace {

SimulatedFile& AsSimulated(File& file) {
  auto* simulated = dynamic_cast<SimulatedFile*>(&file);
  LEAT_CHECK(simulated != nullptr);
  return *simulated;
}

}  // namespace

void SimulatedEventLoop::WriteDurably(File& file, FilePosition position,
                                      absl::Span<const char> data, IoCallback done) {
  operations_.push_back({AsSimulated(file).BeginDurableWrite(position, data), std::move(done)});
}

void SimulatedEventLoop::Read(File& file, FilePosition position, absl::Span<char> data,
                              IoCallback done) {
  operations_.push_back({AsSimulated(file).BeginRead(position, data), std::move(done)});
}

void SimulatedEventLoop::Offload(absl::AnyInvocable<absl::Status() &&> work, IoCallback done) {
  operations_.push_back({std::move(work), std::move(done), /*offloaded=*/true});
}

void SimulatedEventLoop::Post(Task task) {
  if (!stopped_) posted_.push_back(std::move(task));
}

TimerId SimulatedEventLoop::After(absl::Duration delay, Task task) {
  return timers_.Add(clock_.Monotonic(), delay, std::move(task));
}

bool SimulatedEventLoop::TimerIsDue() const {
  const std::optional<MonotonicTime> due = timers_.NextDue();
  return !stopped_ && due.has_value() && *due <= clock_.Monotonic();
}

bool SimulatedEventLoop::Step() {
  const size_t post = operations_.size();
  const size_t timer = post + (posted_.empty() ? 0 : 1);
  const size_t choices = timer + (TimerIsDue() ? 1 : 0);
  if (choices == 0) return false;
  const size_t choice = random_() % choices;
  if (choice < post) {
    RunOperation(choice);
  } else if (choice < timer) {
    Task task = std::move(posted_.front());
    posted_.pop_front();
    std::move(task)();
  } else {
    std::move (*timers_.TakeDue(clock_.Monotonic()))();
  }
  return true;
}

void SimulatedEventLoop::RunOperation(size_t index) {
  Operation operation = std::move(operations_[index]);
  operations_.erase(operations_.begin() + index);
  absl::Status result = std::move(operation.finish)();
  operation.finish = nullptr;
  if (operation.offloaded) {
    // Other things happen between the work's end and its callback.
    operations_.push_back({[result] { return result; }, std::move(operation.done)});
  } else {
    std::move(operation.done)(std::move(result));
  }
}

void SimulatedEventLoop::RunUntilIdle() {
  while (Step()) {
  }
}

void SimulatedEventLoop::Advance(absl::Duration duration) {
  const MonotonicTime end = clock_.Monotonic() + duration;
  RunUntilIdle();
  for (auto due = NextTimer(); !stopped_ && due.has_value() && *due <= end; due = NextTimer()) {
    clock_.AdvanceTo(*due);
    RunUntilIdle();
  }
  clock_.AdvanceTo(end);
}

void SimulatedEventLoop::Run() {
  while (!stopped_) {
    if (Step()) continue;
    const std::optional<MonotonicTime> due = NextTimer();
    LEAT_CHECK(due.has_value());
    clock_.AdvanceTo(*due);
  }
  RunUntilIdle();
}

}  // namespace leat::io
