// The gate before the device: at most so many flushed writes in flight on a shard, granted to its
// logs in turn. A log that waits grows its next frame.
//
// Owned by the shard; its loop's thread only.

#ifndef LEAT_STORAGE_LOG_FLUSH_GATE_H_
#define LEAT_STORAGE_LOG_FLUSH_GATE_H_

#include <cstddef>
#include <deque>

#include "absl/functional/any_invocable.h"

namespace leat::log {

class FlushGate {
 public:
  // `max_in_flight` must not be 0.
  explicit FlushGate(size_t max_in_flight);

  FlushGate(const FlushGate&) = delete;
  FlushGate& operator=(const FlushGate&) = delete;

  // Calls `go`, at once if a place is free, else when one is and it is the caller's turn. A caller
  // waits with at most one call at a time and ends each with `Leave`.
  void Enter(absl::AnyInvocable<void() &&> go);

  // Gives the place back and lets the next in.
  void Leave();

 private:
  void Admit();

  const size_t max_in_flight_;
  size_t in_flight_ = 0;
  bool admitting_ = false;
  std::deque<absl::AnyInvocable<void() &&>> waiting_;
};

}  // namespace leat::log

#endif  // LEAT_STORAGE_LOG_FLUSH_GATE_H_
