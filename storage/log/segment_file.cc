#include "storage/log/segment_file.h"

#include <algorithm>
#include <charconv>

#include "absl/strings/str_cat.h"
#include "absl/types/span.h"
#include "fmt/core.h"
#include "storage/io/aligned_buffer.h"
#include "storage/log/corruption.h"

namespace leat::log {
namespace {

constexpr std::string_view kSegmentSuffix = ".log";
constexpr size_t kOffsetDigits = 20;

// Gives damage its place; leaves every other error, the file system's among them, as it is.
absl::Status WithPlace(const absl::Status& status, const io::File& file,
                       io::FilePosition position) {
  if (!absl::IsDataLoss(status)) return status;
  return CorruptionError(file.path(), position, absl::StrCat(status.message()));
}

absl::StatusOr<io::AlignedBuffer> ReadBlocks(const io::File& file, io::FilePosition position,
                                             uint64_t bytes) {
  io::AlignedBuffer buffer(bytes);
  absl::Status read = file.ReadAt(position, buffer.span());
  if (!read.ok()) return read;
  return buffer;
}

std::string_view View(const io::AlignedBuffer& buffer) { return {buffer.data(), buffer.size()}; }

bool SamePlace(const SegmentHeader& a, const SegmentHeader& b) {
  return a.topic_id == b.topic_id && a.partition == b.partition && a.base_offset == b.base_offset;
}

}  // namespace

std::string SegmentFileName(record::Offset base_offset) {
  return fmt::format("{:0{}}{}", base_offset.value, kOffsetDigits, kSegmentSuffix);
}

std::optional<record::Offset> ParseSegmentFileName(std::string_view name) {
  if (name.size() != kOffsetDigits + kSegmentSuffix.size() || !name.ends_with(kSegmentSuffix)) {
    return std::nullopt;
  }
  const std::string_view digits = name.substr(0, kOffsetDigits);
  if (digits.find_first_not_of("0123456789") != std::string_view::npos) return std::nullopt;
  record::Offset offset;
  const auto [end, error] =
      std::from_chars(digits.data(), digits.data() + digits.size(), offset.value);
  if (error != std::errc()) return std::nullopt;
  return offset;
}

absl::StatusOr<SegmentHeader> ReadSegmentHeader(const io::File& file,
                                                const SegmentHeader& expected) {
  absl::StatusOr<io::AlignedBuffer> block = ReadBlocks(file, {0}, io::kBlockBytes);
  if (absl::IsOutOfRange(block.status())) {
    return CorruptionError(file.path(), {0}, "segment header cut short");
  }
  if (!block.ok()) return block.status();
  absl::StatusOr<SegmentHeader> header = DecodeSegmentHeader(View(*block));
  if (!header.ok()) return WithPlace(header.status(), file, {0});
  if (View(*block).find_first_not_of('\0', SegmentHeader::kEncodedBytes) !=
      std::string_view::npos) {
    return CorruptionError(file.path(), {0}, "rest of the header block is not zero");
  }
  if (!SamePlace(*header, expected)) {
    return CorruptionError(file.path(), {0}, "segment of another place");
  }
  return header;
}

absl::StatusOr<SegmentFooter> ReadFooter(const io::File& file, uint64_t segment_id) {
  const absl::StatusOr<uint64_t> size = file.Size();
  if (!size.ok()) return size.status();
  if (*size < 2 * io::kBlockBytes || *size % io::kBlockBytes != 0) {
    return absl::NotFoundError(fmt::format("{}: no footer", file.path()));
  }
  const io::FilePosition last_block{*size - io::kBlockBytes};
  absl::StatusOr<io::AlignedBuffer> end = ReadBlocks(file, last_block, io::kBlockBytes);
  if (!end.ok()) return end.status();
  const absl::StatusOr<FooterTrailer> trailer = DecodeFooterTrailer(View(*end));
  if (!trailer.ok()) return WithPlace(trailer.status(), file, last_block);
  // The checksum was right, so that this is no accident; still, nothing is read past the file.
  if (trailer->position.bytes > *size || trailer->footer_bytes > *size ||
      trailer->position + trailer->padded_bytes() != io::FilePosition{*size}) {
    return CorruptionError(file.path(), last_block, "footer is not at the end of the file");
  }
  absl::StatusOr<io::AlignedBuffer> bytes =
      ReadBlocks(file, trailer->position, trailer->padded_bytes());
  if (!bytes.ok()) return bytes.status();
  absl::StatusOr<SegmentFooter> footer = DecodeFooter(segment_id, View(*bytes));
  if (!footer.ok()) return WithPlace(footer.status(), file, trailer->position);
  return footer;
}

absl::StatusOr<SealedSegment> OpenSealedSegment(io::FileSystem& files, const std::string& path,
                                                const SegmentHeader& expected) {
  absl::StatusOr<std::unique_ptr<io::File>> file = files.Open(path, io::OpenMode::kReadDirect);
  if (!file.ok()) return file.status();
  const absl::StatusOr<uint64_t> size = (*file)->Size();
  if (!size.ok()) return size.status();
  absl::StatusOr<SegmentHeader> header = ReadSegmentHeader(**file, expected);
  if (!header.ok()) return header.status();
  absl::StatusOr<SegmentFooter> footer = ReadFooter(**file, header->segment_id);
  if (absl::IsNotFound(footer.status())) {
    return CorruptionError(path, {*size}, "segment has no footer");
  }
  if (!footer.ok()) return footer.status();
  if (footer->next_offset < header->base_offset) {
    return CorruptionError(path, footer->frames_end, "segment ends before it begins");
  }
  return SealedSegment{
      .path = path, .header = *header, .footer = *std::move(footer), .file_bytes = *size};
}

}  // namespace leat::log
