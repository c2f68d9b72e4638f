#include "storage/io/mailbox.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "storage/io/check.h"
#include "storage/io/posix_error.h"

namespace leat::io {

absl::StatusOr<std::shared_ptr<Mailbox>> Mailbox::Create() {
  const int wake = eventfd(0, EFD_CLOEXEC);
  if (wake < 0) return PosixError(errno, "create", "an eventfd");
  return std::shared_ptr<Mailbox>(new Mailbox(Descriptor(wake)));
}

void Mailbox::Post(Task task) {
  bool wake;
  {
    const std::lock_guard lock(mutex_);
    if (closed_) return;  // The task is destroyed by the caller, outside the lock.
    tasks_.push_back(std::move(task));
    wake = std::exchange(asleep_, false);
  }
  if (wake) Wake();
}

void Mailbox::Deliver(Task task) {
  bool wake;
  {
    const std::lock_guard lock(mutex_);
    tasks_.push_back(std::move(task));
    wake = std::exchange(asleep_, false);
  }
  if (wake) Wake();
}

void Mailbox::Close() {
  bool wake;
  {
    const std::lock_guard lock(mutex_);
    closed_ = true;
    // Something to take, so that a loop which is about to sleep looks again.
    tasks_.push_back([] {});
    wake = std::exchange(asleep_, false);
  }
  if (wake) Wake();
}

bool Mailbox::closed() {
  const std::lock_guard lock(mutex_);
  return closed_;
}

bool Mailbox::PrepareToSleep() {
  const std::lock_guard lock(mutex_);
  asleep_ = tasks_.empty();
  return asleep_;
}

bool Mailbox::Take(std::vector<Task>& tasks) {
  LEAT_CHECK(tasks.empty());
  const std::lock_guard lock(mutex_);
  asleep_ = false;
  tasks_.swap(tasks);
  return closed_;
}

void Mailbox::Wake() {
  const uint64_t one = 1;
  while (write(wake_.value(), &one, sizeof(one)) < 0) LEAT_CHECK(errno == EINTR);
}

}  // namespace leat::io
