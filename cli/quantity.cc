#include "cli/quantity.h"

#include <charconv>
#include <cmath>
#include <limits>

#include "fmt/format.h"

namespace leat::cli {
namespace {

struct Unit {
  std::string_view name;
  int64_t bytes;
};

constexpr int64_t kKi = 1024;
constexpr Unit kUnits[] = {
    {"", 1},
    {"b", 1},
    {"k", kKi},
    {"kib", kKi},
    {"kb", 1'000},
    {"m", kKi* kKi},
    {"mib", kKi* kKi},
    {"mb", 1'000'000},
    {"g", kKi* kKi* kKi},
    {"gib", kKi* kKi* kKi},
    {"gb", 1'000'000'000},
    {"t", kKi* kKi* kKi* kKi},
    {"tib", kKi* kKi* kKi* kKi},
    {"tb", 1'000'000'000'000},
};

std::string Lower(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return lower;
}

// A number that begins `*text`, cut from it. False when there is none.
bool TakeNumber(std::string_view* text, double* number) {
  const auto [end, error] =
      std::from_chars(text->data(), text->data() + text->size(), *number, std::chars_format::fixed);
  if (error != std::errc() || !std::isfinite(*number) || *number < 0) return false;
  text->remove_prefix(static_cast<size_t>(end - text->data()));
  return true;
}

}  // namespace

absl::StatusOr<int64_t> ParseBytes(std::string_view text) {
  std::string_view rest = text;
  double number = 0;
  const bool is_number = TakeNumber(&rest, &number);
  while (rest.starts_with(' ')) rest.remove_prefix(1);
  const std::string name = Lower(rest);
  for (const Unit& unit : kUnits) {
    if (!is_number || unit.name != name) continue;
    const double bytes = number * static_cast<double>(unit.bytes);
    if (bytes >= static_cast<double>(std::numeric_limits<int64_t>::max())) break;
    return static_cast<int64_t>(std::llround(bytes));
  }
  return absl::InvalidArgumentError(
      fmt::format("cannot read size '{}': write bytes, or 512KiB, 10MiB, 1GiB", text));
}

absl::StatusOr<absl::Duration> ParseDuration(std::string_view text) {
  const auto bad = [text] {
    return absl::InvalidArgumentError(
        fmt::format("cannot read duration '{}': write 500ms, 90s, 1h30m, 7d", text));
  };
  if (text == "0") return absl::ZeroDuration();
  std::string_view rest = text;
  absl::Duration total;
  while (!rest.empty()) {
    double number = 0;
    if (!TakeNumber(&rest, &number)) return bad();
    const std::string unit(rest.substr(0, rest.find_first_of("0123456789.")));
    rest.remove_prefix(unit.size());
    if (unit == "w") {
      total += absl::Hours(24 * 7) * number;
    } else if (unit == "d") {
      total += absl::Hours(24) * number;
    } else if (unit == "h") {
      total += absl::Hours(1) * number;
    } else if (unit == "m") {
      total += absl::Minutes(1) * number;
    } else if (unit == "s") {
      total += absl::Seconds(1) * number;
    } else if (unit == "ms") {
      total += absl::Milliseconds(1) * number;
    } else {
      return bad();
    }
  }
  if (text.empty() || total == absl::InfiniteDuration()) return bad();
  return total;
}

std::string FormatBytes(int64_t bytes) {
  constexpr std::string_view kNames[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
  size_t unit = 0;
  auto number = static_cast<double>(bytes);
  for (; std::abs(number) >= 1024 && unit + 1 < std::size(kNames); ++unit) number /= 1024;
  return unit == 0 ? fmt::format("{} B", bytes) : fmt::format("{:.1f} {}", number, kNames[unit]);
}

std::string DescribeDuration(absl::Duration duration) {
  constexpr absl::Duration kDay = absl::Hours(24);
  if (duration < kDay || duration == absl::InfiniteDuration())
    return absl::FormatDuration(duration);
  absl::Duration rest;
  const int64_t days = absl::IDivDuration(duration, kDay, &rest);
  return fmt::format("{}d{}", days, rest == absl::ZeroDuration() ? "" : absl::FormatDuration(rest));
}

std::string FormatCount(int64_t count) {
  std::string text = std::to_string(count);
  const size_t first_digit = count < 0 ? 1 : 0;
  for (size_t i = text.size(); i > first_digit + 3; i -= 3) text.insert(i - 3, ",");
  return text;
}

std::string Count(int64_t count, std::string_view noun) {
  return fmt::format("{} {}{}", FormatCount(count), noun, count == 1 ? "" : "s");
}

std::string FormatTimestamp(int64_t timestamp_ms) {
  return absl::FormatTime("%Y-%m-%d%ET%H:%M:%E3SZ", absl::FromUnixMillis(timestamp_ms),
                          absl::UTCTimeZone());
}

}  // namespace leat::cli
