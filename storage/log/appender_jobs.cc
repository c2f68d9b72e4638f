// What stands between two frames of an appender: rolling, new segments, blocks to make ready; and
// closing.

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "storage/io/check.h"
#include "storage/log/appender.h"
#include "storage/log/segment_tasks.h"
#include "storage/record/error.h"

namespace leat::log {

void Appender::Roll() {
  const std::shared_ptr<Segment> active = log_->active();
  if (active == nullptr || written_.next_offset == active->base_offset()) return;
  roll_wanted_ = true;
  SchedulePump();
}

bool Appender::RollDue() const {
  const std::shared_ptr<Segment> active = log_->active();
  if (active == nullptr || written_.next_offset == active->base_offset()) return false;
  if (roll_wanted_) return true;
  if (queue_.empty()) return false;
  // Its header must tell that there is a snapshot.
  if (NeedsSnapshot() && !active->header().has_producers) return true;
  const int64_t now_ms = environment_.loop->clock().WallMillis();
  const int64_t age_ms = now_ms - active->first_append_timestamp_ms();
  if (!active->empty() && absl::Milliseconds(age_ms) > options_.segment_age) return true;
  const size_t smallest_frame = io::RoundUpToBlock(NextFrameBytes(0));
  return written_.position + smallest_frame > io::FilePosition{options_.segment_bytes};
}

// A barrier: nothing is written to the file any more, neither frames nor zeros ahead of them.
void Appender::SealActive() {
  if (!writer_.empty() || preparer_.busy() || snapshots_.busy()) return;
  if (snapshots_.Behind(log_->high_watermark())) return SaveProducersNow();
  job_in_progress_ = true;
  log_->active()->SetPreparedEnd(preparer_.prepared_end());
  SealInBackground(environment_, log_->active()->active_segment(),
                   [self = shared_from_this()](absl::StatusOr<SealedSegment> sealed) {
                     self->OnSealed(std::move(sealed));
                   });
}

void Appender::OnSealed(absl::StatusOr<SealedSegment> sealed) {
  job_in_progress_ = false;
  if (abandoned_) return;
  roll_wanted_ = false;
  if (!sealed.ok()) return OnJobFailed(sealed.status());
  log_->active()->Seal(*std::move(sealed));
  hooks_.sealed();
  Pump();
}

void Appender::CreateNext() {
  job_in_progress_ = true;
  const SegmentHeader header{.topic_id = place_.key.topic_id,
                             .partition = place_.key.partition,
                             .segment_id = environment_.random(),
                             .base_offset = log_->high_watermark(),
                             .create_timestamp_ms = environment_.loop->clock().WallMillis(),
                             .has_producers = !snapshots_.missing() || NeedsSnapshot()};
  CreateSegmentInBackground(environment_, place_.directory, header, BlockPreparer::kFirstStepBytes,
                            [self = shared_from_this()](absl::StatusOr<ActiveSegment> created) {
                              self->OnCreated(std::move(created));
                            });
}

void Appender::OnCreated(absl::StatusOr<ActiveSegment> created) {
  job_in_progress_ = false;
  if (abandoned_) return;
  if (!created.ok()) return OnJobFailed(created.status());
  log_->Add(*std::move(created));
  BeginSegment(*log_->active());
  Pump();
}

void Appender::SetOptions(const LogOptions& options) {
  options_ = options;
  preparer_.SetSegmentBytes(options.segment_bytes);
  ids_.SetLimits(options.deduplication_time, options.deduplication_ids);
  keys_.SetLimit(options.checked_keys, log_end());
}

void Appender::BeginSegment(const Segment& segment) {
  const ActiveSegment& active = segment.active_segment();
  preparer_.Begin(active.file, active.prepared_end);
  written_ = {.position = active.frames_end,
              .last_frame_crc = active.last_frame_crc,
              .next_offset = active.next_offset,
              .stable_offset = active.next_offset};
}

bool Appender::SnapshotDue() const {
  return snapshots_.missing() && (NeedsSnapshot() || log_->active()->header().has_producers);
}

// Keeps what is durable of the producers and of the ids.
void Appender::SaveProducers(io::IoCallback done) {
  const Segment& active = *log_->active();
  const io::MonotonicTime now = environment_.loop->clock().Monotonic();
  ids_.Forget(now, log_->high_watermark());
  // Who is idle is forgotten on disk first: else a crash brought back what had begun anew since.
  const record::Offset idle_before =
      sequencer_.IdleBefore(options_.producer_expiry, now, log_->high_watermark());
  ProducerTable kept = sequencer_.durable();
  kept.Expire(idle_before);
  snapshots_.Write(
      {.next_offset = log_->high_watermark(),
       .segment_base_offset = active.base_offset(),
       .position = active.frames_end()},
      kept, ids_.known(),
      [self = shared_from_this(), idle_before, done = std::move(done)](absl::Status saved) mutable {
        if (saved.ok()) self->sequencer_.Expire(idle_before);
        std::move(done)(std::move(saved));
        self->Pump();
      });
}

// As a job: nothing else goes on before it is done.
void Appender::SaveProducersNow() {
  if (snapshots_.busy()) return;
  job_in_progress_ = true;
  SaveProducers([this](const absl::Status& saved) {
    job_in_progress_ = false;
    if (saved.ok() || abandoned_) return;
    roll_wanted_ = false;
    OnJobFailed(saved);
  });
}

void Appender::RequireBlocks(io::FilePosition frame_end, size_t frame_bytes) {
  if (preparer_.busy()) return;
  job_in_progress_ = true;
  preparer_.Require(frame_end, frame_bytes,
                    [self = shared_from_this()](const absl::Status& status) {
                      self->job_in_progress_ = false;
                      if (self->abandoned_) return;
                      if (!status.ok()) return self->OnJobFailed(status);
                      self->log_->active()->SetPreparedEnd(self->preparer_.prepared_end());
                      self->Pump();
                    });
}

// A full disk refuses what is queued, and the next append tries again; any other error is for ever.
void Appender::OnJobFailed(const absl::Status& status) {
  if (absl::IsResourceExhausted(status)) {
    RefuseQueued(record::MakeError(record::Reason::kDiskFull,
                                   absl::StrCat("nothing was appended: ", status.message())));
  } else {
    failure_.Update(status);
  }
  if (!abandoned_) Pump();
}

void Appender::Close(io::IoCallback done) {
  LEAT_CHECK(!closing_);
  closing_ = true;
  close_done_ = std::move(done);
  SchedulePump();
}

// Goes on with closing when there is nothing left to do before it.
void Appender::ContinueClose() {
  if (close_done_ == nullptr || at_gate_ || !writer_.empty() || preparer_.busy() ||
      snapshots_.busy()) {
    return;
  }
  if (state_ == LogState::kOffline) return EndClose(state_detail_);
  const std::shared_ptr<Segment> active = log_->active();
  if (state_ == LogState::kCorrupt || active == nullptr) return EndClose(absl::OkStatus());
  if (!close_marked_) {
    close_marked_ = true;
    mark_wanted_ = written_.stable_offset < log_->high_watermark();
    return Pump();
  }
  if (snapshots_.Behind(log_->high_watermark()) && !close_saved_) {
    close_saved_ = true;
    return SaveProducersNow();
  }
  job_in_progress_ = true;
  CutInBackground(environment_, active->file(), written_.position,
                  [self = shared_from_this(), active](absl::Status status) {
                    self->job_in_progress_ = false;
                    if (status.ok()) active->SetPreparedEnd(active->frames_end());
                    self->EndClose(std::move(status));
                  });
}

void Appender::EndClose(absl::Status status) {
  if (abandoned_) return;
  // The callback may destroy the log.
  io::IoCallback done = std::exchange(close_done_, nullptr);
  std::move(done)(std::move(status));
}

}  // namespace leat::log
