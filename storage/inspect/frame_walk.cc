#include "storage/inspect/frame_walk.h"

#include <algorithm>
#include <optional>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "storage/io/aligned_buffer.h"

namespace leat::inspect {
namespace {

using log::FrameHeader;
using log::ParsedFrame;
using log::PayloadCheck;

class Walker {
 public:
  Walker(log::FileWindow& window, const log::SegmentHeader& header, FrameVisitor visit)
      : window_(window), segment_id_(header.segment_id), visit_(visit) {
    walk_.frames_end = {io::kBlockBytes};
    walk_.next_offset = header.base_offset;
    walk_.last_frame_crc = log::SegmentHeaderCrc(header);
  }

  absl::StatusOr<FrameWalk> Walk() {
    while (walk_.frames_end < window_.end()) {
      absl::StatusOr<ParsedFrame> frame = FrameAt(walk_.frames_end, PayloadCheck::kVerify);
      if (frame.ok()) frame = InChain(*std::move(frame));
      if (frame.ok()) {
        visit_(walk_.frames_end, *frame);
        Pass(*frame);
        continue;
      }
      if (!read_.ok()) return read_;
      absl::StatusOr<bool> found = PassGap(std::string(frame.status().message()));
      if (!found.ok()) return found.status();
      if (!*found) {
        walk_.end = std::string(frame.status().message());
        break;
      }
    }
    return std::move(walk_);
  }

 private:
  // Takes apart what lies at `position`. Errors of reading are kept in `read_`.
  absl::StatusOr<ParsedFrame> FrameAt(io::FilePosition position, PayloadCheck payloads) {
    absl::StatusOr<std::string_view> bytes = window_.View(position, FrameHeader::kEncodedBytes);
    if (!bytes.ok()) return read_ = bytes.status();
    const absl::StatusOr<FrameHeader> header = log::DecodeFrameHeader(*bytes);
    if (!header.ok()) return header.status();
    bytes = window_.View(position, header->padded_bytes);
    if (!bytes.ok()) return read_ = bytes.status();
    return log::ParseFrame(*bytes, nullptr, payloads);
  }

  absl::StatusOr<ParsedFrame> InChain(ParsedFrame frame) const {
    if (frame.header.segment_id != segment_id_) {
      return absl::DataLossError("frame of another segment");
    }
    if (frame.header.previous_crc != walk_.last_frame_crc) {
      return absl::DataLossError("frame does not follow the one before");
    }
    if (frame.header.first_offset != walk_.next_offset) {
      return absl::DataLossError("frame does not go on at the next offset");
    }
    return frame;
  }

  void Pass(const ParsedFrame& frame) {
    walk_.frames_end = walk_.frames_end + frame.header.padded_bytes;
    walk_.next_offset = frame.next_offset();
    walk_.last_frame_crc = frame.header.crc;
  }

  // Goes on to the next frame that stands on its own: behind one of which the payload alone is
  // damaged, or wherever one is found. False when there is none.
  absl::StatusOr<bool> PassGap(std::string what) {
    Gap gap{.from = walk_.frames_end,
            .offset = walk_.next_offset,
            .damaged_from = walk_.next_offset,
            .what = std::move(what)};
    absl::StatusOr<ParsedFrame> headers = FrameAt(gap.from, PayloadCheck::kSkip);
    if (headers.ok()) headers = InChain(*std::move(headers));
    if (headers.ok()) {
      Pass(*headers);
      gap.to = walk_.frames_end;
      gap.next_offset = walk_.next_offset;
      SetDamaged(*headers, gap);
      walk_.gaps.push_back(std::move(gap));
      return true;
    }
    for (gap.to = gap.from + io::kBlockBytes; read_.ok() && gap.to < window_.end();
         gap.to = gap.to + io::kBlockBytes) {
      const std::optional<FrameHeader> next = OwnFrameAt(gap.to);
      if (!next.has_value() || next->first_offset < gap.offset) continue;
      gap.next_offset = gap.damaged_to = next->first_offset;
      walk_.frames_end = gap.to;
      walk_.next_offset = next->first_offset;
      walk_.last_frame_crc = next->previous_crc;
      walk_.gaps.push_back(std::move(gap));
      return true;
    }
    if (!read_.ok()) return read_;
    return false;
  }

  static void SetDamaged(const ParsedFrame& frame, Gap& gap) {
    gap.damaged_to = gap.damaged_from;
    const auto sound = [&frame](const record::Batch& batch) {
      return log::CheckPayload(frame.header, batch).ok();
    };
    if (std::all_of(frame.batches.begin(), frame.batches.end(), sound)) return;
    gap.damaged_from = gap.next_offset;
    for (const record::Batch& batch : frame.batches) {
      if (sound(batch)) continue;
      gap.damaged_from = std::min(gap.damaged_from, batch.header.base_offset);
      gap.damaged_to = batch.header.next_offset();
    }
  }

  // The header of the frame of this segment at `position` whose headers are sound.
  std::optional<FrameHeader> OwnFrameAt(io::FilePosition position) {
    const absl::StatusOr<std::string_view> block = window_.View(position, io::kBlockBytes);
    if (!block.ok()) {
      read_ = block.status();
      return std::nullopt;
    }
    if (log::PeekFrameSegmentId(*block) != segment_id_) return std::nullopt;
    const absl::StatusOr<ParsedFrame> frame = FrameAt(position, PayloadCheck::kSkip);
    if (!frame.ok()) return std::nullopt;
    return frame->header;
  }

  log::FileWindow& window_;
  const uint64_t segment_id_;
  const FrameVisitor visit_;
  FrameWalk walk_;
  absl::Status read_;
};

}  // namespace

absl::StatusOr<FrameWalk> WalkFrames(log::FileWindow& window, const log::SegmentHeader& header,
                                     FrameVisitor visit) {
  return Walker(window, header, visit).Walk();
}

}  // namespace leat::inspect
