// Sealing segments.

#include <algorithm>
#include <string>
#include <utility>

#include "storage/io/aligned_buffer.h"
#include "storage/log/segment_file.h"

namespace leat::log {
namespace {

// Writes the footer and cuts the file after it. One flush for both: whatever a power cut leaves of
// the two, recovery finds the frames before it whole.
absl::Status WriteFooter(io::File& file, io::FilePosition position, const std::string& footer) {
  io::AlignedBuffer buffer(footer.size());
  std::copy(footer.begin(), footer.end(), buffer.data());
  if (absl::Status status = file.WriteAt(position, buffer.span()); !status.ok()) return status;
  const io::FilePosition end = position + buffer.size();
  if (absl::Status status = file.Truncate(end.bytes); !status.ok()) return status;
  return file.Sync();
}

}  // namespace

absl::StatusOr<SealedSegment> SealSegment(ActiveSegment& segment,
                                          const CompactionMark& compaction) {
  SegmentFooter footer{.next_offset = segment.next_offset,
                       .frames_end = segment.frames_end,
                       .last_frame_crc = segment.last_frame_crc,
                       .payload_bytes = segment.payload_bytes,
                       .first_append_timestamp_ms = segment.first_append_timestamp_ms,
                       .last_append_timestamp_ms = segment.last_append_timestamp_ms,
                       .compaction = compaction,
                       .index = segment.index};
  const std::string bytes = EncodeFooter(segment.header.segment_id, footer);
  const io::FilePosition end = segment.frames_end + bytes.size();
  if (end > segment.prepared_end) {
    absl::Status allocated =
        segment.file->Allocate(segment.prepared_end, end - segment.prepared_end);
    if (!allocated.ok()) return allocated;
    segment.prepared_end = end;
  }
  absl::Status written = WriteFooter(*segment.file, segment.frames_end, bytes);
  // The blocks are there: an error now, be it for want of space, is not one to repeat after.
  if (absl::IsResourceExhausted(written)) return absl::DataLossError(written.message());
  if (!written.ok()) return written;
  return SealedSegment{.path = segment.file->path(),
                       .header = segment.header,
                       .footer = std::move(footer),
                       .file_bytes = end.bytes};
}

}  // namespace leat::log
