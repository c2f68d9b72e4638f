// The frames of one segment from a place on, read ahead from its file: small steps at first, for
// those who want one record, large ones for those who read on.
//
// Two moves: `Frame` looks at what is in memory, `Fill` brings more there. Only durable frames are
// read; each is checked, and that it follows on the one before.
//
// Held in a shared pointer by one `LogCursor`; once that is gone nothing is called. The log's
// thread.

#ifndef LEAT_STORAGE_LOG_SEGMENT_READER_H_
#define LEAT_STORAGE_LOG_SEGMENT_READER_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "storage/io/aligned_buffer.h"
#include "storage/io/event_loop.h"
#include "storage/io/file_system.h"
#include "storage/log/format.h"
#include "storage/log/frame.h"
#include "storage/log/index.h"
#include "storage/log/log_types.h"
#include "storage/log/segment.h"
#include "storage/record/ids.h"

namespace leat::log {

class SegmentReader : public std::enable_shared_from_this<SegmentReader> {
 public:
  static constexpr uint64_t kFirstStepBytes = 64 << 10;
  static constexpr uint64_t kMaxStepBytes = 4 << 20;

  // Begins at `start`, an entry of the segment's index. The payloads of batches that end before
  // `from` are passed over: they are not checked.
  SegmentReader(const LogEnvironment& environment, std::shared_ptr<Segment> segment,
                const IndexEntry& start, record::Offset from, PayloadCheck payloads);

  // The frame at hand, until `Advance`. Null when its bytes are not in memory yet (`Fill`), or when
  // it is not written yet (`AtEnd`). Where a payload is damaged, the batches before it come first.
  // kLogCorrupt when what comes next is damaged, with the offset at which the next sound batch
  // begins, if one follows. Damage that such a batch shows to end at or before `from` is passed
  // over.
  absl::StatusOr<const ParsedFrame*> Frame();

  // What the payloads of the frame at hand share.
  const io::AlignedBuffer& frame_memory() const { return *frame_memory_; }

  // Goes on to the next frame.
  void Advance() { frame_.reset(); }

  // No durable frame follows.
  bool AtEnd() const { return !frame_.has_value() && position_ == segment_->frames_end(); }

  // Reads on, at least the next frame and, if there is that much, `bytes`; little more than twice
  // that, since what is read is kept as long as any of it. When a read is in progress already it
  // waits for that one. One call at a time. Errors: kLogCorrupt, and those of
  // opening a file.
  void Fill(uint64_t bytes, io::IoCallback done);

  // Bytes in memory that follow on the frame at hand.
  uint64_t bytes_ahead() const { return buffer_ == nullptr ? 0 : buffer_end_ - position_; }
  // Memory it holds at most during a `Fill` of so many bytes.
  uint64_t memory_bytes(uint64_t fill_bytes) const;
  // All durable frames that follow are in memory.
  bool all_ahead() const { return position_ + bytes_ahead() == segment_->frames_end(); }
  bool filling() const { return filling_; }

  const Segment& segment() const { return *segment_; }
  // First offset after the frame at hand.
  record::Offset next_offset() const { return next_offset_; }

 private:
  // The first offset that somebody may still ask for. Damage before it is nobody's.
  record::Offset wanted() const { return std::max(from_, next_offset_); }
  absl::StatusOr<std::optional<ParsedFrame>> Look();
  void TakeIn(ParsedFrame frame);
  void SearchOn(absl::Status damage);
  absl::Status DamageUpTo(record::Offset end) const;
  absl::Status CheckFits(const FrameHeader& header) const;
  absl::StatusOr<ParsedFrame> Parse(std::string_view bytes);
  absl::StatusOr<ParsedFrame> Salvage(ParsedFrame frame, absl::Status damage);
  absl::Status Corrupt(absl::string_view what) const { return Corrupt(what, next_offset_); }
  absl::Status Corrupt(absl::string_view what, record::Offset from) const;
  void Open();
  void ReadChunk();
  void OnRead(std::shared_ptr<io::AlignedBuffer> buffer, io::FilePosition begin,
              absl::Status status);
  void EndFill(absl::Status status);

  const LogEnvironment environment_;
  const std::shared_ptr<Segment> segment_;
  const record::Offset from_;
  const PayloadCheck payloads_;
  std::shared_ptr<io::File> file_;

  // Bytes of the file in memory: [buffer_begin_, buffer_end_).
  std::shared_ptr<io::AlignedBuffer> buffer_;
  io::FilePosition buffer_begin_;
  io::FilePosition buffer_end_;

  // What comes next.
  io::FilePosition position_;
  record::Offset next_offset_;
  int64_t max_timestamp_ms_;                // Of records before `position_`, or more.
  std::optional<uint32_t> previous_crc_;    // Not known at first.
  uint64_t frame_bytes_ = io::kBlockBytes;  // Of the last frame looked at: no less is read.
  // Why there is no frame where one should be. While `searching_`, `position_` runs through the
  // blocks behind it.
  absl::Status damage_;
  bool searching_ = false;
  bool cut_ = false;  // `damage_` is in the frame at hand, behind the batches that are left of it.
  std::optional<record::Offset> readable_from_;  // And where, in that frame, it ends.
  std::optional<ParsedFrame> frame_;
  std::shared_ptr<const io::AlignedBuffer> frame_memory_;

  uint64_t step_bytes_ = kFirstStepBytes;
  uint64_t wanted_bytes_ = 0;
  bool filling_ = false;
  io::IoCallback fill_done_;
};

}  // namespace leat::log

#endif  // LEAT_STORAGE_LOG_SEGMENT_READER_H_
