#include "storage/log/segment_remover.h"

#include <utility>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "storage/log/segment_tasks.h"

namespace leat::log {
namespace {

// How soon to look again after a reader that still held a segment, or a file that would not go.
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
  paths.insert(paths.end(), failed_.begin(), failed_.end());
  failed_.clear();
  if (!paths.empty()) {
    RemoveInBackground(environment_, directory_, paths,
                       [weak = weak_from_this(), paths](const absl::Status& removed) {
                         const auto self = weak.lock();
                         if (removed.ok() || self == nullptr) return;
                         self->failed_.insert(self->failed_.end(), paths.begin(), paths.end());
                         self->PlanSweep();
                       });
  }
  if (!doomed_.empty()) PlanSweep();
}

void SegmentRemover::PlanSweep() {
  if (std::exchange(sweep_planned_, true)) return;
  environment_.loop->After(kSweepInterval, [weak = weak_from_this()] {
    if (const auto self = weak.lock()) {
      self->sweep_planned_ = false;
      self->Sweep();
    }
  });
}

}  // namespace leat::log
