// Frames in memory: building one from batches, and taking one apart with every check that memory
// allows. No I/O; any thread.

#ifndef LEAT_STORAGE_LOG_FRAME_H_
#define LEAT_STORAGE_LOG_FRAME_H_

#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "storage/io/aligned_buffer.h"
#include "storage/log/format.h"
#include "storage/record/batch.h"

namespace leat::log {

// A frame ready to be written, which then serves readers of the log's tail from the same memory.
struct BuiltFrame {
  std::shared_ptr<const io::AlignedBuffer> bytes;  // Whole blocks.
  FrameHeader header;
  std::vector<record::Batch> batches;  // Payloads share `bytes`.
  int64_t max_timestamp_ms = 0;        // Of its records; INT64_MIN in a control frame.

  record::Offset next_offset() const {
    return batches.empty() ? header.first_offset : batches.back().header.next_offset();
  }
};

// Space that `batches` take in a frame, without padding.
size_t FrameBytes(absl::Span<const record::Batch> batches);

// Copies `batches` (their base offsets dense from `header.first_offset`) into one aligned buffer.
// `header` gives segment id, incarnation, previous CRC, first and stable offset; lengths, count and
// CRC are filled in. No batches make a control frame.
BuiltFrame BuildFrame(FrameHeader header, absl::Span<const record::Batch> batches);

// Takes apart the headers alone of the frame that begins at `bytes[0]`: its own and those of its
// batches, with their checksum. They bear witness of the frame even where payloads are damaged or
// cut off. Errors as for `ParseFrame`.
absl::StatusOr<FrameHeader> ParseFrameHeaders(std::string_view bytes);

// DATA_LOSS naming both when the payload of `batch`, found in `frame`, fails its checksum.
absl::Status CheckPayload(const FrameHeader& frame, const record::Batch& batch);

enum class PayloadCheck { kSkip, kVerify };

// A frame found in `bytes`; batch payloads share `owner`, which keeps `bytes` alive.
struct ParsedFrame {
  FrameHeader header;
  std::vector<record::Batch> batches;

  record::Offset next_offset() const {
    return batches.empty() ? header.first_offset : batches.back().header.next_offset();
  }
};

// Takes apart the frame that begins at `bytes[0]`. DATA_LOSS naming the first thing wrong: not a
// frame, cut short, checksum of the headers, batches that do not fit together, or, with kVerify,
// checksum of a payload, padding that is not zero. OUT_OF_RANGE when `bytes` holds a whole frame
// header but ends before the frame does. UNIMPLEMENTED when frame or batch are of an unknown
// version.
absl::StatusOr<ParsedFrame> ParseFrame(std::string_view bytes,
                                       const std::shared_ptr<const void>& owner,
                                       PayloadCheck payloads);

}  // namespace leat::log

#endif  // LEAT_STORAGE_LOG_FRAME_H_
