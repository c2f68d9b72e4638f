// Frames and answers. What comes before is in appender_admission.cc, what stands between two frames
// in appender_jobs.cc.

#include "storage/log/appender.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "storage/io/aligned_buffer.h"
#include "storage/io/check.h"
#include "storage/log/frame.h"
#include "storage/record/error.h"

namespace leat::log {
namespace {

using record::MakeError;
using record::Reason;

constexpr absl::Duration kMarkDelay = absl::Milliseconds(100);

}  // namespace

Appender::Appender(const LogEnvironment& environment, Place place, const LogOptions& options,
                   std::shared_ptr<DurableLog> log, AppendQueue queue, RecoveredProducers producers,
                   absl::Status corrupt, Hooks hooks)
    : environment_(environment),
      place_(std::move(place)),
      hooks_(std::move(hooks)),
      incarnation_(environment.random()),
      log_(std::move(log)),
      queue_(std::move(queue)),
      snapshots_(environment, place_.directory, place_.key, producers),
      sequencer_(std::move(producers.table)),
      writer_(*environment.loop),
      preparer_(*environment.loop),
      mark_timer_(
          std::make_shared<QuietTimer>(*environment.loop, kMarkDelay, [this] { OnQuiet(); })) {
  if (!corrupt.ok()) {
    state_ = LogState::kCorrupt;
    state_detail_ = std::move(corrupt);
  }
  SetOptions(options);
  if (ids_.on()) {
    const io::MonotonicTime now = environment_.loop->clock().Monotonic();
    for (const KnownId& known : producers.ids) ids_.Add(known, now);
  }
  if (const std::shared_ptr<Segment> active = log_->active()) BeginSegment(*active);
}

void Appender::Abandon() {
  abandoned_ = true;
  queue_.TakeBack();
  waiters_.TakeAfter({});
  close_done_ = nullptr;
}

// Not at once: appends that came together shall leave together.
void Appender::SchedulePump() {
  if (pump_posted_) return;
  pump_posted_ = true;
  environment_.loop->Post([self = shared_from_this()] {
    self->pump_posted_ = false;
    self->Pump();
  });
}

void Appender::Pump() {
  if (abandoned_ || job_in_progress_) return;
  if (state_ != LogState::kOnline) return ContinueClose();
  if (!failure_.ok()) return GoOffline();
  if (at_gate_) return;
  if (RollDue()) return SealActive();
  if (log_->active() == nullptr && queue_.empty()) mark_wanted_ = false;
  if (!HasFrame()) return ContinueClose();
  if (log_->active() == nullptr) return CreateNext();
  if (SnapshotDue()) return SaveProducersNow();
  if (writer_.full()) return;
  const size_t frame_bytes = NextFrameBytes(MaxFrameBytes());
  const io::FilePosition frame_end = written_.position + io::RoundUpToBlock(frame_bytes);
  if (frame_end > preparer_.prepared_end()) return RequireBlocks(frame_end, frame_bytes);
  at_gate_ = true;
  environment_.flush_gate->Enter([self = shared_from_this()] {
    self->at_gate_ = false;
    self->WriteFrame();
  });
}

size_t Appender::NextFrameBytes(size_t max_frame_bytes) const {
  return queue_.empty() ? FrameHeader::kEncodedBytes : queue_.NextFrameBytes(max_frame_bytes);
}

// A frame does not pass the end of the segment, unless it is a single batch in an empty one.
size_t Appender::MaxFrameBytes() const {
  const uint64_t segment_end = io::RoundDownToBlock(options_.segment_bytes);
  const uint64_t left = segment_end - std::min(segment_end, written_.position.bytes);
  const uint64_t max_frame_bytes = std::min(options_.max_frame_bytes, kMaxFrameBytes);
  return std::min(max_frame_bytes, left);
}

void Appender::WriteFrame() {
  // More may have come while this log waited at the gate: it takes what the blocks made ready can
  // hold. They may have been made ready for a mark, and hold no batch; and the first batch of a
  // producer asks for more than what came before it.
  const uint64_t ready_bytes = preparer_.prepared_end() - written_.position;
  if (abandoned_ || !failure_.ok() || !HasFrame() || RollDue() || SnapshotDue() ||
      io::RoundUpToBlock(NextFrameBytes(0)) > ready_bytes) {
    environment_.flush_gate->Leave();
    return Pump();
  }
  FrameContent content;
  if (!queue_.empty()) content = queue_.Take(std::min<uint64_t>(MaxFrameBytes(), ready_bytes));
  const std::shared_ptr<Segment> segment = log_->active();
  BuiltFrame frame = BuildFrame({.segment_id = segment->header().segment_id,
                                 .incarnation = incarnation_,
                                 .previous_crc = written_.last_frame_crc,
                                 .first_offset = written_.next_offset,
                                 .stable_offset = log_->high_watermark()},
                                content.batches);
  LEAT_CHECK(frame.bytes->size() <= ready_bytes);
  const io::FilePosition position = written_.position;
  const size_t frame_bytes = frame.bytes->size();
  written_ = {.position = position + frame_bytes,
              .last_frame_crc = frame.header.crc,
              .next_offset = frame.next_offset(),
              .stable_offset = frame.header.stable_offset};
  mark_wanted_ = false;
  writer_.Write(segment->file(), position,
                {.frame = std::move(frame), .done = std::move(content.done)},
                [self = shared_from_this()] { self->OnWritten(); });
  preparer_.Ahead(written_.position, frame_bytes, [self = shared_from_this()] {
    self->failure_.Update(self->preparer_.failure());
    self->log_->active()->SetPreparedEnd(self->preparer_.prepared_end());
    self->Pump();
  });
  Pump();
}

void Appender::OnWritten() {
  failure_.Update(writer_.failure());
  std::vector<Flight> durable = writer_.TakeDurable();
  for (const Flight& flight : durable) {
    log_->Publish(flight.frame);
    for (const record::Batch& batch : flight.frame.batches) sequencer_.Publish(batch.header);
    snapshots_.Count(flight.frame.bytes->size());
  }
  LEAT_CHECK(log_->high_watermark() <= log_end());
  environment_.flush_gate->Leave();
  if (!durable.empty()) Answer(std::move(durable));
  if (snapshots_.due() && !abandoned_) SaveProducers([](const absl::Status&) {});
  Pump();
}

void Appender::Answer(std::vector<Flight> flights) {
  for (Flight& flight : flights) {
    for (size_t i = 0; i < flight.done.size(); ++i) {
      // One of the callbacks may have destroyed the log.
      if (abandoned_) return;
      const record::BatchHeader& header = flight.frame.batches[i].header;
      std::move(flight.done[i])(AppendResult{.base_offset = header.base_offset,
                                             .append_timestamp_ms = header.append_timestamp_ms});
    }
  }
  if (!abandoned_) Tell(waiters_.TakeDue(log_->high_watermark()), absl::OkStatus());
  if (!abandoned_) hooks_.changed();
}

void Appender::Refuse(std::vector<AppendCallback> done, const absl::Status& status) {
  for (AppendCallback& callback : done) {
    if (abandoned_) return;
    std::move(callback)(status);
  }
}

void Appender::RefuseQueued(const absl::Status& status) {
  mark_wanted_ = false;
  FrameContent refused = queue_.TakeBack();
  sequencer_.TakeBack(writer_.BatchHeaders());
  ids_.TakeBack(log_end());
  keys_.TakeBack(log_end());
  Refuse(std::move(refused.done), status);
  if (!abandoned_) Tell(waiters_.TakeAfter(log_end()), status);
}

void Appender::GoOffline() {
  if (writer_.in_progress() > 0) return;
  state_ = LogState::kOffline;
  state_detail_ = MakeError(Reason::kPartitionOffline,
                            absl::StrCat("the partition takes no writes: ", failure_.message()),
                            {{"detail", std::string(failure_.message())}});
  const absl::Status unknown = MakeError(Reason::kAppendOutcomeUnknown,
                                         absl::StrCat("the flush failed: ", failure_.message()));
  for (Flight& flight : writer_.TakeAll()) Refuse(std::move(flight.done), unknown);
  RefuseQueued(state_detail_);
  // Of what they wait for some is in flight, or was behind it.
  if (!abandoned_) Tell(waiters_.TakeAfter(log_->high_watermark()), unknown);
  if (abandoned_) return;
  hooks_.changed();
  ContinueClose();
}

void Appender::OnQuiet() {
  const std::shared_ptr<Appender> self = shared_from_this();
  if (!queue_.empty() || !writer_.empty()) return mark_timer_->Touch();
  mark_wanted_ = written_.stable_offset < log_->high_watermark();
  Pump();
}

}  // namespace leat::log
