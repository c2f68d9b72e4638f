#include <isa-l/crc.h>

#include "absl/strings/string_view.h"
#include "storage/record/batch.h"

namespace leat::record {

uint32_t Crc32c(std::string_view bytes, uint32_t seed) {
  // ISA-L takes a length as `int`, and leaves to its caller to invert the register before and
  // after.
  constexpr size_t kMaxStep = size_t{1} << 30;
  uint32_t crc = ~seed;
  while (!bytes.empty()) {
    const std::string_view step = bytes.substr(0, kMaxStep);
    auto* data = reinterpret_cast<unsigned char*>(const_cast<char*>(step.data()));
    crc = crc32_iscsi(data, static_cast<int>(step.size()), crc);
    bytes.remove_prefix(step.size());
  }
  return ~crc;
}

uint32_t Crc32c(const absl::Cord& bytes, uint32_t seed) {
  for (const absl::string_view chunk : bytes.Chunks()) {
    seed = Crc32c(std::string_view(chunk.data(), chunk.size()), seed);
  }
  return seed;
}

}  // namespace leat::record
