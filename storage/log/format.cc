#include "storage/log/format.h"

#include <algorithm>

#include "absl/status/status.h"
#include "fmt/core.h"
#include "storage/io/aligned_buffer.h"
#include "storage/record/batch.h"
#include "storage/record/fields.h"
#include "storage/record/little_endian.h"

namespace leat::log {
namespace {

using record::FieldLoader;
using record::FieldStorer;
using record::LoadLittleEndian;
using record::StoreLittleEndian;

constexpr uint16_t kFormatVersion = 1;

constexpr std::string_view kSegmentMagic = "LEATSEG1";
constexpr size_t kSegmentCrcAt = 8;
constexpr size_t kSegmentCrcFrom = 12;
constexpr size_t kSegmentHeaderLengthAt = 12;
constexpr size_t kSegmentVersionAt = 14;
constexpr size_t kSegmentTopicAt = 16;
constexpr size_t kSegmentFlagsAt = 36;
constexpr uint32_t kHasProducers = 1 << 0;
constexpr size_t kSegmentReservedAt = 64;

constexpr std::string_view kFrameMagic = "LEAF";
constexpr size_t kFrameCrcAt = 4;
constexpr size_t kFrameCrcFrom = 8;
constexpr size_t kFrameHeaderLengthAt = 8;
constexpr size_t kFrameVersionAt = 10;
constexpr size_t kFrameSegmentIdAt = 24;
constexpr size_t kFrameReservedAt = 44;

// Calls `visit(place, field)` for each of the numbers, in writing and in reading.
template <typename Header, typename Visitor>
void ForEachSegmentField(Header& header, const Visitor& visit) {
  visit(32, header.partition);
  visit(40, header.segment_id);
  visit(48, header.base_offset.value);
  visit(56, header.create_timestamp_ms);
}

template <typename Header, typename Visitor>
void ForEachFrameField(Header& header, const Visitor& visit) {
  visit(12, header.frame_bytes);
  visit(16, header.padded_bytes);
  visit(20, header.batch_count);
  visit(kFrameSegmentIdAt, header.segment_id);
  visit(32, header.incarnation);
  visit(40, header.previous_crc);
  visit(48, header.first_offset.value);
  visit(56, header.stable_offset.value);
}

uint32_t EncodedSegmentHeaderCrc(std::string_view bytes) {
  return record::Crc32c(
      bytes.substr(kSegmentCrcFrom, SegmentHeader::kEncodedBytes - kSegmentCrcFrom));
}

// What is wrong with the numbers of a frame header; empty when nothing is.
std::string_view FindContradiction(const FrameHeader& header) {
  const uint64_t headers_bytes = FrameHeader::kEncodedBytes +
                                 uint64_t{header.batch_count} * record::BatchHeader::kEncodedBytes;
  if (header.frame_bytes < headers_bytes) return "more batches than bytes";
  if (header.batch_count == 0 && header.frame_bytes != headers_bytes) {
    return "bytes in a control frame";
  }
  if (header.padded_bytes > kMaxFrameBytes) return "too long";
  if (header.padded_bytes != io::RoundUpToBlock(header.frame_bytes)) return "padded length";
  if (header.stable_offset.value < 0) return "negative offset";
  if (header.stable_offset > header.first_offset) return "stable offset past the first one";
  return {};
}

}  // namespace

void EncodeSegmentHeader(const SegmentHeader& header, char* out) {
  std::fill_n(out, SegmentHeader::kEncodedBytes, '\0');
  std::copy(kSegmentMagic.begin(), kSegmentMagic.end(), out);
  StoreLittleEndian<uint16_t>(SegmentHeader::kEncodedBytes, out + kSegmentHeaderLengthAt);
  StoreLittleEndian(kFormatVersion, out + kSegmentVersionAt);
  std::copy(header.topic_id.begin(), header.topic_id.end(), out + kSegmentTopicAt);
  StoreLittleEndian(header.has_producers ? kHasProducers : 0u, out + kSegmentFlagsAt);
  ForEachSegmentField(header, FieldStorer(out));
  StoreLittleEndian(EncodedSegmentHeaderCrc({out, SegmentHeader::kEncodedBytes}),
                    out + kSegmentCrcAt);
}

uint32_t SegmentHeaderCrc(const SegmentHeader& header) {
  std::array<char, SegmentHeader::kEncodedBytes> bytes;
  EncodeSegmentHeader(header, bytes.data());
  return LoadLittleEndian<uint32_t>(bytes.data() + kSegmentCrcAt);
}

absl::StatusOr<SegmentHeader> DecodeSegmentHeader(std::string_view bytes) {
  if (bytes.size() < SegmentHeader::kEncodedBytes) {
    return absl::DataLossError("segment header cut short");
  }
  const char* const data = bytes.data();
  if (!bytes.starts_with(kSegmentMagic)) return absl::DataLossError("not a segment header");
  if (LoadLittleEndian<uint32_t>(data + kSegmentCrcAt) != EncodedSegmentHeaderCrc(bytes)) {
    return absl::DataLossError("segment header fails its checksum");
  }
  const auto version = LoadLittleEndian<uint16_t>(data + kSegmentVersionAt);
  if (version != kFormatVersion) {
    return absl::UnimplementedError(
        fmt::format("segment of format version {}, known is {}", version, kFormatVersion));
  }
  const std::string_view reserved =
      bytes.substr(kSegmentReservedAt, SegmentHeader::kEncodedBytes - kSegmentReservedAt);
  if (LoadLittleEndian<uint16_t>(data + kSegmentHeaderLengthAt) != SegmentHeader::kEncodedBytes ||
      LoadLittleEndian<uint32_t>(data + kSegmentFlagsAt) > kHasProducers ||
      reserved.find_first_not_of('\0') != std::string_view::npos) {
    return absl::DataLossError("segment header contradicts itself");
  }
  SegmentHeader header;
  std::copy_n(data + kSegmentTopicAt, header.topic_id.size(), header.topic_id.begin());
  header.has_producers = LoadLittleEndian<uint32_t>(data + kSegmentFlagsAt) != 0;
  ForEachSegmentField(header, FieldLoader(data));
  return header;
}

uint32_t FrameCrc(std::string_view encoded_frame_header, std::string_view batch_headers) {
  const std::string_view covered =
      encoded_frame_header.substr(kFrameCrcFrom, FrameHeader::kEncodedBytes - kFrameCrcFrom);
  return record::Crc32c(batch_headers, record::Crc32c(covered));
}

uint32_t EncodeFrameHeader(const FrameHeader& header, std::string_view batch_headers, char* out) {
  std::fill_n(out, FrameHeader::kEncodedBytes, '\0');
  std::copy(kFrameMagic.begin(), kFrameMagic.end(), out);
  StoreLittleEndian<uint16_t>(FrameHeader::kEncodedBytes, out + kFrameHeaderLengthAt);
  StoreLittleEndian(kFormatVersion, out + kFrameVersionAt);
  ForEachFrameField(header, FieldStorer(out));
  const uint32_t crc = FrameCrc({out, FrameHeader::kEncodedBytes}, batch_headers);
  StoreLittleEndian(crc, out + kFrameCrcAt);
  return crc;
}

std::optional<uint64_t> PeekFrameSegmentId(std::string_view bytes) {
  if (bytes.size() < FrameHeader::kEncodedBytes || !bytes.starts_with(kFrameMagic)) {
    return std::nullopt;
  }
  return LoadLittleEndian<uint64_t>(bytes.data() + kFrameSegmentIdAt);
}

absl::StatusOr<FrameHeader> DecodeFrameHeader(std::string_view bytes) {
  if (bytes.size() < FrameHeader::kEncodedBytes) {
    return absl::DataLossError("frame header cut short");
  }
  const char* const data = bytes.data();
  if (!bytes.starts_with(kFrameMagic)) return absl::DataLossError("not a frame header");
  const auto version = LoadLittleEndian<uint16_t>(data + kFrameVersionAt);
  if (version != kFormatVersion) {
    return absl::UnimplementedError(
        fmt::format("frame of format version {}, known is {}", version, kFormatVersion));
  }
  FrameHeader header;
  ForEachFrameField(header, FieldLoader(data));
  header.crc = LoadLittleEndian<uint32_t>(data + kFrameCrcAt);
  std::string_view contradiction = FindContradiction(header);
  if (LoadLittleEndian<uint16_t>(data + kFrameHeaderLengthAt) != FrameHeader::kEncodedBytes ||
      LoadLittleEndian<uint32_t>(data + kFrameReservedAt) != 0) {
    contradiction = "header length or reserved bytes";
  }
  if (!contradiction.empty()) {
    return absl::DataLossError(fmt::format("frame header contradicts itself: {}", contradiction));
  }
  return header;
}

}  // namespace leat::log
