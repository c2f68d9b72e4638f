#include "storage/log/compaction_plan.h"

#include "absl/time/time.h"
#include "storage/log/segment_writer.h"

namespace leat::log {
namespace {

using record::Offset;

const CompactionMark& MarkOf(const Segment& segment) {
  return segment.sealed_segment().footer.compaction;
}

// Whether whoever began to read before the values went has had time to see that they did.
bool TombstonesDue(const Segment& segment, Offset dirty_start, absl::Duration retention,
                   int64_t now_ms) {
  const CompactionMark& mark = MarkOf(segment);
  return mark.compacted() && mark.tombstones > 0 && segment.next_offset() <= dirty_start &&
         absl::Milliseconds(now_ms - mark.first_ms) >= retention;
}

}  // namespace

bool IsPadded(const Segment& segment) {
  const uint64_t dense_bytes =
      SegmentWriter::FileBytesMax(segment.sealed_segment().footer.payload_bytes);
  const uint64_t file_bytes = segment.file_bytes();
  return dense_bytes < file_bytes && (file_bytes - dense_bytes) * kWorthwhileShare > file_bytes;
}

Offset DirtyStart(const DurableLog& log) {
  for (const std::shared_ptr<Segment>& segment : log.segments()) {
    if (segment->active()) return segment->base_offset();
    if (!MarkOf(*segment).compacted()) return segment->base_offset();
  }
  return log.high_watermark();
}

Offset SealedEnd(const DurableLog& log) {
  const std::shared_ptr<Segment> active = log.active();
  return active != nullptr ? active->base_offset() : log.high_watermark();
}

bool IsCompactionDue(const DurableLog& log, const LogOptions& options, int64_t now_ms) {
  const Offset dirty_start = DirtyStart(log);
  uint64_t clean_bytes = 0;
  uint64_t dirty_bytes = 0;
  for (const std::shared_ptr<Segment>& segment : log.segments()) {
    if (segment->active()) break;
    const bool dirty = options.compact && segment->base_offset() >= dirty_start;
    (dirty ? dirty_bytes : clean_bytes) += segment->file_bytes();
    // One that is dirty will be rewritten anyway.
    if (!dirty && IsPadded(*segment)) return true;
    if (options.compact &&
        TombstonesDue(*segment, dirty_start, options.tombstone_retention, now_ms)) {
      return true;
    }
  }
  return dirty_bytes > 0 && dirty_bytes >= clean_bytes;
}

std::optional<SegmentRewrite::Task> TaskFor(const Segment& segment, const CompactionPass& pass) {
  SegmentRewrite::Task task;
  const bool noted = pass.keys != nullptr && segment.base_offset() < pass.noted_end;
  if (!noted) {
    const bool waits = pass.keys != nullptr && !MarkOf(segment).compacted();
    return IsPadded(segment) && !waits ? std::optional(task) : std::nullopt;
  }
  task.keys = pass.keys;
  task.compacted_ms = MarkOf(segment).first_ms;
  if (MarkOf(segment).compacted() || segment.next_offset() > pass.noted_end) {
    task.when =
        IsPadded(segment) ? SegmentRewrite::When::kAlways : SegmentRewrite::When::kIfRecordsGo;
  } else {
    task.compacted_ms = pass.now_ms;
  }
  if (TombstonesDue(segment, pass.dirty_start, pass.tombstone_retention, pass.now_ms)) {
    task.tombstones = Tombstones::kDrop;
  }
  // Nothing could go.
  if (task.when == SegmentRewrite::When::kIfRecordsGo && pass.keys->empty() &&
      task.tombstones == Tombstones::kKeep) {
    return std::nullopt;
  }
  return task;
}

}  // namespace leat::log
