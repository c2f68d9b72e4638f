#include "cli/offset_range.h"

#include <charconv>
#include <cstdint>
#include <string>

#include "cli/quantity.h"
#include "fmt/format.h"

namespace leat::cli {
namespace {

using client::Position;

// Numbers above this are milliseconds: as seconds they would lie beyond the year 5138.
constexpr int64_t kLargestSeconds = 100'000'000'000;

absl::Status Bad(std::string_view text, std::string_view last_choice) {
  return absl::InvalidArgumentError(
      fmt::format("cannot read offset '{}': write start, end, N, +N, -N{}", text, last_choice));
}

// Digits only.
std::optional<int64_t> ParseNumber(std::string_view text) {
  int64_t value = 0;
  if (text.empty() || text[0] == '-') return std::nullopt;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::optional<Position> ParseTime(std::string_view text, absl::Time now) {
  if (const std::optional<int64_t> number = ParseNumber(text)) {
    return Position::AtTime(*number > kLargestSeconds ? *number : *number * 1000);
  }
  if (text.starts_with('-')) {
    const absl::StatusOr<absl::Duration> ago = ParseDuration(text.substr(1));
    if (!ago.ok()) return std::nullopt;
    return Position::AtTime(absl::ToUnixMillis(now - *ago));
  }
  // People write a blank where RFC 3339 has a T.
  std::string date(text);
  if (constexpr size_t kBlank = 10; date.size() > kBlank && date[kBlank] == ' ') date[kBlank] = 'T';
  absl::Time time;
  for (const char* format :
       {"%Y-%m-%d%ET%H:%M:%E*S%Ez", "%Y-%m-%d%ET%H:%M:%E*S", "%Y-%m-%d%ET%H:%M", "%Y-%m-%d"}) {
    if (absl::ParseTime(format, date, &time, nullptr) && time != absl::InfiniteFuture() &&
        time != absl::InfinitePast()) {
      return Position::AtTime(absl::ToUnixMillis(time));
    }
  }
  return std::nullopt;
}

std::optional<Position> ParsePlace(std::string_view text, absl::Time now) {
  if (text == "start") return Position::Earliest();
  if (text == "end") return Position::Latest();
  if (text.starts_with('@')) return ParseTime(text.substr(1), now);
  if (text.starts_with('+') || text.starts_with('-')) {
    const std::optional<int64_t> records = ParseNumber(text.substr(1));
    if (!records.has_value()) return std::nullopt;
    return text[0] == '+' ? Position::AfterStart(*records) : Position::BeforeLatest(*records);
  }
  const std::optional<int64_t> offset = ParseNumber(text);
  if (!offset.has_value()) return std::nullopt;
  return Position::AtOffset(*offset);
}

// The end of a range; after a time, a bare one is a time too.
std::optional<Position> ParseEnd(std::string_view text, const Position& start, absl::Time now) {
  if (start.kind == Position::Kind::kTimestamp && text != "end" && !text.starts_with('@')) {
    return ParseTime(text, now);
  }
  return ParsePlace(text, now);
}

bool IsBackwards(const Position& start, const Position& end) {
  using Kind = Position::Kind;
  const bool from_end = start.kind == Kind::kLatest && end.kind == Kind::kBeforeLatest;
  const bool to_start = end.kind == Kind::kEarliest;
  if (from_end && end.value > 0) return true;
  if (to_start && start.kind == Kind::kLatest) return true;
  if (to_start && start.kind == Kind::kAfterStart && start.value > 0) return true;
  return start.kind == end.kind && start.kind != Position::Kind::kBeforeLatest &&
         start.value > end.value;
}

}  // namespace

absl::StatusOr<client::Position> ParsePosition(std::string_view text, absl::Time now) {
  const std::optional<Position> position = ParsePlace(text, now);
  if (!position.has_value()) return Bad(text, " or @TIME");
  return *position;
}

absl::StatusOr<OffsetRange> ParseOffsetRange(std::string_view text, absl::Time now) {
  if (const std::optional<Position> start = ParsePlace(text, now)) return OffsetRange{*start, {}};
  // Times have colons too: the first one that leaves two places divides them.
  for (size_t colon = text.find(':'); colon != text.npos; colon = text.find(':', colon + 1)) {
    const std::optional<Position> start =
        colon == 0 ? Position::Earliest() : ParsePlace(text.substr(0, colon), now);
    if (!start.has_value()) continue;
    if (colon + 1 == text.size()) return OffsetRange{*start, {}};
    const std::optional<Position> end = ParseEnd(text.substr(colon + 1), *start, now);
    if (!end.has_value()) continue;
    if (IsBackwards(*start, *end)) {
      return absl::InvalidArgumentError(fmt::format("range '{}' ends before it starts", text));
    }
    return OffsetRange{*start, *end};
  }
  return Bad(text, ", @TIME, or FROM:TO");
}

}  // namespace leat::cli
