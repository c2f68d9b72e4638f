#include "storage/log/segment_writer.h"

#include <utility>

#include "fmt/core.h"
#include "storage/io/aligned_buffer.h"
#include "storage/log/batch_compaction.h"
#include "storage/log/frame.h"

namespace leat::log {

uint64_t SegmentWriter::FileBytesMax(uint64_t batch_bytes) {
  constexpr uint64_t kIndexEntryBytes = 24;
  // Two frames that follow one another hold more than `kFrameBytes` together.
  const uint64_t frames = 1 + 2 * batch_bytes / kFrameBytes;
  const uint64_t padding = frames * (FrameHeader::kEncodedBytes + io::kBlockBytes);
  return batch_bytes + padding + frames * kIndexEntryBytes + 3 * io::kBlockBytes;
}

absl::StatusOr<std::unique_ptr<SegmentWriter>> SegmentWriter::Create(io::FileSystem& files,
                                                                     const std::string& path,
                                                                     const SegmentHeader& header,
                                                                     uint64_t incarnation) {
  absl::StatusOr<ActiveSegment> segment = CreateReplacement(files, path, header);
  if (!segment.ok()) return segment.status();
  return std::unique_ptr<SegmentWriter>(new SegmentWriter(*std::move(segment), incarnation));
}

SegmentWriter::SegmentWriter(ActiveSegment segment, uint64_t incarnation)
    : segment_(std::move(segment)), incarnation_(incarnation) {}

absl::Status SegmentWriter::Add(record::Batch batch) {
  if (!batches_.empty() && CanJoin(batches_.back().header, batch.header)) {
    Join(batches_.back().header, batch.header);
    return absl::OkStatus();
  }
  const size_t bytes = record::BatchHeader::kEncodedBytes + batch.payload.size();
  if (!batches_.empty() && batches_bytes_ + bytes > kFrameBytes) {
    if (absl::Status written = WriteFrame(); !written.ok()) return written;
  }
  batches_bytes_ += bytes;
  batches_.push_back(std::move(batch));
  return absl::OkStatus();
}

absl::Status SegmentWriter::WriteFrame() {
  const ActiveSegment& active = segment_.active_segment();
  const BuiltFrame frame = BuildFrame({.segment_id = active.header.segment_id,
                                       .incarnation = incarnation_,
                                       .previous_crc = active.last_frame_crc,
                                       .first_offset = active.next_offset,
                                       .stable_offset = active.next_offset},
                                      batches_);
  batches_.clear();
  batches_bytes_ = 0;
  absl::Status written = active.file->WriteAt(active.frames_end, frame.bytes->span());
  if (!written.ok()) return written;
  segment_.Publish(frame);
  segment_.SetPreparedEnd(segment_.frames_end());
  return absl::OkStatus();
}

absl::Status SegmentWriter::Finish(record::Offset next_offset, const CompactionMark& compaction) {
  if (!batches_.empty()) {
    if (absl::Status written = WriteFrame(); !written.ok()) return written;
  }
  ActiveSegment complete = segment_.active_segment();
  if (complete.next_offset != next_offset) {
    return absl::InternalError(fmt::format("{}: rewritten up to offset {}, not {}", segment_.path(),
                                           complete.next_offset.value, next_offset.value));
  }
  return SealSegment(complete, compaction).status();
}

}  // namespace leat::log
