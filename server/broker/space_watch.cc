#include "server/broker/space_watch.h"

#include <memory>
#include <utility>

#include "spdlog/spdlog.h"

namespace leat::broker {
namespace {

constexpr absl::Duration kInterval = absl::Seconds(1);

}  // namespace

SpaceWatch::SpaceWatch(io::FileSystem& files, io::EventLoop& loop, std::string path,
                       uint64_t min_free_bytes, std::function<void(Space)> tell)
    : files_(files),
      loop_(loop),
      path_(std::move(path)),
      min_free_bytes_(min_free_bytes),
      tell_(std::move(tell)),
      rounds_(loop, kInterval, [this](io::Task ended) { Round(std::move(ended)); }) {}

absl::Status SpaceWatch::Start() {
  absl::StatusOr<io::SpaceInfo> found = files_.Space(path_);
  if (!found.ok()) return found.status();
  Take(*found);
  rounds_.Start();
  return absl::OkStatus();
}

void SpaceWatch::Round(io::Task ended) {
  auto found = std::make_shared<io::SpaceInfo>();
  loop_.Offload(
      [this, found] {
        absl::StatusOr<io::SpaceInfo> space = files_.Space(path_);
        if (space.ok()) *found = *space;
        return space.status();
      },
      [this, found, ended = std::move(ended)](const absl::Status& looked) mutable {
        // One that fails tells nothing: what was known stands.
        if (looked.ok()) Take(*found);
        std::move(ended)();
      });
}

void SpaceWatch::Take(const io::SpaceInfo& found) {
  const Space space = found.available_bytes < min_free_bytes_ ? Space::kLow : Space::kEnough;
  if (space == space_) return;
  space_ = space;
  if (space == Space::kLow) {
    spdlog::warn("{}: {} bytes free, fewer than the {} required: appends are refused", path_,
                 found.available_bytes, min_free_bytes_);
  } else {
    spdlog::info("{}: {} bytes free: appends are taken again", path_, found.available_bytes);
  }
  tell_(space);
}

}  // namespace leat::broker
