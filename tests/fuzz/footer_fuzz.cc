// A footer that is accepted says the same when it is written and read again, and its index leads
// into the segment; any other is refused as damaged or unknown.

#include <string>

#include "storage/log/footer.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/repair.h"

namespace leat::log {
namespace {

constexpr uint64_t kSegmentId = 0x5e6d1a0c9b8f7e42;

void CheckSame(const SegmentFooter& a, const SegmentFooter& b) {
  LEAT_CHECK(a.next_offset == b.next_offset && a.frames_end == b.frames_end);
  LEAT_CHECK(a.last_frame_crc == b.last_frame_crc && a.payload_bytes == b.payload_bytes);
  LEAT_CHECK(a.first_append_timestamp_ms == b.first_append_timestamp_ms);
  LEAT_CHECK(a.last_append_timestamp_ms == b.last_append_timestamp_ms);
  LEAT_CHECK(a.compaction == b.compaction);
  LEAT_CHECK(a.index.entries() == b.index.entries());
  LEAT_CHECK(a.index.max_timestamp_ms() == b.index.max_timestamp_ms());
}

void CheckIndex(const SegmentFooter& footer) {
  if (footer.index.empty()) return;
  for (const IndexEntry& entry : footer.index.entries()) {
    const IndexEntry by_offset = footer.index.FindOffset(entry.first_offset);
    LEAT_CHECK(by_offset.first_offset == entry.first_offset);
    LEAT_CHECK(by_offset.position.bytes >= io::kBlockBytes);
    LEAT_CHECK(by_offset.position < footer.frames_end);
    LEAT_CHECK(footer.index.FindTimestamp(entry.max_timestamp_ms).position <= entry.position);
  }
}

void CheckFooter(std::string_view bytes) {
  PeekFooterBytes(bytes).status().IgnoreError();
  const absl::StatusOr<SegmentFooter> footer = DecodeFooter(kSegmentId, bytes);
  if (!footer.ok()) {
    LEAT_CHECK(absl::IsDataLoss(footer.status()) || absl::IsUnimplemented(footer.status()));
    return;
  }
  LEAT_CHECK(DecodeFooterTrailer(bytes).ok());
  LEAT_CHECK(*PeekFooterBytes(bytes) == bytes.size());
  CheckIndex(*footer);
  const absl::StatusOr<SegmentFooter> again =
      DecodeFooter(kSegmentId, EncodeFooter(kSegmentId, *footer));
  LEAT_CHECK(again.ok());
  CheckSame(*footer, *again);
}

}  // namespace
}  // namespace leat::log

// Inputs stay short: the last 64 bytes are the trailer, and zeros stand before it.
int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  leat::log::CheckFooter(input);
  constexpr size_t kTrailerBytes = leat::log::FooterTrailer::kEncodedBytes;
  const size_t trailer_bytes = std::min(size, kTrailerBytes);
  std::string bytes(input.substr(0, size - trailer_bytes));
  bytes.resize(leat::io::RoundUpToBlock(bytes.size() + kTrailerBytes) - trailer_bytes, '\0');
  bytes += input.substr(size - trailer_bytes);
  leat::log::CheckFooter(bytes);
  leat::fuzz::RepairFooter(bytes);
  leat::log::CheckFooter(bytes);
  return 0;
}
