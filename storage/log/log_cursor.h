// A place in a log from which frames are read one after another, over the ends of segments, up to
// the high watermark.
//
// Held in a shared pointer by the log's `LogReader`; once that is gone nothing is called. The log's
// thread.

#ifndef LEAT_STORAGE_LOG_LOG_CURSOR_H_
#define LEAT_STORAGE_LOG_LOG_CURSOR_H_

#include <cstdint>
#include <memory>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "storage/io/aligned_buffer.h"
#include "storage/io/event_loop.h"
#include "storage/log/durable_log.h"
#include "storage/log/frame.h"
#include "storage/log/log_types.h"
#include "storage/log/segment_reader.h"

namespace leat::log {

class LogCursor : public std::enable_shared_from_this<LogCursor> {
 public:
  // Given a frame and the memory that its payloads share: whether to go on. When not, the frame
  // stays and is the first one of the next scan.
  using Visitor = absl::AnyInvocable<bool(const ParsedFrame&, const io::AlignedBuffer& memory)>;

  // Begins at `start`, an entry of the index of `segment`. `from`: as of `SegmentReader`.
  LogCursor(const LogEnvironment& environment, std::shared_ptr<const DurableLog> log,
            std::shared_ptr<Segment> segment, const IndexEntry& start, record::Offset from,
            PayloadCheck payloads);

  // Gives frames to `visit` until it has enough or the durable ones end; then calls `done`, perhaps
  // before this returns. `bytes` is a guess at how much will be visited. Errors are those of
  // `SegmentReader`. One scan at a time.
  void Scan(uint64_t bytes, Visitor visit, io::IoCallback done);

  // Begins to read what the next scan, of about `bytes`, will want, unless it is in memory.
  void ReadAhead(uint64_t bytes);

  // What it keeps in memory at most, once it has read ahead so.
  uint64_t memory_bytes(uint64_t read_ahead_bytes) const {
    return reader_->memory_bytes(read_ahead_bytes);
  }

 private:
  void Step();
  bool EnterNextSegment();
  void EndScan(absl::Status status);

  const LogEnvironment environment_;
  const std::shared_ptr<const DurableLog> log_;
  const PayloadCheck payloads_;
  std::shared_ptr<SegmentReader> reader_;

  uint64_t bytes_ = 0;
  Visitor visit_;
  io::IoCallback done_;
};

}  // namespace leat::log

#endif  // LEAT_STORAGE_LOG_LOG_CURSOR_H_
