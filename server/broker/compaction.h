// Compacts the logs that need it, one after another, so that memory, disk and rate are those of
// one.
//
// Owned by `Upkeep`; the metadata shard's thread.

#ifndef LEAT_SERVER_BROKER_COMPACTION_H_
#define LEAT_SERVER_BROKER_COMPACTION_H_

#include <functional>
#include <optional>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/time/time.h"
#include "server/broker/periodic.h"
#include "storage/io/event_loop.h"
#include "storage/log/checkpoint.h"

namespace leat::broker {

class Compaction {
 public:
  using Keys = std::vector<log::PartitionKey>;
  // Asks every log whether it has something to compact.
  using Collect = std::function<void(absl::AnyInvocable<void(Keys) &&> collected)>;
  // Compacts one of them; `ended` runs in any case.
  using Compact = std::function<void(const log::PartitionKey& key, io::Task ended)>;
  // Ends that soon.
  using Cancel = std::function<void(const log::PartitionKey& key)>;

  // `loop` outlives this.
  Compaction(io::EventLoop& loop, absl::Duration interval, Collect collect, Compact compact,
             Cancel cancel);

  // Begins the rounds.
  void Start() { rounds_.Start(); }

  // Ends them, and the compaction under way; `idle` runs when none is.
  void Stop(io::Task idle);

 private:
  void CompactNext(Keys due, io::Task ended);

  const Collect collect_;
  const Compact compact_;
  const Cancel cancel_;
  std::optional<log::PartitionKey> current_;
  bool stopped_ = false;
  Periodic rounds_;
};

}  // namespace leat::broker

#endif  // LEAT_SERVER_BROKER_COMPACTION_H_
