// Keeps the checkpoint file a moment behind the logs, so that a restart has little to check.
//
// Owned by `Upkeep`; the metadata shard's thread. Losing a write costs recovery time only, so one
// that fails is told in the server's log and tried anew with the next round.

#ifndef LEAT_SERVER_BROKER_CHECKPOINTER_H_
#define LEAT_SERVER_BROKER_CHECKPOINTER_H_

#include <functional>
#include <string>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/time/time.h"
#include "server/broker/partition_table.h"
#include "server/broker/periodic.h"
#include "storage/io/event_loop.h"
#include "storage/io/file_system.h"
#include "storage/log/checkpoint.h"

namespace leat::broker {

class Checkpointer {
 public:
  using Updates = std::vector<CheckpointUpdate>;
  // Asks every log what changed since it was last asked.
  using Collect = std::function<void(absl::AnyInvocable<void(Updates) &&> collected)>;

  // `files` and `loop` outlive this. `read_at_start` is what the start found in the file.
  Checkpointer(io::FileSystem& files, io::EventLoop& loop, std::string path,
               absl::Duration interval, log::Checkpoint read_at_start, Collect collect);

  // Writes the file without the mark of a clean shutdown; blocks. To be called before the first
  // append, once every log was recovered and `collect` can be asked of it.
  absl::Status ClearCleanMark();

  // Begins the rounds.
  void Start() { rounds_.Start(); }

  // Ends them; `idle` runs when none is under way.
  void Stop(io::Task idle) { rounds_.Stop(std::move(idle)); }

  // Takes in what the closing of the logs changed and writes the file, with the mark of a clean
  // shutdown if `clean`; blocks. After `Stop`.
  enum class Shutdown { kClean, kUnclean };
  absl::Status WriteLast(const Updates& updates, Shutdown shutdown);

 private:
  void Round(io::Task ended);
  void TakeIn(const Updates& updates);

  io::FileSystem& files_;
  io::EventLoop& loop_;
  const std::string path_;
  const Collect collect_;
  log::Checkpoint checkpoint_;  // Not to be touched while it is being written.
  bool changed_ = false;        // Since it was last written.
  Periodic rounds_;
};

}  // namespace leat::broker

#endif  // LEAT_SERVER_BROKER_CHECKPOINTER_H_
