#include "storage/log/sealed_frames.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "storage/io/aligned_buffer.h"
#include "storage/log/corruption.h"

namespace leat::log {

SealedFrames::SealedFrames(std::shared_ptr<io::File> file, const SealedSegment& segment,
                           const IndexEntry& start)
    : file_(std::move(file)),
      segment_(segment),
      window_(*file_, segment.footer.frames_end.bytes),
      position_(start.position),
      next_offset_(start.first_offset) {
  if (position_ == io::FilePosition{io::kBlockBytes}) {
    previous_crc_ = SegmentHeaderCrc(segment.header);
  }
}

absl::StatusOr<std::optional<ParsedFrame>> SealedFrames::Next() {
  if (position_ == segment_.footer.frames_end) {
    if (next_offset_ != segment_.footer.next_offset) return Corrupt("frames end too early");
    return std::nullopt;
  }
  absl::StatusOr<std::string_view> bytes = window_.View(position_, FrameHeader::kEncodedBytes);
  if (!bytes.ok()) return bytes.status();
  const absl::StatusOr<FrameHeader> header = DecodeFrameHeader(*bytes);
  if (!header.ok()) return Corrupt(absl::StrCat(header.status().message()));
  if (absl::Status fits = CheckFits(*header); !fits.ok()) return fits;
  bytes = window_.View(position_, header->padded_bytes);
  if (!bytes.ok()) return bytes.status();
  absl::StatusOr<ParsedFrame> frame = ParseFrame(*bytes, nullptr, PayloadCheck::kVerify);
  if (!frame.ok()) return Corrupt(absl::StrCat(frame.status().message()));
  position_ = position_ + header->padded_bytes;
  next_offset_ = frame->next_offset();
  previous_crc_ = frame->header.crc;
  return *std::move(frame);
}

absl::Status SealedFrames::CheckFits(const FrameHeader& header) const {
  if (header.segment_id != segment_.header.segment_id) return Corrupt("frame of another segment");
  if (header.first_offset != next_offset_) return Corrupt("frame of another offset");
  if (previous_crc_.has_value() && header.previous_crc != *previous_crc_) {
    return Corrupt("frame does not follow on the one before");
  }
  if (header.padded_bytes > segment_.footer.frames_end - position_) {
    return Corrupt("frame passes the end of the segment");
  }
  return absl::OkStatus();
}

absl::Status SealedFrames::Corrupt(std::string_view what) const {
  return CorruptionError(segment_.path, position_, what);
}

}  // namespace leat::log
