#include "storage/log/footer.h"

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "fmt/core.h"
#include "storage/record/batch.h"
#include "storage/record/fields.h"
#include "storage/record/little_endian.h"

namespace leat::log {
namespace {

using record::FieldLoader;
using record::FieldStorer;
using record::LoadLittleEndian;
using record::StoreLittleEndian;

// The second is that of a compacted segment, which has two fields more.
constexpr uint16_t kFormatVersion = 1;
constexpr uint16_t kCompactedFormatVersion = 2;

constexpr std::string_view kFooterMagic = "LEATFTR1";
constexpr size_t kHeaderBytes = 128;
constexpr size_t kIndexEntryBytes = 24;
constexpr size_t kSectionLengthBytes = 4;
constexpr size_t kSections = 2;  // Producer snapshot and leader epochs, both empty so far.
constexpr size_t kReservedAt = 88;
constexpr size_t kCompactedReservedAt = 100;

constexpr std::string_view kTrailerMagic = "LEATEND1";
constexpr size_t kTrailerReservedAt = 40;

// Footer header and trailer begin alike: magic, checksum of all that follows it.
constexpr size_t kCrcAt = 8;
constexpr size_t kCrcFrom = 12;

// The numbers in a footer's header.
struct FooterHeader {
  uint16_t header_bytes = kHeaderBytes;
  uint16_t version = kFormatVersion;
  uint64_t segment_id = 0;
  uint64_t footer_bytes = 0;
  int64_t max_timestamp_ms = 0;
  uint32_t index_entries = 0;
  SegmentFooter footer;  // Without its index.
};

// Calls `visit(place, field)` for each of the numbers, in writing and in reading.
template <typename Header, typename Visitor>
void ForEachField(Header& header, const Visitor& visit) {
  visit(12, header.header_bytes);
  visit(14, header.version);
  visit(16, header.segment_id);
  visit(24, header.footer_bytes);
  visit(32, header.footer.next_offset.value);
  visit(40, header.footer.frames_end.bytes);
  visit(48, header.footer.payload_bytes);
  visit(56, header.footer.first_append_timestamp_ms);
  visit(64, header.footer.last_append_timestamp_ms);
  visit(72, header.max_timestamp_ms);
  visit(80, header.footer.last_frame_crc);
  visit(84, header.index_entries);
  if (header.version != kCompactedFormatVersion) return;
  visit(88, header.footer.compaction.first_ms);
  visit(96, header.footer.compaction.tombstones);
}

size_t ReservedAt(const FooterHeader& header) {
  return header.version == kCompactedFormatVersion ? kCompactedReservedAt : kReservedAt;
}

template <typename Entry, typename Visitor>
void ForEachIndexField(Entry& entry, const Visitor& visit) {
  visit(0, entry.first_offset.value);
  visit(8, entry.position.bytes);
  visit(16, entry.max_timestamp_ms);
}

template <typename Trailer, typename Visitor>
void ForEachTrailerField(Trailer& trailer, const Visitor& visit) {
  visit(12, trailer.footer_crc);
  visit(16, trailer.segment_id);
  visit(24, trailer.position.bytes);
  visit(32, trailer.footer_bytes);
}

uint32_t CrcOf(std::string_view bytes) { return record::Crc32c(bytes.substr(kCrcFrom)); }

bool AllZero(std::string_view bytes) {
  return bytes.find_first_not_of('\0') == std::string_view::npos;
}

uint64_t FooterBytes(uint32_t index_entries) {
  return kHeaderBytes + uint64_t{index_entries} * kIndexEntryBytes +
         kSections * kSectionLengthBytes;
}

// Whether index entries lie in order between segment header and footer.
bool IndexInOrder(const std::vector<IndexEntry>& entries, const SegmentFooter& footer) {
  IndexEntry last{.position = {io::kBlockBytes - 1}, .max_timestamp_ms = INT64_MIN};
  for (const IndexEntry& entry : entries) {
    if (entry.position <= last.position || entry.position >= footer.frames_end ||
        entry.position.bytes % io::kBlockBytes != 0 || entry.first_offset < last.first_offset ||
        entry.first_offset > footer.next_offset || entry.max_timestamp_ms < last.max_timestamp_ms) {
      return false;
    }
    last = entry;
  }
  return true;
}

std::vector<IndexEntry> DecodeIndex(const char* data, uint32_t count) {
  std::vector<IndexEntry> entries(count);
  for (IndexEntry& entry : entries) {
    ForEachIndexField(entry, FieldLoader(data));
    data += kIndexEntryBytes;
  }
  return entries;
}

// Takes apart a footer without padding whose checksum is right.
absl::StatusOr<SegmentFooter> DecodeContent(uint64_t segment_id, std::string_view content) {
  FooterHeader header;
  ForEachField(header, FieldLoader(content.data()));
  if (header.version != kFormatVersion && header.version != kCompactedFormatVersion) {
    return absl::UnimplementedError(fmt::format("footer of format version {}, known are {} and {}",
                                                header.version, kFormatVersion,
                                                kCompactedFormatVersion));
  }
  if (header.segment_id != segment_id) return absl::DataLossError("footer of another segment");
  if (header.header_bytes != kHeaderBytes || header.footer_bytes != content.size() ||
      header.footer_bytes < FooterBytes(header.index_entries) ||
      header.footer.compaction.compacted() != (header.version == kCompactedFormatVersion) ||
      !AllZero(content.substr(ReservedAt(header), kHeaderBytes - ReservedAt(header)))) {
    return absl::DataLossError("footer contradicts itself");
  }
  SegmentFooter footer = std::move(header.footer);
  std::vector<IndexEntry> entries =
      DecodeIndex(content.data() + kHeaderBytes, header.index_entries);
  if (!IndexInOrder(entries, footer)) return absl::DataLossError("index is not in order");
  footer.index = SegmentIndex(std::move(entries), header.max_timestamp_ms);
  return footer;
}

}  // namespace

std::string EncodeFooter(uint64_t segment_id, const SegmentFooter& footer) {
  const std::vector<IndexEntry>& entries = footer.index.entries();
  FooterHeader header{
      .version = footer.compaction.compacted() ? kCompactedFormatVersion : kFormatVersion,
      .segment_id = segment_id,
      .footer_bytes = FooterBytes(static_cast<uint32_t>(entries.size())),
      .max_timestamp_ms = footer.index.max_timestamp_ms(),
      .index_entries = static_cast<uint32_t>(entries.size()),
      .footer = footer};
  FooterTrailer trailer{
      .segment_id = segment_id, .position = footer.frames_end, .footer_bytes = header.footer_bytes};

  std::string bytes(trailer.padded_bytes(), '\0');
  char* out = bytes.data();
  std::copy(kFooterMagic.begin(), kFooterMagic.end(), out);
  ForEachField(header, FieldStorer(out));
  char* entry_out = out + kHeaderBytes;
  for (const IndexEntry& entry : entries) {
    ForEachIndexField(entry, FieldStorer(entry_out));
    entry_out += kIndexEntryBytes;
  }
  trailer.footer_crc = CrcOf({bytes.data(), header.footer_bytes});
  StoreLittleEndian(trailer.footer_crc, out + kCrcAt);

  char* const end = out + bytes.size() - FooterTrailer::kEncodedBytes;
  std::copy(kTrailerMagic.begin(), kTrailerMagic.end(), end);
  ForEachTrailerField(trailer, FieldStorer(end));
  StoreLittleEndian(CrcOf({end, FooterTrailer::kEncodedBytes}), end + kCrcAt);
  return bytes;
}

absl::StatusOr<FooterTrailer> DecodeFooterTrailer(std::string_view bytes) {
  if (bytes.size() < FooterTrailer::kEncodedBytes) return absl::NotFoundError("no footer");
  bytes.remove_prefix(bytes.size() - FooterTrailer::kEncodedBytes);
  if (!bytes.starts_with(kTrailerMagic)) return absl::NotFoundError("no footer");
  if (LoadLittleEndian<uint32_t>(bytes.data() + kCrcAt) != CrcOf(bytes)) {
    return absl::DataLossError("footer trailer fails its checksum");
  }
  FooterTrailer trailer;
  ForEachTrailerField(trailer, FieldLoader(bytes.data()));
  if (!AllZero(bytes.substr(kTrailerReservedAt))) {
    return absl::DataLossError("footer trailer contradicts itself");
  }
  return trailer;
}

absl::StatusOr<uint64_t> PeekFooterBytes(std::string_view bytes) {
  if (bytes.size() < kHeaderBytes || !bytes.starts_with(kFooterMagic)) {
    return absl::NotFoundError("no footer");
  }
  FooterHeader header;
  ForEachField(header, FieldLoader(bytes.data()));
  return FooterTrailer{.footer_bytes = header.footer_bytes}.padded_bytes();
}

absl::StatusOr<SegmentFooter> DecodeFooter(uint64_t segment_id, std::string_view bytes) {
  absl::StatusOr<FooterTrailer> trailer = DecodeFooterTrailer(bytes);
  if (absl::IsNotFound(trailer.status())) return absl::DataLossError("footer without its end");
  if (!trailer.ok()) return trailer.status();
  if (trailer->segment_id != segment_id || trailer->footer_bytes < FooterBytes(0) ||
      trailer->footer_bytes > bytes.size() || trailer->padded_bytes() != bytes.size()) {
    return absl::DataLossError("footer trailer does not fit its footer");
  }
  const std::string_view content = bytes.substr(0, trailer->footer_bytes);
  if (!content.starts_with(kFooterMagic)) return absl::DataLossError("not a footer");
  if (LoadLittleEndian<uint32_t>(content.data() + kCrcAt) != CrcOf(content) ||
      trailer->footer_crc != CrcOf(content)) {
    return absl::DataLossError("footer fails its checksum");
  }
  const size_t padding_bytes = bytes.size() - FooterTrailer::kEncodedBytes - content.size();
  if (!AllZero(bytes.substr(content.size(), padding_bytes))) {
    return absl::DataLossError("footer padding is not zero");
  }
  absl::StatusOr<SegmentFooter> footer = DecodeContent(segment_id, content);
  if (footer.ok() && footer->frames_end != trailer->position) {
    return absl::DataLossError("footer is not where it says");
  }
  return footer;
}

}  // namespace leat::log
