#include "server/broker/directory_meta.h"

#include <charconv>
#include <optional>

#include "fmt/format.h"
#include "server/broker/topic.h"
#include "storage/record/batch.h"

namespace leat::broker {
namespace {

constexpr std::string_view kTitle = "leat data directory, format version ";
constexpr std::string_view kId = "id ";
constexpr std::string_view kBlockBytes = "block bytes ";
constexpr std::string_view kLogStart = "log start ";

// Takes a line that begins with `label` off `text` and returns the rest of it.
std::optional<std::string_view> TakeLine(std::string_view& text, std::string_view label) {
  const size_t end = text.find('\n');
  if (end == std::string_view::npos || !text.starts_with(label)) return std::nullopt;
  const std::string_view value = text.substr(label.size(), end - label.size());
  text.remove_prefix(end + 1);
  return value;
}

template <typename Number>
std::optional<Number> ParseNumber(std::string_view text) {
  Number number = 0;
  const char* end = text.data() + text.size();
  const auto [parsed_to, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc() || parsed_to != end) return std::nullopt;
  return number;
}

std::string WithChecksum(const std::string& lines) {
  return fmt::format("{}crc32c {:08x}\n", lines, record::Crc32c(lines));
}

}  // namespace

std::string EncodeDirectoryMeta(const DirectoryMeta& meta) {
  const std::string lines = fmt::format("{}{}\n{}{}\n{}{}\n", kTitle, meta.format_version, kId,
                                        FormatUuid(meta.id), kBlockBytes, meta.block_bytes);
  return fmt::format("{}crc32c {:08x}\n", lines, record::Crc32c(lines));
}

absl::StatusOr<DirectoryMeta> DecodeDirectoryMeta(std::string_view text, uint32_t known_version) {
  std::string_view rest = text;
  DirectoryMeta meta;
  const std::optional<std::string_view> version_text = TakeLine(rest, kTitle);
  if (!version_text.has_value()) return absl::DataLossError("not written by leat, or damaged");
  const std::optional<uint32_t> version = ParseNumber<uint32_t>(*version_text);
  if (!version.has_value()) return absl::DataLossError("the format version is not a number");
  if (*version != known_version) {
    return absl::UnimplementedError(fmt::format(
        "format version {}, but this program knows version {} only", *version, known_version));
  }
  meta.format_version = *version;
  const std::optional<std::string_view> id_text = TakeLine(rest, kId);
  const std::optional<log::Uuid> id = id_text ? ParseUuid(*id_text) : std::nullopt;
  const std::optional<std::string_view> bytes_text = TakeLine(rest, kBlockBytes);
  const std::optional<uint32_t> bytes =
      bytes_text ? ParseNumber<uint32_t>(*bytes_text) : std::nullopt;
  if (!id.has_value() || !bytes.has_value()) return absl::DataLossError("damaged");
  meta.id = *id;
  meta.block_bytes = *bytes;
  // Checks the checksum, and that nothing was spelt otherwise or follows.
  if (EncodeDirectoryMeta(meta) != text) return absl::DataLossError("damaged: wrong checksum");
  return meta;
}

std::string EncodeLogStart(record::Offset log_start) {
  return WithChecksum(fmt::format("{}{}\n", kLogStart, log_start.value));
}

absl::StatusOr<record::Offset> DecodeLogStart(std::string_view text) {
  std::string_view rest = text;
  const std::optional<std::string_view> value = TakeLine(rest, kLogStart);
  const std::optional<int64_t> offset = value ? ParseNumber<int64_t>(*value) : std::nullopt;
  if (!offset.has_value() || *offset < 0 || EncodeLogStart({*offset}) != text) {
    return absl::DataLossError("damaged");
  }
  return record::Offset{*offset};
}

}  // namespace leat::broker
