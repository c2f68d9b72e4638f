#include "storage/log/log_cursor.h"

#include <utility>

#include "storage/io/check.h"

namespace leat::log {

LogCursor::LogCursor(const LogEnvironment& environment, std::shared_ptr<const DurableLog> log,
                     std::shared_ptr<Segment> segment, const IndexEntry& start, record::Offset from,
                     PayloadCheck payloads)
    : environment_(environment),
      log_(std::move(log)),
      payloads_(payloads),
      reader_(std::make_shared<SegmentReader>(environment, std::move(segment), start, from,
                                              payloads)) {}

void LogCursor::Scan(uint64_t bytes, Visitor visit, io::IoCallback done) {
  LEAT_CHECK(done_ == nullptr);
  bytes_ = bytes;
  visit_ = std::move(visit);
  done_ = std::move(done);
  Step();
}

void LogCursor::Step() {
  while (true) {
    const absl::StatusOr<const ParsedFrame*> frame = reader_->Frame();
    if (!frame.ok()) return EndScan(frame.status());
    if (*frame != nullptr) {
      if (!visit_(**frame, reader_->frame_memory())) return EndScan(absl::OkStatus());
      reader_->Advance();
    } else if (reader_->next_offset() >= log_->high_watermark()) {
      return EndScan(absl::OkStatus());
    } else if (!reader_->AtEnd()) {
      return reader_->Fill(bytes_, [weak = weak_from_this()](absl::Status status) {
        const std::shared_ptr<LogCursor> self = weak.lock();
        if (self == nullptr) return;
        if (!status.ok()) return self->EndScan(std::move(status));
        self->Step();
      });
    } else if (!EnterNextSegment()) {
      return EndScan(absl::OkStatus());
    }
  }
}

bool LogCursor::EnterNextSegment() {
  const record::Offset next_offset = reader_->next_offset();
  std::shared_ptr<Segment> segment = log_->Find(next_offset);
  // It may have been trimmed away.
  if (segment == nullptr || segment->base_offset() != next_offset) return false;
  const IndexEntry start = segment->index().FindOffset(next_offset);
  reader_ = std::make_shared<SegmentReader>(environment_, std::move(segment), start, next_offset,
                                            payloads_);
  return true;
}

void LogCursor::EndScan(absl::Status status) {
  visit_ = nullptr;
  io::IoCallback done = std::exchange(done_, nullptr);
  std::move(done)(std::move(status));
}

void LogCursor::ReadAhead(uint64_t bytes) {
  if (reader_->filling() || reader_->all_ahead() || reader_->bytes_ahead() >= bytes) return;
  reader_->Fill(bytes, nullptr);
}

}  // namespace leat::log
