// Makes absl::Mutex, CondVar, Notification and BlockingCounter visible to
// ThreadSanitizer.
//
// The system's Abseil is not instrumented and its locks sleep on futexes, so
// the sanitizer sees no order between two critical sections, whether ours or
// gRPC's, and reports races that are none. The definitions below stand before
// those of libabsl_synchronization.so for every caller in the process: each
// lets the library do its work and tells the sanitizer of the order it made.
#include <dlfcn.h>
#include <sanitizer/tsan_interface.h>

#include <cstdio>
#include <cstdlib>

#include "absl/synchronization/blocking_counter.h"
#include "absl/synchronization/mutex.h"
#include "absl/synchronization/notification.h"
#include "absl/time/time.h"

namespace {

#define LEAT_MUTEX(name_and_parameters) "_ZN4absl7debian35Mutex" name_and_parameters
#define LEAT_COND_VAR(name_and_parameters) "_ZN4absl7debian37CondVar" name_and_parameters
#define LEAT_NOTIFICATION(name_and_parameters) "_ZN4absl7debian312Notification" name_and_parameters
#define LEAT_NOTIFICATION_CONST(name_and_parameters) \
  "_ZNK4absl7debian312Notification" name_and_parameters
#define LEAT_BLOCKING_COUNTER(name_and_parameters) \
  "_ZN4absl7debian315BlockingCounter" name_and_parameters

// The library's own definition of a member function, by its mangled name.
template <typename Function>
Function* Library(const char* symbol) {
  void* address = dlsym(RTLD_NEXT, symbol);
  if (address == nullptr) {
    std::fprintf(stderr, "third_party/tsan: no library has %s\n", symbol);
    std::abort();
  }
  return reinterpret_cast<Function*>(address);
}

// A condition as the library evaluates it: in any thread that holds `mutex`,
// before the function below that took the mutex could say so, and, in a thread
// that is unlocking it, after `Unlock` below announced its release.
struct Observed {
  static bool Evaluate(Observed* observed) {
    __tsan_acquire(observed->mutex);
    const bool met = observed->condition.Eval();
    __tsan_release(observed->mutex);
    return met;
  }

  absl::Mutex* mutex;
  const absl::Condition& condition;
};

// Returns `happened`, having ordered this thread behind it if it did.
bool AcquireIf(bool happened, const void* object) {
  if (happened) __tsan_acquire(const_cast<void*>(object));
  return happened;
}

}  // namespace

