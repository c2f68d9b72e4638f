// The bytes of a segment file: segment header, frames, footer. Encoding and decoding only: no I/O,
// no threads.
//
// A segment is one header block, frames, and, once sealed, a footer. Everything begins on a block
// boundary (`io::kBlockBytes`) and is padded with zeros to the next. A frame is what one write
// makes durable: a frame header, whole batches, padding. Layouts stand in docs/disk_format.md and
// nowhere else; numbers are little endian, checksums CRC-32C.

#ifndef LEAT_STORAGE_LOG_FORMAT_H_
#define LEAT_STORAGE_LOG_FORMAT_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "absl/status/statusor.h"
#include "storage/record/ids.h"

namespace leat::log {

using Uuid = std::array<uint8_t, 16>;

// A frame, padding included, is never longer: a header that says so is not a frame's, and nobody
// has to set aside memory for it.
inline constexpr size_t kMaxFrameBytes = 64 << 20;

// Begins every segment file; written once, before the file gets its name.
struct SegmentHeader {
  static constexpr size_t kEncodedBytes = 128;

  Uuid topic_id{};
  uint32_t partition = 0;
  // Random; in every frame, so that stale bytes of another file are never taken for ours.
  uint64_t segment_id = 0;
  record::Offset base_offset;
  int64_t create_timestamp_ms = 0;
  // There is a snapshot of producers beside it since before its first frame: without that, what the
  // frames say of producers is not all that was known.
  bool has_producers = false;

  friend bool operator==(const SegmentHeader&, const SegmentHeader&) = default;
};

// Writes `kEncodedBytes` to `out`.
void EncodeSegmentHeader(const SegmentHeader& header, char* out);

// The checksum in the encoded header. The chain of frames begins with it.
uint32_t SegmentHeaderCrc(const SegmentHeader& header);

// DATA_LOSS when damaged, UNIMPLEMENTED when of an unknown version.
absl::StatusOr<SegmentHeader> DecodeSegmentHeader(std::string_view bytes);

struct FrameHeader {
  static constexpr size_t kEncodedBytes = 64;

  uint32_t frame_bytes = 0;   // Frame header and batches, without padding.
  uint32_t padded_bytes = 0;  // `frame_bytes` rounded up to whole blocks.
  uint32_t batch_count = 0;   // 0 in a control frame, which only carries the stable offset.
  uint64_t segment_id = 0;
  uint64_t incarnation = 0;     // Random for each opening of the log for writing.
  uint32_t previous_crc = 0;    // `crc` of the frame before; of the segment header in the first.
  record::Offset first_offset;  // Log end offset before this frame.
  // First offset not known to be durable when this frame was built: acknowledgements never went
  // past it.
  record::Offset stable_offset;
  // Of this header and the headers of its batches. Set by `DecodeFrameHeader` and `BuildFrame`.
  uint32_t crc = 0;
};

// Writes `kEncodedBytes` to `out` and returns the CRC, which covers the other fields and then
// `batch_headers`: the frame's encoded batch headers, end to end.
uint32_t EncodeFrameHeader(const FrameHeader& header, std::string_view batch_headers, char* out);

// Reads the fields; checks magic, version, lengths and offsets that fit together, but not the CRC,
// which needs the batch headers (`frame.h`). DATA_LOSS when it is not a frame header, UNIMPLEMENTED
// when of an unknown version.
absl::StatusOr<FrameHeader> DecodeFrameHeader(std::string_view bytes);

// The segment id in what begins like a frame header, of whatever version: every version keeps magic
// and segment id in their places. Nothing is verified.
std::optional<uint64_t> PeekFrameSegmentId(std::string_view bytes);

// CRC of a frame whose header bytes and batch headers are given.
uint32_t FrameCrc(std::string_view encoded_frame_header, std::string_view batch_headers);

}  // namespace leat::log

#endif  // LEAT_STORAGE_LOG_FORMAT_H_
