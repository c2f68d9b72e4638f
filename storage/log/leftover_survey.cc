#include "storage/log/leftover_survey.h"

#include <algorithm>
#include <optional>
#include <string_view>

#include "absl/status/status.h"
#include "storage/io/aligned_buffer.h"
#include "storage/log/footer.h"
#include "storage/log/frame.h"

namespace leat::log {
namespace {

bool AllZero(std::string_view bytes) {
  return bytes.find_first_not_of('\0') == std::string_view::npos;
}

// The file system's errors end the survey, everything else is part of it.
class Surveyor {
 public:
  Surveyor(FileWindow& window, const ActiveSegment& segment)
      : window_(window), segment_(segment), survey_{.bytes_end = segment.frames_end} {}

  // Looks at every block in [from, end of the window).
  absl::StatusOr<LeftoverSurvey> Walk(io::FilePosition from) {
    io::FilePosition position = from;
    while (position < window_.end()) {
      absl::StatusOr<std::string_view> bytes = window_.View(position, io::kBlockBytes);
      if (!bytes.ok()) return bytes.status();
      if (absl::Status looked = LookAtBlock(position, bytes->substr(0, io::kBlockBytes));
          !looked.ok()) {
        return looked;
      }
      position = position + io::kBlockBytes;
    }
    return survey_;
  }

 private:
  absl::Status LookAtBlock(io::FilePosition position, std::string_view block) {
    if (AllZero(block)) {
      Found(Leftover::kZeros);
      return absl::OkStatus();
    }
    survey_.bytes_end = position + io::kBlockBytes;
    if (const std::optional<uint64_t> segment_id = PeekFrameSegmentId(block)) {
      return *segment_id == segment_.header.segment_id ? LookAtFrame(position, block)
                                                       : LookAtForeignFrame(position);
    }
    Found(position < foreign_end_ ? Leftover::kForeign : Leftover::kTorn);
    return absl::OkStatus();
  }

  // Looks at what names our segment, which is random and told to nobody: no producer can forge it.
  absl::Status LookAtFrame(io::FilePosition position, std::string_view block) {
    absl::StatusOr<FrameHeader> header = DecodeFrameHeader(block);
    if (header.ok()) {
      absl::StatusOr<std::string_view> bytes = window_.View(position, header->padded_bytes);
      if (!bytes.ok()) return bytes.status();
      header = ParseFrameHeaders(*bytes);
    }
    if (absl::IsUnimplemented(header.status())) {
      Found(Leftover::kUnknownVersion);
    } else if (!header.ok()) {
      Found(Leftover::kTorn);
    } else {
      Found(Leftover::kFrames);
      if (header->stable_offset > survey_.stable_offset) {
        survey_.stable_offset = header->stable_offset;
        survey_.witness_position = position;
      }
    }
    return absl::OkStatus();
  }

  // The blocks of a sound frame of another segment are as foreign as its header. They are looked at
  // all the same: such a frame can be forged, and stand in a payload before a frame of ours.
  absl::Status LookAtForeignFrame(io::FilePosition position) {
    constexpr uint64_t kBytesMax = 1 << 20;  // Or a forged one could make us read without end.
    const absl::StatusOr<std::string_view> bytes = window_.View(position, kBytesMax);
    if (!bytes.ok()) return bytes.status();
    const absl::StatusOr<FrameHeader> header = ParseFrameHeaders(bytes->substr(0, kBytesMax));
    if (header.ok()) foreign_end_ = std::max(foreign_end_, position + header->padded_bytes);
    Found(position < foreign_end_ ? Leftover::kForeign : Leftover::kTorn);
    return absl::OkStatus();
  }

  void Found(Leftover kind) { survey_.kind = std::max(survey_.kind, kind); }

  FileWindow& window_;
  const ActiveSegment& segment_;
  LeftoverSurvey survey_;
  io::FilePosition foreign_end_;
};

// Where a footer ends that begins after the last frame and fits it; nullopt when there is none.
// UNIMPLEMENTED when it is of an unknown version.
absl::StatusOr<std::optional<io::FilePosition>> FindFooter(FileWindow& window,
                                                           const ActiveSegment& segment) {
  absl::StatusOr<std::string_view> bytes = window.View(segment.frames_end, io::kBlockBytes);
  if (!bytes.ok()) return bytes.status();
  const absl::StatusOr<uint64_t> footer_bytes = PeekFooterBytes(*bytes);
  if (!footer_bytes.ok() || *footer_bytes > window.end() - segment.frames_end) return std::nullopt;

  bytes = window.View(segment.frames_end, *footer_bytes);
  if (!bytes.ok()) return bytes.status();
  const absl::StatusOr<SegmentFooter> footer =
      DecodeFooter(segment.header.segment_id, bytes->substr(0, *footer_bytes));
  if (absl::IsUnimplemented(footer.status())) return footer.status();
  if (!footer.ok() || footer->frames_end != segment.frames_end ||
      footer->last_frame_crc != segment.last_frame_crc ||
      footer->next_offset != segment.next_offset) {
    return std::nullopt;
  }
  return segment.frames_end + *footer_bytes;
}

}  // namespace

absl::StatusOr<LeftoverSurvey> SurveyLeftover(FileWindow& window, const ActiveSegment& segment,
                                              uint64_t file_bytes) {
  const absl::StatusOr<std::optional<io::FilePosition>> footer_end = FindFooter(window, segment);
  if (absl::IsUnimplemented(footer_end.status())) {
    return LeftoverSurvey{.kind = Leftover::kUnknownVersion, .bytes_end = window.end()};
  }
  if (!footer_end.ok()) return footer_end.status();
  const bool has_footer = footer_end->has_value();
  absl::StatusOr<LeftoverSurvey> survey =
      Surveyor(window, segment).Walk(has_footer ? **footer_end : segment.frames_end);
  if (!survey.ok()) return survey;
  if (has_footer && survey->kind <= Leftover::kZeros) {
    survey->kind = Leftover::kFooter;
    survey->bytes_end = **footer_end;
  } else if (has_footer) {
    survey->kind = std::max(survey->kind, Leftover::kTorn);
  }
  // Frames are whole blocks: part of one at the end of the file is no frame's.
  if (file_bytes % io::kBlockBytes != 0) {
    survey->kind = std::max(survey->kind, Leftover::kTorn);
    survey->bytes_end = {file_bytes};
  }
  return survey;
}

}  // namespace leat::log