namespace absl {
ABSL_NAMESPACE_BEGIN

void Mutex::Lock() {
  static auto* const library = Library<void(Mutex*)>(LEAT_MUTEX("4LockEv"));
  library(this);
  __tsan_acquire(this);
}

void Mutex::Unlock() {
  static auto* const library = Library<void(Mutex*)>(LEAT_MUTEX("6UnlockEv"));
  __tsan_release(this);
  library(this);
}

bool Mutex::TryLock() {
  static auto* const library = Library<bool(Mutex*)>(LEAT_MUTEX("7TryLockEv"));
  return AcquireIf(library(this), this);
}

void Mutex::ReaderLock() {
  static auto* const library = Library<void(Mutex*)>(LEAT_MUTEX("10ReaderLockEv"));
  library(this);
  __tsan_acquire(this);
}

void Mutex::ReaderUnlock() {
  static auto* const library = Library<void(Mutex*)>(LEAT_MUTEX("12ReaderUnlockEv"));
  __tsan_release(this);
  library(this);
}

bool Mutex::ReaderTryLock() {
  static auto* const library = Library<bool(Mutex*)>(LEAT_MUTEX("13ReaderTryLockEv"));
  return AcquireIf(library(this), this);
}

void Mutex::LockWhen(const Condition& condition) {
  Lock();
  Await(condition);
}

void Mutex::Await(const Condition& condition) {
  static auto* const library =
      Library<void(Mutex*, const Condition&)>(LEAT_MUTEX("5AwaitERKNS0_9ConditionE"));
  Observed observed{this, condition};
  __tsan_release(this);
  library(this, Condition(Observed::Evaluate, &observed));
  __tsan_acquire(this);
}

bool Mutex::AwaitWithTimeout(const Condition& condition, Duration timeout) {
  static auto* const library = Library<bool(Mutex*, const Condition&, Duration)>(
      LEAT_MUTEX("16AwaitWithTimeoutERKNS0_9ConditionENS0_8DurationE"));
  Observed observed{this, condition};
  __tsan_release(this);
  const bool met = library(this, Condition(Observed::Evaluate, &observed), timeout);
  __tsan_acquire(this);
  return met;
}

bool Mutex::AwaitWithDeadline(const Condition& condition, Time deadline) {
  static auto* const library = Library<bool(Mutex*, const Condition&, Time)>(
      LEAT_MUTEX("17AwaitWithDeadlineERKNS0_9ConditionENS0_4TimeE"));
  Observed observed{this, condition};
  __tsan_release(this);
  const bool met = library(this, Condition(Observed::Evaluate, &observed), deadline);
  __tsan_acquire(this);
  return met;
}

void CondVar::Wait(Mutex* mutex) {
  static auto* const library = Library<void(CondVar*, Mutex*)>(LEAT_COND_VAR("4WaitEPNS0_5MutexE"));
  __tsan_release(mutex);
  library(this, mutex);
  __tsan_acquire(mutex);
}

bool CondVar::WaitWithTimeout(Mutex* mutex, Duration timeout) {
  static auto* const library = Library<bool(CondVar*, Mutex*, Duration)>(
      LEAT_COND_VAR("15WaitWithTimeoutEPNS0_5MutexENS0_8DurationE"));
  __tsan_release(mutex);
  const bool timed_out = library(this, mutex, timeout);
  __tsan_acquire(mutex);
  return timed_out;
}

bool CondVar::WaitWithDeadline(Mutex* mutex, Time deadline) {
  static auto* const library = Library<bool(CondVar*, Mutex*, Time)>(
      LEAT_COND_VAR("16WaitWithDeadlineEPNS0_5MutexENS0_4TimeE"));
  __tsan_release(mutex);
  const bool timed_out = library(this, mutex, deadline);
  __tsan_acquire(mutex);
  return timed_out;
}

// HasBeenNotified is inline: its load of notified_yet_ is seen.
void Notification::Notify() {
  static auto* const library = Library<void(Notification*)>(LEAT_NOTIFICATION("6NotifyEv"));
  __tsan_release(&notified_yet_);
  library(this);
}

void Notification::WaitForNotification() const {
  static auto* const library =
      Library<void(const Notification*)>(LEAT_NOTIFICATION_CONST("19WaitForNotificationEv"));
  library(this);
  AcquireIf(true, &notified_yet_);
}

bool Notification::WaitForNotificationWithTimeout(Duration timeout) const {
  static auto* const library = Library<bool(const Notification*, Duration)>(
      LEAT_NOTIFICATION_CONST("30WaitForNotificationWithTimeoutENS0_8DurationE"));
  return AcquireIf(library(this, timeout), &notified_yet_);
}

bool Notification::WaitForNotificationWithDeadline(Time deadline) const {
  static auto* const library = Library<bool(const Notification*, Time)>(
      LEAT_NOTIFICATION_CONST("31WaitForNotificationWithDeadlineENS0_4TimeE"));
  return AcquireIf(library(this, deadline), &notified_yet_);
}

bool BlockingCounter::DecrementCount() {
  static auto* const library =
      Library<bool(BlockingCounter*)>(LEAT_BLOCKING_COUNTER("14DecrementCountEv"));
  __tsan_release(this);
  return library(this);
}

void BlockingCounter::Wait() {
  static auto* const library = Library<void(BlockingCounter*)>(LEAT_BLOCKING_COUNTER("4WaitEv"));
  library(this);
  __tsan_acquire(this);
}

ABSL_NAMESPACE_END
}  // namespace absl
