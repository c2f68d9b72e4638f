// Removes what is too old or too much: asks the logs where they should start, has that written
// durably, and only then lets them trim.
//
// Owned by `Upkeep`; the metadata shard's thread.

#ifndef LEAT_SERVER_BROKER_RETENTION_H_
#define LEAT_SERVER_BROKER_RETENTION_H_

#include <functional>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/time/time.h"
#include "server/broker/periodic.h"
#include "server/broker/topic_command.h"
#include "storage/io/event_loop.h"

namespace leat::broker {

class Retention {
 public:
  // Asks every log where retention wants it to start.
  using Collect = std::function<void(absl::AnyInvocable<void(std::vector<LogStart>) &&> collected)>;
  // Writes new log starts durably and trims the logs.
  using Move = std::function<void(std::vector<LogStart> targets, io::IoCallback moved)>;

  // `loop` outlives this.
  Retention(io::EventLoop& loop, absl::Duration interval, Collect collect, Move move);

  // Begins the rounds.
  void Start() { rounds_.Start(); }

  // Ends them; `idle` runs when none is under way.
  void Stop(io::Task idle) { rounds_.Stop(std::move(idle)); }

 private:
  void Round(io::Task ended);
  void MoveSome(std::vector<LogStart> targets, io::Task ended);

  const Collect collect_;
  const Move move_;
  Periodic rounds_;
};

}  // namespace leat::broker

#endif  // LEAT_SERVER_BROKER_RETENTION_H_
