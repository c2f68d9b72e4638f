// Where other threads leave tasks for a loop's thread, and how they wake it.
//
// Private to storage/io. `Post`, `Deliver` and `Close` may be called from any thread, the rest on
// the loop's. Shared, so that a background thread may finish its delivery while the loop is already
// going away. A wake-up costs a system call only when the loop may be asleep, and then once however
// many tasks come in until it is up.

#ifndef LEAT_STORAGE_IO_MAILBOX_H_
#define LEAT_STORAGE_IO_MAILBOX_H_

#include <mutex>
#include <vector>

#include "storage/io/descriptor.h"
#include "storage/io/event_loop.h"

namespace leat::io {

class Mailbox {
 public:
  // RESOURCE_EXHAUSTED when the process is out of descriptors.
  static absl::StatusOr<std::shared_ptr<Mailbox>> Create();

  // Adds a task; destroys it instead once the mailbox is closed.
  void Post(Task task);

  // As `Post`, closed or not: for the end of an operation, which the loop waits for.
  void Deliver(Task task);

  void Close();
  bool closed();

  // True when there is nothing to take; until the next `Take` whoever adds something then makes
  // `wake_descriptor` readable.
  bool PrepareToSleep();

  // Swaps what has come in, in order, for the empty `tasks`. Returns whether the mailbox is closed,
  // after which nothing but deliveries will come.
  bool Take(std::vector<Task>& tasks);

  // An eventfd; reading it blocks, since io_uring answers EAGAIN for one that does not. It may be
  // readable without need.
  int wake_descriptor() const { return wake_.value(); }
  void Wake();

 private:
  explicit Mailbox(Descriptor wake) : wake_(std::move(wake)) {}

  const Descriptor wake_;
  std::mutex mutex_;
  std::vector<Task> tasks_;  // Guarded by mutex_, as are the next two.
  bool asleep_ = false;
  bool closed_ = false;
};

}  // namespace leat::io

#endif  // LEAT_STORAGE_IO_MAILBOX_H_
