// Watches the space that is left on the disk, so that appends are refused before it is full, and
// taken again, by themselves, once there is enough.
//
// Owned by `Upkeep`; the metadata shard's thread.

#ifndef LEAT_SERVER_BROKER_SPACE_WATCH_H_
#define LEAT_SERVER_BROKER_SPACE_WATCH_H_

#include <cstdint>
#include <functional>
#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "server/broker/periodic.h"
#include "server/broker/space.h"
#include "storage/io/event_loop.h"
#include "storage/io/file_system.h"

namespace leat::broker {

class SpaceWatch {
 public:
  // `tell` is called when the answer changes; at first there is enough. `files` and `loop` outlive
  // this.
  SpaceWatch(io::FileSystem& files, io::EventLoop& loop, std::string path, uint64_t min_free_bytes,
             std::function<void(Space)> tell);

  // Looks now, which blocks, and then once a second. Fails when the first look does.
  absl::Status Start();

  // Ends the looks; `idle` runs when none is under way.
  void Stop(io::Task idle) { rounds_.Stop(std::move(idle)); }

 private:
  void Round(io::Task ended);
  void Take(const io::SpaceInfo& found);

  io::FileSystem& files_;
  io::EventLoop& loop_;
  const std::string path_;
  const uint64_t min_free_bytes_;
  const std::function<void(Space)> tell_;
  Space space_ = Space::kEnough;
  Periodic rounds_;
};

}  // namespace leat::broker

#endif  // LEAT_SERVER_BROKER_SPACE_WATCH_H_
