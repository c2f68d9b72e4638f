// The footer of a sealed segment: what its frames add up to, and where to find them. Encoding and
// decoding only; any thread. Layout: docs/disk_format.md.

#ifndef LEAT_STORAGE_LOG_FOOTER_H_
#define LEAT_STORAGE_LOG_FOOTER_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "storage/io/aligned_buffer.h"
#include "storage/io/file_system.h"
#include "storage/log/index.h"
#include "storage/record/ids.h"

namespace leat::log {

// What compaction has done to a segment.
struct CompactionMark {
  // When it first went over the whole of it: no record before the segment's end has the key of a
  // later one in it since then. 0 when it has not.
  int64_t first_ms = 0;
  uint32_t tombstones = 0;  // Records without a value that are left.

  bool compacted() const { return first_ms != 0; }

  friend bool operator==(const CompactionMark&, const CompactionMark&) = default;
};

// What a footer tells of its segment.
struct SegmentFooter {
  record::Offset next_offset;   // First offset after the segment.
  io::FilePosition frames_end;  // Where the last frame ends and the footer begins.
  uint32_t last_frame_crc = 0;  // Of the segment header when there is no frame.
  uint64_t payload_bytes = 0;   // Of batches and their headers, without frame headers and padding.
  int64_t first_append_timestamp_ms = 0;
  int64_t last_append_timestamp_ms = 0;
  CompactionMark compaction;
  SegmentIndex index;
};

// The last bytes of a sealed segment. They tell where its footer begins.
struct FooterTrailer {
  static constexpr size_t kEncodedBytes = 64;

  uint64_t segment_id = 0;
  io::FilePosition position;  // Of the footer.
  uint64_t footer_bytes = 0;  // Without padding and trailer.
  uint32_t footer_crc = 0;

  // What footer, padding and trailer take in the file.
  uint64_t padded_bytes() const { return io::RoundUpToBlock(footer_bytes + kEncodedBytes); }
};

// Footer, padding and trailer: whole blocks, to be written at `footer.frames_end`.
std::string EncodeFooter(uint64_t segment_id, const SegmentFooter& footer);

// Reads the trailer at the end of `bytes`. NOT_FOUND when there is none, DATA_LOSS when it is
// damaged.
absl::StatusOr<FooterTrailer> DecodeFooterTrailer(std::string_view bytes);

// How many bytes `EncodeFooter` gave, when `bytes` begins with what may be a footer. NOT_FOUND when
// it does not. Nothing is verified.
absl::StatusOr<uint64_t> PeekFooterBytes(std::string_view bytes);

// Takes apart what `EncodeFooter` gave. DATA_LOSS naming what is wrong; UNIMPLEMENTED when it is of
// an unknown version.
absl::StatusOr<SegmentFooter> DecodeFooter(uint64_t segment_id, std::string_view bytes);

}  // namespace leat::log

#endif  // LEAT_STORAGE_LOG_FOOTER_H_
