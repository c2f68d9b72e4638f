// The small files of a data directory: lines of text with a checksum, as docs/disk_format.md shows.
// Pure; any thread.

#ifndef LEAT_SERVER_BROKER_DIRECTORY_META_H_
#define LEAT_SERVER_BROKER_DIRECTORY_META_H_

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "storage/log/format.h"
#include "storage/record/ids.h"

namespace leat::broker {

struct DirectoryMeta {
  uint32_t format_version = 0;
  log::Uuid id{};
  uint32_t block_bytes = 0;

  friend bool operator==(const DirectoryMeta&, const DirectoryMeta&) = default;
};

std::string EncodeDirectoryMeta(const DirectoryMeta& meta);

// DATA_LOSS when it is not what `EncodeDirectoryMeta` writes. UNIMPLEMENTED, naming both, when it
// is of a format version other than `known_version`: then no more than the first line was looked
// at.
absl::StatusOr<DirectoryMeta> DecodeDirectoryMeta(std::string_view text, uint32_t known_version);

std::string EncodeLogStart(record::Offset log_start);

// DATA_LOSS when it is not what `EncodeLogStart` writes.
absl::StatusOr<record::Offset> DecodeLogStart(std::string_view text);

}  // namespace leat::broker

#endif  // LEAT_SERVER_BROKER_DIRECTORY_META_H_
