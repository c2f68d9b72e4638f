// Work that comes round again: one round at a time, the next an interval after the last has ended.
//
// Owned by whoever needs the rounds; the loop's thread only. Must not die while a round is under
// way: `Stop` tells.

#ifndef LEAT_SERVER_BROKER_PERIODIC_H_
#define LEAT_SERVER_BROKER_PERIODIC_H_

#include <functional>
#include <optional>

#include "absl/time/time.h"
#include "storage/io/event_loop.h"

namespace leat::broker {

class Periodic {
 public:
  // `round` calls what it is given when it has ended.
  using Round = std::function<void(io::Task ended)>;

  // `loop` outlives this.
  Periodic(io::EventLoop& loop, absl::Duration interval, Round round);

  // The first round is due an interval from now.
  void Start();

  // Begins a round now, unless one is under way. Only after `Start`.
  void RunNow();

  // No further round begins; `idle` runs once none is under way, perhaps at once.
  void Stop(io::Task idle);

 private:
  void Arm();
  void RunRound();
  void OnEnded();

  io::EventLoop& loop_;
  const absl::Duration interval_;
  const Round round_;
  io::TimerId timer_ = 0;
  bool running_ = false;
  bool stopped_ = true;
  std::optional<io::Task> idle_;
};

}  // namespace leat::broker

#endif  // LEAT_SERVER_BROKER_PERIODIC_H_
