#include "cli/record_template.h"

#include <charconv>
#include <cstdint>
#include <optional>
#include <utility>

#include "cli/quantity.h"
#include "fmt/format.h"

namespace leat::cli {
namespace {

constexpr std::string_view kFields = "tpokvhdDKV";

// The character that an escape stands for, cut from `*rest`, which begins after the backslash.
std::optional<char> TakeEscape(std::string_view* rest) {
  if (rest->empty()) return std::nullopt;
  const char letter = rest->front();
  rest->remove_prefix(1);
  switch (letter) {
    case 'n':
      return '\n';
    case 't':
      return '\t';
    case 'r':
      return '\r';
    case '0':
      return '\0';
    case '\\':
      return '\\';
    case 'x':
      break;
    default:
      return std::nullopt;
  }
  uint8_t byte = 0;
  if (rest->size() < 2) return std::nullopt;
  const auto [end, error] = std::from_chars(rest->data(), rest->data() + 2, byte, 16);
  if (error != std::errc() || end != rest->data() + 2) return std::nullopt;
  rest->remove_prefix(2);
  return static_cast<char>(byte);
}

int64_t LengthOf(const std::optional<std::string_view>& bytes) {
  return bytes.has_value() ? static_cast<int64_t>(bytes->size()) : -1;
}

void AppendField(char field, const FormattedRecord& formatted, std::string_view headers,
                 std::string* out) {
  const client::ReadRecord& record = formatted.record;
  switch (field) {
    case 't':
      out->append(formatted.topic);
      return;
    case 'p':
      out->append(std::to_string(formatted.partition));
      return;
    case 'o':
      out->append(std::to_string(record.offset));
      return;
    case 'k':
      out->append(record.key.value_or(""));
      return;
    case 'v':
      out->append(record.value.value_or(""));
      return;
    case 'h':
      out->append(headers);
      return;
    case 'd':
      out->append(std::to_string(record.timestamp_ms));
      return;
    case 'D':
      out->append(FormatTimestamp(record.timestamp_ms));
      return;
    case 'K':
      out->append(std::to_string(LengthOf(record.key)));
      return;
    case 'V':
      out->append(std::to_string(LengthOf(record.value)));
      return;
  }
}

}  // namespace

absl::StatusOr<RecordTemplate> RecordTemplate::Parse(std::string_view text) {
  RecordTemplate parsed;
  std::string literal;
  while (!text.empty()) {
    const char c = text.front();
    text.remove_prefix(1);
    if (c == '\\') {
      const std::string_view before = text;
      const std::optional<char> escaped = TakeEscape(&text);
      if (!escaped.has_value()) {
        return absl::InvalidArgumentError(
            fmt::format("unknown escape '\\{}' in the format: \\n \\t \\r \\0 \\xHH \\\\ are known",
                        before.substr(0, 1)));
      }
      literal.push_back(*escaped);
    } else if (c == '%') {
      const std::string_view letter = text.substr(0, 1);
      if (letter == "%") {
        literal.push_back('%');
      } else if (letter.empty() || kFields.find(letter[0]) == kFields.npos) {
        return absl::InvalidArgumentError(fmt::format(
            "unknown field '%{}' in the format: %t %p %o %k %v %h %d %D %K %V %% are known",
            letter));
      } else {
        parsed.parts_.push_back({std::exchange(literal, {}), letter[0]});
      }
      text.remove_prefix(1);
    } else {
      literal.push_back(c);
    }
  }
  parsed.parts_.push_back({literal, 0});
  return parsed;
}

void RecordTemplate::Append(const FormattedRecord& formatted, std::string_view headers,
                            std::string* out) const {
  for (const Part& part : parts_) {
    out->append(part.literal);
    AppendField(part.field, formatted, headers, out);
  }
}

}  // namespace leat::cli
