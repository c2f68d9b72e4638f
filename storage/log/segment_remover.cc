#include "storage/log/segment_remover.h"

#include <utility>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "storage/log/segment_tasks.h"

namespace leat::log {
namespace {

// How soon to look again after a reader that still held a segment.
constexpr absl::Duration kSweepInterval = absl::Seconds(1);

}  // namespace

SegmentRemover::SegmentRemover(const LogEnvironment& environment, std::string directory)
    : environment_(environment), directory_(std::move(directory)) {}

void SegmentRemover::Remove(std::vector<std::shared_ptr<Segment>> segments) {
  for (std::shared_ptr<Segment>& segment : segments) doomed_.push_back(std::move(segment));
  segments.clear();
  Sweep();
}

void SegmentRemover::Sweep() {
  std::vector<std::string> paths;
  std::erase_if(doomed_, [&paths](const std::shared_ptr<Segment>& segment) {
    const bool unread = segment.use_count() == 1;
    if (unread) paths.push_back(segment->path());
    return unread;
  });
  if (!paths.empty()) {
    RemoveInBackground(environment_, directory_, std::move(paths), [](absl::Status) {});
  }
  if (doomed_.empty() || sweep_planned_) return;
  sweep_planned_ = true;
  environment_.loop->After(kSweepInterval, [weak = weak_from_this()] {
    if (const auto self = weak.lock()) {
      self->sweep_planned_ = false;
      self->Sweep();
    }
  });
}

}  // namespace leat::log
