#include "storage/log/compactor.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <utility>

#include "absl/time/time.h"
#include "storage/io/check.h"
#include "storage/log/corruption.h"

namespace leat::log {
namespace {

using record::Offset;

// Reading everything again and again, because the disk is full, helps nobody.
constexpr absl::Duration kRestAfterError = absl::Minutes(10);

}  // namespace

Compactor::Compactor(const LogEnvironment& environment, std::shared_ptr<DurableLog> log,
                     std::function<void()> replaced)
    : environment_(environment), log_(std::move(log)), replaced_(std::move(replaced)) {}

bool Compactor::Due(const LogOptions& options) {
  const io::Clock& clock = environment_.loop->clock();
  if (!wall_clock_.Steady(clock) || given_up_ || done_ != nullptr) return false;
  if (clock.Monotonic() < not_before_) return false;
  return IsCompactionDue(*log_, options, clock.WallMillis());
}

void Compactor::Run(const LogOptions& options, const CompactionLimits& limits,
                    CompactionCallback done) {
  LEAT_CHECK(done_ == nullptr);
  options_ = options;
  limits_ = limits;
  done_ = std::move(done);
  report_ = {};
  began_ = environment_.loop->clock().Monotonic();
  began_ms_ = environment_.loop->clock().WallMillis();
  cancelled_ = false;
  sealed_end_ = SealedEnd(*log_);
  pass_ = {.noted_end = DirtyStart(*log_),
           .dirty_start = DirtyStart(*log_),
           .tombstone_retention = options.tombstone_retention};
  // Later, so that no callback runs inside the call that gave it.
  environment_.loop->Post([weak = weak_from_this()] {
    if (const auto self = weak.lock()) self->BeginPass();
  });
}

void Compactor::BeginPass() {
  ++report_.passes;
  next_ = pass_.noted_end;
  keys_ = options_.compact ? std::make_shared<CompactionKeys>(limits_.key_bytes) : nullptr;
  pass_.keys = keys_;
  NoteNext();
}

// Goes on noting keys at `next_`.
void Compactor::NoteNext() {
  if (cancelled_) return End(absl::CancelledError("compaction was cancelled"));
  next_ = std::max(next_, log_->log_start());
  const std::shared_ptr<Segment> segment = log_->Find(next_);
  if (keys_ == nullptr || next_ >= sealed_end_ || segment == nullptr || segment->active()) {
    return BeginRewriting(sealed_end_);
  }
  auto scan = std::make_shared<KeyScan>(*environment_.files, *segment, next_, keys_);
  // The segment is held until then, lest its file be removed.
  Drive(scan, [this, scan, segment](absl::Status status) {
    if (!status.ok()) return End(std::move(status));
    next_ = scan->noted_end();
    if (next_ >= segment->next_offset()) return NoteNext();
    BeginRewriting(next_);  // There was no room for more.
  });
}

void Compactor::BeginRewriting(Offset noted_end) {
  pass_.noted_end = noted_end;
  next_ = log_->log_start();
  RewriteNext();
}

// Goes on with the segment that holds `next_`.
void Compactor::RewriteNext() {
  if (cancelled_) return End(absl::CancelledError("compaction was cancelled"));
  while (true) {
    next_ = std::max(next_, log_->log_start());
    std::shared_ptr<Segment> segment = log_->Find(next_);
    if (next_ >= sealed_end_ || segment == nullptr || segment->active()) return EndPass();
    next_ = segment->next_offset();
    pass_.now_ms = NowMillis();
    std::optional<SegmentRewrite::Task> task = TaskFor(*segment, pass_);
    if (task.has_value()) return Rewrite(segment, *std::move(task));
  }
}

void Compactor::Rewrite(const std::shared_ptr<Segment>& segment, SegmentRewrite::Task task) {
  task.segment_id = environment_.random();
  task.incarnation = environment_.random();
  task.min_free_bytes = limits_.min_free_bytes;
  auto rewrite = std::make_shared<SegmentRewrite>(*environment_.files, *segment, std::move(task));
  Drive(rewrite, [this, rewrite, segment](absl::Status status) {
    const DurableLog::Segments& segments = log_->segments();
    const bool trimmed = std::find(segments.begin(), segments.end(), segment) == segments.end();
    if (status.ok() && rewrite->ready() && !trimmed) {
      return Swap(segment, rewrite);
    }
    Offload(
        [rewrite] {
          rewrite->Discard();
          return absl::OkStatus();
        },
        [this, status = std::move(status)](const absl::Status&) mutable {
          if (!status.ok()) return End(std::move(status));
          RewriteNext();
        });
  });
}

void Compactor::Swap(const std::shared_ptr<Segment>& segment,
                     const std::shared_ptr<SegmentRewrite>& rewrite) {
  // From now on nobody may open its path and take what is there for this segment.
  segment->HoldFile(rewrite->file());
  auto result = std::make_shared<absl::StatusOr<SwapResult>>(absl::UnknownError("not run"));
  Offload(
      [rewrite, result] {
        *result = rewrite->Swap();
        return absl::OkStatus();
      },
      [this, segment, rewrite, result](const absl::Status& ran) {
        OnSwapped(segment, *rewrite, ran.ok() ? std::move(*result) : ran);
      });
}

void Compactor::OnSwapped(const std::shared_ptr<Segment>& segment, const SegmentRewrite& rewrite,
                          absl::StatusOr<SwapResult> result) {
  if (!result.ok()) {
    given_up_ = true;
    return End(result.status());
  }
  SealedSegment& now = result->segment;
  if (now.header.segment_id != segment->header().segment_id) {
    ++report_.segments_rewritten;
    report_.records_removed += rewrite.records_removed();
    report_.bytes_before += segment->file_bytes();
    report_.bytes_after += now.file_bytes;
    if (rewrite.records_removed() > 0) log_->tail().DropBefore(segment->next_offset());
    log_->Replace(segment, std::move(now));
    replaced_();
    // Where the flush of the directory failed the old file may be back after a power cut, and
    // flushing again would tell nothing: tombstones that follow it must not go.
    if (!result->status.ok()) given_up_ = true;
  }
  if (!result->status.ok()) return End(std::move(result->status));
  RewriteNext();
}

void Compactor::EndPass() {
  if (keys_ == nullptr || pass_.noted_end >= sealed_end_) return End(absl::OkStatus());
  BeginPass();
}

void Compactor::End(absl::Status status) {
  if (IsDamage(status)) given_up_ = true;
  if (!status.ok() && !absl::IsCancelled(status)) {
    not_before_ = environment_.loop->clock().Monotonic() + kRestAfterError;
  }
  keys_ = nullptr;
  pass_ = {};
  CompactionCallback done = std::exchange(done_, nullptr);
  absl::AnyInvocable<void()&&> idle = std::exchange(idle_, nullptr);
  std::move(done)(std::move(status), report_);
  if (idle != nullptr) std::move(idle)();
}

int64_t Compactor::NowMillis() const {
  const absl::Duration run = environment_.loop->clock().Monotonic() - began_;
  return std::max<int64_t>(began_ms_ + absl::ToInt64Milliseconds(run), 1);
}

void Compactor::Cancel() {
  cancelled_ = true;
  if (pause_ == 0) return;
  environment_.loop->Cancel(std::exchange(pause_, 0));
  environment_.loop->Post(
      [weak = weak_from_this(), then = *std::exchange(after_pause_, std::nullopt)]() mutable {
        if (const auto self = weak.lock()) std::move(then)();
      });
}

void Compactor::WhenIdle(absl::AnyInvocable<void() &&> idle) {
  if (done_ == nullptr) return std::move(idle)();
  idle_ = std::move(idle);
}

void Compactor::Drive(std::shared_ptr<SegmentWork> work, io::IoCallback done) {
  if (cancelled_) return std::move(done)(absl::CancelledError("compaction was cancelled"));
  const uint64_t moved_before = work->bytes_moved();
  Offload([work, bytes = limits_.step_bytes] { return work->Step(bytes); },
          [this, work, moved_before, done = std::move(done)](absl::Status status) mutable {
            if (!status.ok()) return std::move(done)(std::move(status));
            Pause(work->bytes_moved() - moved_before,
                  [this, work, done = std::move(done)]() mutable {
                    if (work->done()) return std::move(done)(absl::OkStatus());
                    Drive(std::move(work), std::move(done));
                  });
          });
}

// So long that moving `bytes` and then resting keeps to the rate.
void Compactor::Pause(uint64_t bytes, io::Task then) {
  absl::Duration pause = absl::ZeroDuration();
  if (limits_.bytes_per_second > 0) {
    pause =
        absl::Seconds(static_cast<double>(bytes) / static_cast<double>(limits_.bytes_per_second));
  }
  after_pause_ = std::move(then);
  pause_ = environment_.loop->After(pause, [weak = weak_from_this()] {
    const auto self = weak.lock();
    if (self == nullptr) return;
    self->pause_ = 0;
    std::move (*std::exchange(self->after_pause_, std::nullopt))();
  });
}

void Compactor::Offload(absl::AnyInvocable<absl::Status() &&> work, io::IoCallback done) {
  environment_.loop->Offload(std::move(work), [weak = weak_from_this(), done = std::move(done)](
                                                  absl::Status status) mutable {
    if (const auto self = weak.lock()) std::move(done)(std::move(status));
  });
}

}  // namespace leat::log
