// A bound on the bytes that calls may hold at one time.
//
// One budget for appends and one for reads, owned by `server::Server`; both outlive every call.
// What is charged is given back when the `Charge` dies. Each charge is at least `kMinimumCharge`,
// so that small requests, which cost more than their bytes, are bounded too. Any thread.

#ifndef LEAT_SERVER_RPC_BYTE_BUDGET_H_
#define LEAT_SERVER_RPC_BYTE_BUDGET_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>

#include "absl/base/thread_annotations.h"
#include "absl/functional/any_invocable.h"
#include "absl/synchronization/mutex.h"

namespace leat::rpc {

class ByteBudget {
 public:
  static constexpr size_t kMinimumCharge = 4 << 10;

  // Bytes held. Empty when moved from or default-made.
  class Charge {
   public:
    Charge() = default;
    Charge(Charge&& other) noexcept;
    Charge& operator=(Charge&& other) noexcept;
    ~Charge() { Release(); }

    size_t bytes() const { return bytes_; }

    // Gives back all but `bytes` (but never less than the minimum), or takes what is missing even
    // if that goes over the budget: what is known to be in memory is counted.
    void Resize(size_t bytes);

    // Takes so many more, if there is room or nobody else holds anything. False when not: then
    // nothing changes.
    bool TryGrow(size_t bytes);

    void Release();

   private:
    friend class ByteBudget;
    Charge(ByteBudget* budget, size_t bytes) : budget_(budget), bytes_(bytes) {}

    ByteBudget* budget_ = nullptr;
    size_t bytes_ = 0;
  };

  using Granted = absl::AnyInvocable<void(Charge) &&>;

  explicit ByteBudget(size_t limit_bytes) : limit_(limit_bytes) {}

  // nullopt when there is no room, or others wait for it.
  std::optional<Charge> TryAcquire(size_t bytes) ABSL_LOCKS_EXCLUDED(mutex_);

  // Takes the bytes even if that goes over the limit. For what must not wait for others, such as
  // the first chunk of a stream that holds nothing.
  Charge AcquireAnyway(size_t bytes) ABSL_LOCKS_EXCLUDED(mutex_);

  // Calls `granted` with the charge as soon as there is room, first come, first served: at once on
  // this thread, or later on the thread that gave bytes back. Then it must be short.
  void Acquire(size_t bytes, Granted granted) ABSL_LOCKS_EXCLUDED(mutex_);

  size_t in_use() const ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  struct Waiter {
    size_t bytes;
    Granted granted;
  };

  bool HasRoom(size_t bytes) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void GiveBack(size_t bytes) ABSL_LOCKS_EXCLUDED(mutex_);

  const size_t limit_;
  mutable absl::Mutex mutex_;
  size_t in_use_ ABSL_GUARDED_BY(mutex_) = 0;
  std::deque<Waiter> waiters_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace leat::rpc

#endif  // LEAT_SERVER_RPC_BYTE_BUDGET_H_
