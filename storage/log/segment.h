// A segment as the log sees it: active at first, sealed in the end. Tells of durable frames only.
//
// Owned by the log's `DurableLog` and shared with reads in progress; the log's thread.

#ifndef LEAT_STORAGE_LOG_SEGMENT_H_
#define LEAT_STORAGE_LOG_SEGMENT_H_

#include <cstdint>
#include <memory>
#include <string>
#include <variant>

#include "storage/io/file_system.h"
#include "storage/log/checkpoint.h"
#include "storage/log/frame.h"
#include "storage/log/index.h"
#include "storage/log/segment_file.h"
#include "storage/record/ids.h"

namespace leat::log {

class Segment {
 public:
  explicit Segment(ActiveSegment active);
  explicit Segment(SealedSegment sealed);

  Segment(const Segment&) = delete;
  Segment& operator=(const Segment&) = delete;

  // Notes that `frame`, written at `frames_end()`, is durable. Active only.
  void Publish(const BuiltFrame& frame);

  // Notes that blocks before `end` are ready for frames. Active only.
  void SetPreparedEnd(io::FilePosition end);

  // See `SegmentIndex::Learn`.
  void Learn(const IndexEntry& frame);

  // From now on this is the sealed segment that the active one became.
  void Seal(SealedSegment sealed);

  // Lets readers have `file`, which is this segment's, from now on: another one is about to take
  // its path. Sealed only.
  void HoldFile(std::shared_ptr<io::File> file);

  bool active() const { return std::holds_alternative<ActiveSegment>(content_); }
  // What `SealSegment` is to work on. Active only.
  const ActiveSegment& active_segment() const { return std::get<ActiveSegment>(content_); }

  // What `OpenSealedSegment` found, or what it was rewritten to. Sealed only.
  const SealedSegment& sealed_segment() const { return std::get<SealedSegment>(content_); }

  // The open file of an active segment, or the one held; null for those who are to open the path.
  std::shared_ptr<io::File> file() const;

  const std::string& path() const;
  const SegmentHeader& header() const;
  const SegmentIndex& index() const;
  record::Offset base_offset() const { return header().base_offset; }
  // First offset after the last frame.
  record::Offset next_offset() const;
  // End of the last frame.
  io::FilePosition frames_end() const;
  // Without a frame there is nothing to read, to seal, or to age.
  bool empty() const { return index().empty(); }
  int64_t first_append_timestamp_ms() const;
  int64_t last_append_timestamp_ms() const;
  // Space it takes, prepared blocks included.
  uint64_t file_bytes() const;

  // What the checkpoint may say of it; the incarnation is the log's to add.
  CheckpointEntry Checkpoint() const;

 private:
  std::variant<ActiveSegment, SealedSegment> content_;
  std::shared_ptr<io::File> held_file_;
};

}  // namespace leat::log

#endif  // LEAT_STORAGE_LOG_SEGMENT_H_
