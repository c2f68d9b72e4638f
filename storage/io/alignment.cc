#include "storage/io/alignment.h"

#include <cstdint>

#include "absl/strings/str_cat.h"
#include "storage/io/aligned_buffer.h"

namespace leat::io {

absl::Status CheckAlignment(const File& file, FilePosition position, const void* data,
                            size_t length) {
  if (!file.direct()) return absl::OkStatus();
  const uint64_t bits = position.bytes | length | reinterpret_cast<uintptr_t>(data);
  if (bits % kBlockBytes == 0) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("direct I/O on ", file.path(), ": position ", position.bytes, ", length ",
                   length, " and address must be multiples of ", kBlockBytes));
}

}  // namespace leat::io
