#include "storage/log/frame.h"

#include <algorithm>
#include <string>
#include <utility>

#include "absl/strings/cord.h"
#include "fmt/core.h"

namespace leat::log {
namespace {

using record::Batch;
using record::BatchHeader;

// `length` bytes at `data`, kept alive by `owner`.
absl::Cord ShareBytes(const char* data, size_t length, std::shared_ptr<const void> owner) {
  if (length == 0) return {};
  return absl::MakeCordFromExternal({data, length}, [owner = std::move(owner)] {});
}

absl::Status Damaged(const FrameHeader& header, std::string_view what) {
  return absl::DataLossError(
      fmt::format("frame of offset {}: {}", header.first_offset.value, what));
}

struct FrameHeaders {
  FrameHeader frame;
  std::vector<BatchHeader> batches;
};

// Decodes the header of the batch at `place` and checks that it goes on at offset `next`.
absl::StatusOr<BatchHeader> ParseBatchHeader(const FrameHeader& frame, std::string_view bytes,
                                             size_t place, record::Offset next) {
  if (place + BatchHeader::kEncodedBytes > frame.frame_bytes) {
    return Damaged(frame, "batches overrun it");
  }
  if (place + BatchHeader::kEncodedBytes > bytes.size()) {
    return absl::OutOfRangeError("the bytes end before the frame does");
  }
  absl::StatusOr<BatchHeader> batch = record::DecodeBatchHeader(bytes.substr(place));
  if (!batch.ok()) return batch.status();
  if (batch->base_offset != next) return Damaged(frame, "offsets are not dense");
  if (place + BatchHeader::kEncodedBytes + uint64_t{batch->payload_bytes} > frame.frame_bytes) {
    return Damaged(frame, "a batch overruns it");
  }
  return batch;
}

absl::StatusOr<FrameHeaders> ParseHeaders(std::string_view bytes) {
  absl::StatusOr<FrameHeader> frame = DecodeFrameHeader(bytes);
  if (!frame.ok()) return frame.status();

  FrameHeaders headers{.frame = *frame};
  std::string encoded_batch_headers;
  size_t place = FrameHeader::kEncodedBytes;
  record::Offset next = frame->first_offset;
  for (uint32_t i = 0; i < frame->batch_count; ++i) {
    absl::StatusOr<BatchHeader> batch = ParseBatchHeader(*frame, bytes, place, next);
    if (!batch.ok()) return batch.status();
    encoded_batch_headers.append(bytes.substr(place, BatchHeader::kEncodedBytes));
    place += BatchHeader::kEncodedBytes + batch->payload_bytes;
    next = batch->next_offset();
    headers.batches.push_back(*batch);
  }
  if (place != frame->frame_bytes) return Damaged(*frame, "batches do not fill it");
  if (frame->crc != FrameCrc(bytes, encoded_batch_headers)) {
    return Damaged(*frame, "headers fail their checksum");
  }
  return headers;
}

absl::Status CheckPadding(const FrameHeader& header, std::string_view bytes) {
  const std::string_view padding =
      bytes.substr(header.frame_bytes, header.padded_bytes - header.frame_bytes);
  if (padding.find_first_not_of('\0') != std::string_view::npos) {
    return Damaged(header, "padding is not zero");
  }
  return absl::OkStatus();
}

}  // namespace

size_t FrameBytes(absl::Span<const Batch> batches) {
  size_t bytes = FrameHeader::kEncodedBytes;
  for (const Batch& batch : batches) bytes += BatchHeader::kEncodedBytes + batch.payload.size();
  return bytes;
}

BuiltFrame BuildFrame(FrameHeader header, absl::Span<const Batch> batches) {
  const size_t frame_bytes = FrameBytes(batches);
  auto bytes = std::make_shared<io::AlignedBuffer>(frame_bytes);
  header.frame_bytes = static_cast<uint32_t>(frame_bytes);
  header.padded_bytes = static_cast<uint32_t>(bytes->size());
  header.batch_count = static_cast<uint32_t>(batches.size());

  BuiltFrame frame{.max_timestamp_ms = INT64_MIN};
  frame.batches.reserve(batches.size());
  std::string batch_headers;
  char* out = bytes->data() + FrameHeader::kEncodedBytes;
  for (const Batch& batch : batches) {
    record::EncodeBatchHeader(batch.header, out);
    batch_headers.append(out, BatchHeader::kEncodedBytes);
    out += BatchHeader::kEncodedBytes;
    char* const payload = out;
    for (absl::string_view chunk : batch.payload.Chunks()) {
      out = std::copy(chunk.begin(), chunk.end(), out);
    }
    frame.batches.push_back({batch.header, ShareBytes(payload, batch.payload.size(), bytes)});
    frame.max_timestamp_ms = std::max(frame.max_timestamp_ms, batch.header.max_timestamp_ms);
  }
  std::fill(out, bytes->data() + bytes->size(), '\0');
  header.crc = EncodeFrameHeader(header, batch_headers, bytes->data());
  frame.header = header;
  frame.bytes = std::move(bytes);
  return frame;
}

absl::StatusOr<FrameHeader> ParseFrameHeaders(std::string_view bytes) {
  absl::StatusOr<FrameHeaders> headers = ParseHeaders(bytes);
  if (!headers.ok()) return headers.status();
  return headers->frame;
}

absl::Status CheckPayload(const FrameHeader& frame, const Batch& batch) {
  if (record::Crc32c(batch.payload) == batch.header.payload_crc32c) return absl::OkStatus();
  return Damaged(frame, fmt::format("payload of the batch at offset {} fails its checksum",
                                    batch.header.base_offset.value));
}

absl::StatusOr<ParsedFrame> ParseFrame(std::string_view bytes,
                                       const std::shared_ptr<const void>& owner,
                                       PayloadCheck payloads) {
  absl::StatusOr<FrameHeaders> headers = ParseHeaders(bytes);
  if (!headers.ok()) return headers.status();
  const FrameHeader& header = headers->frame;
  if (bytes.size() < header.padded_bytes) {
    return absl::OutOfRangeError("the bytes end before the frame does");
  }

  ParsedFrame frame{.header = header};
  frame.batches.reserve(headers->batches.size());
  size_t place = FrameHeader::kEncodedBytes;
  for (const BatchHeader& batch : headers->batches) {
    place += BatchHeader::kEncodedBytes;
    frame.batches.push_back({batch, ShareBytes(bytes.data() + place, batch.payload_bytes, owner)});
    place += batch.payload_bytes;
    if (payloads == PayloadCheck::kSkip) continue;
    if (absl::Status sound = CheckPayload(header, frame.batches.back()); !sound.ok()) return sound;
  }
  if (payloads == PayloadCheck::kVerify) {
    if (absl::Status status = CheckPadding(header, bytes); !status.ok()) return status;
  }
  return frame;
}

}  // namespace leat::log
