// `meta` and `meta.start` that are accepted are, byte for byte, what this program writes.

#include <string>

#include "fmt/format.h"
#include "server/broker/directory_meta.h"
#include "storage/record/batch.h"
#include "tests/fuzz/fuzz.h"

namespace leat::broker {
namespace {

constexpr uint32_t kVersion = 1;

void CheckText(std::string_view text) {
  const absl::StatusOr<DirectoryMeta> meta = DecodeDirectoryMeta(text, kVersion);
  if (meta.ok()) {
    LEAT_CHECK(EncodeDirectoryMeta(*meta) == text);
    LEAT_CHECK(meta->format_version == kVersion);
  } else {
    LEAT_CHECK(absl::IsDataLoss(meta.status()) || absl::IsUnimplemented(meta.status()));
  }
  const absl::StatusOr<record::Offset> log_start = DecodeLogStart(text);
  if (log_start.ok()) {
    LEAT_CHECK(EncodeLogStart(*log_start) == text);
    LEAT_CHECK(log_start->value >= 0);
  } else {
    LEAT_CHECK(absl::IsDataLoss(log_start.status()));
  }
}

}  // namespace
}  // namespace leat::broker

// As it is, and once more with the checksum that belongs to it.
int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  leat::broker::CheckText(text);
  const std::string_view lines = text.substr(0, text.rfind("crc32c "));
  leat::broker::CheckText(fmt::format("{}crc32c {:08x}\n", lines, leat::record::Crc32c(lines)));
  return 0;
}
