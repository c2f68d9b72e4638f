#include "server/broker/topic.h"

namespace leat::broker {
namespace {

constexpr std::string_view kHexDigits = "0123456789abcdef";

// A dash stands before these bytes of the id.
constexpr bool DashBefore(size_t byte) { return byte == 4 || byte == 6 || byte == 8 || byte == 10; }

}  // namespace

std::string FormatUuid(const log::Uuid& id) {
  std::string text;
  for (size_t i = 0; i < id.size(); ++i) {
    if (DashBefore(i)) text += '-';
    text += kHexDigits[id[i] >> 4];
    text += kHexDigits[id[i] & 0x0f];
  }
  return text;
}

std::optional<log::Uuid> ParseUuid(std::string_view text) {
  log::Uuid id{};
  if (text.size() != 36) return std::nullopt;
  for (size_t i = 0, at = 0; i < id.size(); ++i, at += 2) {
    if (DashBefore(i)) ++at;
    const size_t high = kHexDigits.find(text[at]);
    const size_t low = kHexDigits.find(text[at + 1]);
    if (high == std::string_view::npos || low == std::string_view::npos) return std::nullopt;
    id[i] = static_cast<uint8_t>(high << 4 | low);
  }
  // Something else may stand in the places of the dashes.
  if (FormatUuid(id) != text) return std::nullopt;
  return id;
}

log::Uuid MakeUuid(uint64_t random_high, uint64_t random_low) {
  log::Uuid id;
  std::memcpy(id.data(), &random_high, 8);
  std::memcpy(id.data() + 8, &random_low, 8);
  id[6] = (id[6] & 0x0f) | 0x40;
  id[8] = (id[8] & 0x3f) | 0x80;
  return id;
}

}  // namespace leat::broker
