#include "storage/io/loop_base.h"

#include <algorithm>
#include <optional>
#include <utility>

namespace leat::io {

LoopBase::LoopBase(std::shared_ptr<Mailbox> mailbox, std::shared_ptr<BackgroundPool> background)
    : mailbox_(std::move(mailbox)), background_(std::move(background)) {}

void LoopBase::Offload(absl::AnyInvocable<absl::Status() &&> work, IoCallback done) {
  RunOn(*background_, std::move(work), std::move(done));
}

void LoopBase::RunOn(BackgroundPool& pool, absl::AnyInvocable<absl::Status() &&> work,
                     IoCallback done) {
  OperationBegins();
  pool.Run([this, mailbox = mailbox_, work = std::move(work), done = std::move(done)]() mutable {
    absl::Status result = std::move(work)();
    // What the work owns goes away here, before `done` may touch the same things on the loop's
    // thread.
    work = nullptr;
    mailbox->Deliver([this, done = std::move(done), result = std::move(result)]() mutable {
      OperationEnds();
      std::move(done)(std::move(result));
    });
  });
}

TimerId LoopBase::After(absl::Duration delay, Task task) {
  return timers_.Add(clock().Monotonic(), delay, std::move(task));
}

void LoopBase::Stop() {
  // The loop may return and be destroyed as soon as the mailbox is closed.
  const std::shared_ptr<Mailbox> mailbox = mailbox_;
  mailbox->Close();
}

void LoopBase::Run() {
  Begin();
  while (!stopping_ || operations_ > 0) {
    Poll(TimeToSleep());
    RunPosted();
    RunTimers();
  }
  End();
}

absl::Duration LoopBase::TimeToSleep() {
  if (HasCompletions()) return absl::ZeroDuration();
  absl::Duration wait = absl::InfiniteDuration();
  const std::optional<MonotonicTime> due = stopping_ ? std::nullopt : timers_.NextDue();
  if (due.has_value()) {
    wait = std::max(absl::ZeroDuration(), *due - clock().Monotonic());
    if (wait == absl::ZeroDuration()) return wait;
  }
  return mailbox_->PrepareToSleep() ? wait : absl::ZeroDuration();
}

void LoopBase::RunPosted() {
  if (mailbox_->Take(taken_)) stopping_ = true;
  for (Task& task : taken_) {
    std::move(task)();
    // Frees what the task owns before the next one runs.
    task = nullptr;
  }
  taken_.clear();
}

void LoopBase::RunTimers() {
  if (!timers_.NextDue().has_value()) return;
  const MonotonicTime now = clock().Monotonic();
  // Asked each time: the task before may have called `Stop`.
  while (!mailbox_->closed()) {
    std::optional<Task> task = timers_.TakeDue(now);
    if (!task.has_value()) return;
    std::move (*task)();
  }
}

}  // namespace leat::io
