#include "storage/log/frame_scanner.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "storage/io/aligned_buffer.h"
#include "storage/log/frame.h"

namespace leat::log {
namespace {

struct Look {
  absl::Status unsound;  // OK when `frame` is sound.
  ParsedFrame frame;     // Without payloads to be kept: they lie in the window.
};

// Takes apart what lies at `position`. Fails when reading does.
absl::StatusOr<Look> LookAt(FileWindow& window, io::FilePosition position) {
  absl::StatusOr<std::string_view> bytes = window.View(position, FrameHeader::kEncodedBytes);
  if (!bytes.ok()) return bytes.status();
  const absl::StatusOr<FrameHeader> header = DecodeFrameHeader(*bytes);
  if (!header.ok()) return Look{.unsound = header.status()};

  bytes = window.View(position, header->padded_bytes);
  if (!bytes.ok()) return bytes.status();
  absl::StatusOr<ParsedFrame> frame = ParseFrame(*bytes, nullptr, PayloadCheck::kVerify);
  if (!frame.ok()) return Look{.unsound = frame.status()};
  return Look{.frame = *std::move(frame)};
}

// Whether `header` is that of the frame which follows those of `segment`.
absl::Status CheckChain(const FrameHeader& header, const ActiveSegment& segment) {
  if (header.segment_id != segment.header.segment_id) {
    return absl::DataLossError("frame of another segment");
  }
  if (header.previous_crc != segment.last_frame_crc) {
    return absl::DataLossError("frame does not follow the one before");
  }
  if (header.first_offset != segment.next_offset) {
    return absl::DataLossError("frame does not go on at the next offset");
  }
  return absl::OkStatus();
}

void AddFrame(const ParsedFrame& frame, ActiveSegment& segment) {
  int64_t max_timestamp_ms = INT64_MIN;
  for (const record::Batch& batch : frame.batches) {
    if (segment.payload_bytes == 0) {
      segment.first_append_timestamp_ms = batch.header.append_timestamp_ms;
    }
    segment.last_append_timestamp_ms = batch.header.append_timestamp_ms;
    segment.payload_bytes += record::BatchHeader::kEncodedBytes + batch.header.payload_bytes;
    max_timestamp_ms = std::max(max_timestamp_ms, batch.header.max_timestamp_ms);
  }
  // A control frame has nothing to be found.
  if (!frame.batches.empty()) {
    segment.index.AddFrame(frame.header.first_offset, segment.frames_end, max_timestamp_ms);
  }
  segment.last_frame_position = segment.frames_end;
  segment.frames_end = segment.frames_end + frame.header.padded_bytes;
  segment.last_frame_crc = frame.header.crc;
  segment.next_offset = frame.next_offset();
}

bool BearsOut(const ParsedFrame& frame, const CheckpointEntry& checkpoint,
              const ActiveSegment& segment) {
  return frame.header.segment_id == segment.header.segment_id &&
         frame.header.crc == checkpoint.last_frame_crc &&
         checkpoint.last_frame_position + frame.header.padded_bytes == checkpoint.position &&
         frame.next_offset() == checkpoint.durable_end;
}

}  // namespace

absl::StatusOr<bool> SkipToCheckpoint(const CheckpointEntry& checkpoint, FileWindow& window,
                                      ActiveSegment& segment) {
  if (checkpoint.segment_base_offset != segment.header.base_offset) return false;
  if (checkpoint.last_frame_position < segment.frames_end ||
      checkpoint.last_frame_position.bytes % io::kBlockBytes != 0) {
    return false;
  }
  const absl::StatusOr<Look> last = LookAt(window, checkpoint.last_frame_position);
  if (!last.ok()) return last.status();
  if (!last->unsound.ok() || !BearsOut(last->frame, checkpoint, segment)) return false;

  // Where the frames in between lie nobody has looked; one entry at the first serves all of them.
  if (checkpoint.durable_end > segment.header.base_offset) {
    segment.index = SegmentIndex({{segment.header.base_offset, segment.frames_end, INT64_MIN}},
                                 checkpoint.max_timestamp_ms);
  }
  segment.frames_end = checkpoint.position;
  segment.last_frame_position = checkpoint.last_frame_position;
  segment.last_frame_crc = checkpoint.last_frame_crc;
  segment.next_offset = checkpoint.durable_end;
  segment.payload_bytes = checkpoint.payload_bytes;
  segment.first_append_timestamp_ms = checkpoint.first_append_timestamp_ms;
  segment.last_append_timestamp_ms = checkpoint.last_append_timestamp_ms;
  return true;
}

absl::StatusOr<ScanEnd> ScanFrames(FileWindow& window, ActiveSegment& segment) {
  const io::FilePosition start = segment.frames_end;
  ScanEnd end;
  while (segment.frames_end < window.end()) {
    const absl::StatusOr<Look> next = LookAt(window, segment.frames_end);
    if (!next.ok()) return next.status();
    end.reason = next->unsound;
    if (end.reason.ok()) end.reason = CheckChain(next->frame.header, segment);
    if (!end.reason.ok()) break;
    AddFrame(next->frame, segment);
  }
  end.bytes_checked = segment.frames_end - start;
  return end;
}

}  // namespace leat::log
