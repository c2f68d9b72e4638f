#include "server/config_value.h"

#include <fmt/format.h>

#include <array>
#include <limits>
#include <utility>

#include "absl/strings/numbers.h"

namespace leat::server {
namespace {

constexpr std::array<std::pair<std::string_view, uint64_t>, 4> kUnits = {{
    {"TiB", uint64_t{1} << 40},
    {"GiB", uint64_t{1} << 30},
    {"MiB", uint64_t{1} << 20},
    {"KiB", uint64_t{1} << 10},
}};

std::string_view Trim(std::string_view text) {
  const size_t begin = text.find_first_not_of(" \t");
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t") - begin + 1);
}

std::vector<std::string> Split(std::string_view text, char separator) {
  std::vector<std::string> parts;
  while (true) {
    const size_t end = text.find(separator);
    parts.emplace_back(text.substr(0, end));
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + 1);
  }
}

}  // namespace

std::optional<uint64_t> ParseBytes(std::string_view text) {
  uint64_t unit = 1;
  for (const auto& [name, bytes] : kUnits) {
    if (!text.ends_with(name)) continue;
    text.remove_suffix(name.size());
    unit = bytes;
    break;
  }
  const std::string_view digits = Trim(text);
  uint64_t value = 0;
  if (!absl::SimpleAtoi(absl::string_view(digits.data(), digits.size()), &value) ||
      value > std::numeric_limits<uint64_t>::max() / unit) {
    return std::nullopt;
  }
  return value * unit;
}

std::string FormatBytes(uint64_t bytes) {
  for (const auto& [name, unit] : kUnits) {
    if (bytes > 0 && bytes % unit == 0) return fmt::format("{}{}", bytes / unit, name);
  }
  return std::to_string(bytes);
}

std::vector<std::string> ParseList(std::string_view text) {
  std::vector<std::string> items;
  for (const std::string& part : Split(text, ',')) {
    if (const std::string_view item = Trim(part); !item.empty()) items.emplace_back(item);
  }
  return items;
}

std::vector<std::string> SplitLines(std::string_view text) { return Split(text, '\n'); }

bool IsChoice(std::string_view text, std::string_view choices) {
  for (const std::string& choice : Split(choices, '|')) {
    if (choice == text) return true;
  }
  return false;
}

std::string Quote(std::string_view text) {
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      quoted += '\\';
      quoted += c;
    } else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
      quoted += fmt::format("\\u{:04x}", static_cast<unsigned char>(c));
    } else {
      quoted += c;
    }
  }
  return quoted + "\"";
}

}  // namespace leat::server
