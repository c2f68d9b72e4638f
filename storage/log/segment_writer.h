// Writes the replacement of a sealed segment: batch after batch, in dense frames, then the footer.
//
// Owned by one piece of work on a background thread; blocks. Nothing takes the segment's place
// before `SwapSegment`; after any error the replacement is of no use.

#ifndef LEAT_STORAGE_LOG_SEGMENT_WRITER_H_
#define LEAT_STORAGE_LOG_SEGMENT_WRITER_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "storage/io/file_system.h"
#include "storage/log/segment.h"
#include "storage/log/segment_file.h"
#include "storage/record/batch.h"

namespace leat::log {

class SegmentWriter {
 public:
  // A frame is written once it would grow past this.
  static constexpr size_t kFrameBytes = 256 << 10;

  // The most space that the frames of so many bytes of batches can take, header and footer
  // included.
  static uint64_t FileBytesMax(uint64_t batch_bytes);

  // A replacement for the segment at `path`.
  static absl::StatusOr<std::unique_ptr<SegmentWriter>> Create(io::FileSystem& files,
                                                               const std::string& path,
                                                               const SegmentHeader& header,
                                                               uint64_t incarnation);

  // Takes the batch that follows on the last one; its payload must stay. Empty batches become one.
  absl::Status Add(record::Batch batch);

  // Completes and flushes it; it must end at `next_offset`.
  absl::Status Finish(record::Offset next_offset, const CompactionMark& compaction);

  uint64_t bytes_written() const { return segment_.frames_end().bytes; }

 private:
  SegmentWriter(ActiveSegment segment, uint64_t incarnation);

  absl::Status WriteFrame();

  Segment segment_;
  const uint64_t incarnation_;
  std::vector<record::Batch> batches_;  // Of the next frame.
  size_t batches_bytes_ = 0;
};

}  // namespace leat::log

#endif  // LEAT_STORAGE_LOG_SEGMENT_WRITER_H_
