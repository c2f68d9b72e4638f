// The durable part of a log: its segments, its tail in memory, and from where to where it may be
// read. Appends end here and reads begin here. Memory only.
//
// Shared by the log, its `Appender` and its `LogReader`; the log's thread.

#ifndef LEAT_STORAGE_LOG_DURABLE_LOG_H_
#define LEAT_STORAGE_LOG_DURABLE_LOG_H_

#include <cstdint>
#include <deque>
#include <memory>
#include <vector>

#include "storage/log/frame.h"
#include "storage/log/recovery.h"
#include "storage/log/segment.h"
#include "storage/log/tail_cache.h"
#include "storage/record/ids.h"

namespace leat::log {

class DurableLog {
 public:
  // In order of offset; the last one may be active.
  using Segments = std::deque<std::shared_ptr<Segment>>;

  DurableLog(RecoveredLog recovered, size_t tail_bytes);

  DurableLog(const DurableLog&) = delete;
  DurableLog& operator=(const DurableLog&) = delete;

  // Notes that `frame`, which follows on the last one of the active segment, is durable: readers
  // may have it from now on.
  void Publish(BuiltFrame frame);

  // Goes on in a new segment. The last one must be sealed.
  void Add(ActiveSegment segment);

  // Moves the log start forward to `log_start`, at most to the high watermark, and drops the sealed
  // segments wholly before it, which are returned.
  std::vector<std::shared_ptr<Segment>> TrimTo(record::Offset log_start);

  // Puts another file of the same offsets in the place of `segment`; those who read that one may go
  // on. False when it is no longer part of the log.
  bool Replace(const std::shared_ptr<Segment>& segment, SealedSegment replacement);

  record::Offset log_start() const { return log_start_; }
  record::Offset high_watermark() const { return high_watermark_; }

  const Segments& segments() const { return segments_; }
  // Null when the next append makes a new segment.
  std::shared_ptr<Segment> active() const;
  // The segment that contains `offset`; null when none does.
  std::shared_ptr<Segment> Find(record::Offset offset) const;
  uint64_t bytes_on_disk() const;

  TailCache& tail() { return tail_; }
  const TailCache& tail() const { return tail_; }

 private:
  void CheckOrder() const;

  Segments segments_;
  TailCache tail_;
  record::Offset log_start_;
  record::Offset high_watermark_;
};

}  // namespace leat::log

#endif  // LEAT_STORAGE_LOG_DURABLE_LOG_H_
