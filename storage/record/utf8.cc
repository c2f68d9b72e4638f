#include "storage/record/utf8.h"

#include <cstddef>
#include <cstdint>
#include <optional>

namespace leat::record {
namespace {

// What may follow a lead byte of 0x80 or more: `count` bytes, the first of them in [first_min,
// first_max], the others in [0x80, 0xbf].
struct Continuation {
  size_t count;
  uint8_t first_min = 0x80;
  uint8_t first_max = 0xbf;
};

std::optional<Continuation> ContinuationOf(uint8_t lead) {
  if (lead < 0xc2) return std::nullopt;
  if (lead < 0xe0) return Continuation{.count = 1};
  if (lead == 0xe0) return Continuation{.count = 2, .first_min = 0xa0};
  if (lead == 0xed) return Continuation{.count = 2, .first_max = 0x9f};
  if (lead < 0xf0) return Continuation{.count = 2};
  if (lead == 0xf0) return Continuation{.count = 3, .first_min = 0x90};
  if (lead < 0xf4) return Continuation{.count = 3};
  if (lead == 0xf4) return Continuation{.count = 3, .first_max = 0x8f};
  return std::nullopt;
}

}  // namespace

bool IsValidUtf8(std::string_view bytes) {
  size_t at = 0;
  while (at < bytes.size()) {
    const auto lead = static_cast<uint8_t>(bytes[at++]);
    if (lead < 0x80) continue;
    const std::optional<Continuation> next = ContinuationOf(lead);
    if (!next.has_value() || bytes.size() - at < next->count) return false;
    for (size_t i = 0; i < next->count; ++i) {
      const auto byte = static_cast<uint8_t>(bytes[at++]);
      const uint8_t min = i == 0 ? next->first_min : 0x80;
      const uint8_t max = i == 0 ? next->first_max : 0xbf;
      if (byte < min || byte > max) return false;
    }
  }
  return true;
}

}  // namespace leat::record
