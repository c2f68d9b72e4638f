// Wakes one thread that waits for any of many things: it looks again at everything it waits for, so
// that no event is lost. `Raise` from any thread, `WaitUntil` from one.

#ifndef LEAT_CLIENT_WAKEUP_H_
#define LEAT_CLIENT_WAKEUP_H_

#include <chrono>
#include <condition_variable>
#include <mutex>

#include "absl/time/time.h"
#include "client/monotonic_clock.h"

namespace leat::client {

class Wakeup {
 public:
  void Raise() {
    {
      std::lock_guard<std::mutex> lock(mutex_);
      raised_ = true;
    }
    condition_.notify_one();
  }

  // Returns when `Raise` was called since the last return, or when `MonotonicNow()` reaches
  // `deadline`.
  void WaitUntil(absl::Time deadline) {
    std::unique_lock<std::mutex> lock(mutex_);
    const auto raised = [this] { return raised_; };
    if (deadline == absl::InfiniteFuture()) {
      condition_.wait(lock, raised);
    } else {
      // Not Abseil's mutex: its timeouts follow the wall clock.
      condition_.wait_for(lock, absl::ToChronoNanoseconds(deadline - MonotonicNow()), raised);
    }
    raised_ = false;
  }

 private:
  std::mutex mutex_;
  std::condition_variable condition_;
  bool raised_ = false;
};

}  // namespace leat::client

#endif  // LEAT_CLIENT_WAKEUP_H_
