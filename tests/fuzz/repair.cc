#include "tests/fuzz/repair.h"

#include <algorithm>
#include <cstdint>
#include <string_view>

#include "storage/io/aligned_buffer.h"
#include "storage/log/footer.h"
#include "storage/log/format.h"
#include "storage/record/batch.h"
#include "storage/record/little_endian.h"

namespace leat::fuzz {
namespace {

using record::LoadLittleEndian;
using record::StoreLittleEndian;

constexpr size_t kBatchHeaderBytes = record::BatchHeader::kEncodedBytes;
constexpr size_t kFrameHeaderBytes = log::FrameHeader::kEncodedBytes;
constexpr size_t kTrailerBytes = log::FooterTrailer::kEncodedBytes;
constexpr size_t kFooterHeaderBytes = 128;
constexpr size_t kFooterBytesAt = 24;

uint32_t NumberAt(const std::string& bytes, size_t at) {
  return LoadLittleEndian<uint32_t>(bytes.data() + at);
}

std::string_view Part(const std::string& bytes, size_t at, size_t length) {
  return std::string_view(bytes).substr(std::min(at, bytes.size()), length);
}

}  // namespace

void RepairBatchHeader(std::string& bytes, size_t at) {
  if (bytes.size() < at + kBatchHeaderBytes) return;
  const uint32_t before = record::Crc32c(Part(bytes, at, 4));
  StoreLittleEndian(record::Crc32c(Part(bytes, at + 8, kBatchHeaderBytes - 8), before),
                    bytes.data() + at + 4);
}

void RepairEnvelope(std::string& bytes, size_t end) {
  if (bytes.size() < end || end < 12) return;
  StoreLittleEndian(record::Crc32c(Part(bytes, 12, end - 12)), bytes.data() + 8);
}

void RepairFrame(std::string& bytes, size_t at) {
  if (bytes.size() < at + kFrameHeaderBytes) return;
  const uint32_t batches = NumberAt(bytes, at + 20);
  std::string batch_headers;
  size_t place = at + kFrameHeaderBytes;
  for (uint32_t i = 0; i < batches && bytes.size() >= place + kBatchHeaderBytes; ++i) {
    const uint32_t payload_bytes = NumberAt(bytes, place + 12);
    const std::string_view payload = Part(bytes, place + kBatchHeaderBytes, payload_bytes);
    StoreLittleEndian(record::Crc32c(payload), bytes.data() + place + 20);
    RepairBatchHeader(bytes, place);
    batch_headers += Part(bytes, place, kBatchHeaderBytes);
    place += kBatchHeaderBytes + payload_bytes;
  }
  StoreLittleEndian(log::FrameCrc(Part(bytes, at, kFrameHeaderBytes), batch_headers),
                    bytes.data() + at + 4);
}

void RepairFooter(std::string& bytes, size_t at) {
  if (bytes.size() < at + kFooterHeaderBytes + kTrailerBytes) return;
  const auto footer_bytes = LoadLittleEndian<uint64_t>(bytes.data() + at + kFooterBytesAt);
  if (footer_bytes < kFooterHeaderBytes || footer_bytes > bytes.size() - kTrailerBytes - at) return;
  const uint32_t crc = record::Crc32c(Part(bytes, at + 12, footer_bytes - 12));
  StoreLittleEndian(crc, bytes.data() + at + 8);
  char* const trailer = bytes.data() + bytes.size() - kTrailerBytes;
  StoreLittleEndian(crc, trailer + 12);
  StoreLittleEndian(record::Crc32c({trailer + 12, kTrailerBytes - 12}), trailer + 8);
}

void RepairSegment(std::string& bytes) {
  RepairEnvelope(bytes, log::SegmentHeader::kEncodedBytes);
  if (bytes.size() < io::kBlockBytes) return;
  uint32_t last_crc = NumberAt(bytes, 8);
  for (size_t at = io::kBlockBytes; at < bytes.size(); at += io::kBlockBytes) {
    const std::string_view block = Part(bytes, at, io::kBlockBytes);
    if (block.starts_with("LEAF") && block.size() >= kFrameHeaderBytes) {
      StoreLittleEndian(last_crc, bytes.data() + at + 40);
      RepairFrame(bytes, at);
      last_crc = NumberAt(bytes, at + 4);
    } else if (block.starts_with("LEATFTR1")) {
      RepairFooter(bytes, at);
    }
  }
}

}  // namespace leat::fuzz
