#include "cli/input_record.h"

#include <re2/re2.h>

#include <limits>
#include <nlohmann/json.hpp>

#include "absl/strings/escaping.h"
#include "fmt/format.h"
#include "storage/record/message_ids.h"

namespace leat::cli {
namespace {

using nlohmann::json;

absl::Status Bad(std::string_view field, std::string_view what) {
  return absl::InvalidArgumentError(fmt::format("\"{}\" must be {}", field, what));
}

// Text, null, or {"base64": "..."}.
absl::Status ReadBytes(const json& value, std::string_view field, std::optional<std::string>* out) {
  if (value.is_null()) {
    out->reset();
    return absl::OkStatus();
  }
  if (value.is_string()) {
    *out = value.get_ref<const std::string&>();
    return absl::OkStatus();
  }
  const auto base64 = value.is_object() ? value.find("base64") : value.end();
  if (value.is_object() && value.size() == 1 && base64 != value.end() && base64->is_string() &&
      absl::Base64Unescape(base64->get_ref<const std::string&>(), &out->emplace())) {
    return absl::OkStatus();
  }
  return Bad(field, "a string, null or {\"base64\": \"...\"}");
}

absl::Status ReadHeaders(const json& value, InputRecord* record) {
  constexpr std::string_view kShape = "a list of {\"name\": ..., \"value\": ...}";
  if (!value.is_array()) return Bad("headers", kShape);
  for (const json& header : value) {
    const auto name = header.is_object() ? header.find("name") : header.end();
    if (!header.is_object() || name == header.end() || !name->is_string()) {
      return Bad("headers", kShape);
    }
    auto& [header_name, header_value] = record->headers.emplace_back();
    header_name = name->get_ref<const std::string&>();
    const auto content = header.find("value");
    if (header.size() > (content == header.end() ? 1u : 2u)) return Bad("headers", kShape);
    if (content == header.end()) continue;
    if (absl::Status status = ReadBytes(*content, "value", &header_value); !status.ok()) {
      return status;
    }
  }
  return absl::OkStatus();
}

absl::Status ReadField(const std::string& name, const json& value, InputRecord* record) {
  if (name == "key") return ReadBytes(value, name, &record->key);
  if (name == "value") return ReadBytes(value, name, &record->value);
  if (name == "headers") return ReadHeaders(value, record);
  if (name == "timestamp_ms") {
    const bool fits =
        value.is_number_integer() && (!value.is_number_unsigned() ||
                                      value.get<uint64_t>() <= std::numeric_limits<int64_t>::max());
    if (!fits) return Bad(name, "milliseconds since 1970");
    record->timestamp_ms = value.get<int64_t>();
    return absl::OkStatus();
  }
  if (name == "partition") {
    if (!value.is_number_unsigned() ||
        value.get<uint64_t>() > std::numeric_limits<uint32_t>::max()) {
      return Bad(name, "a partition's number");
    }
    record->partition = value.get<uint32_t>();
    return absl::OkStatus();
  }
  if (name == "topic" || name == "offset" || name == "append_timestamp_ms") return absl::OkStatus();
  return absl::InvalidArgumentError(fmt::format(
      "unknown field \"{}\": key, value, headers, timestamp_ms and partition are known", name));
}

absl::Status ReadRegex(std::string_view flag, const std::optional<std::string>& text,
                       std::unique_ptr<re2::RE2>* out) {
  if (!text.has_value()) return absl::OkStatus();
  re2::RE2::Options quiet(re2::RE2::Quiet);
  quiet.set_encoding(re2::RE2::Options::EncodingLatin1);
  *out = std::make_unique<re2::RE2>(*text, quiet);
  if ((*out)->ok()) return absl::OkStatus();
  return absl::InvalidArgumentError(
      fmt::format("cannot read {} '{}': {}", flag, *text, (*out)->error()));
}

// The first group, or the whole match where there is none.
absl::StatusOr<std::string> Match(std::string_view what, const re2::RE2& regex,
                                  std::string_view line) {
  re2::StringPiece groups[2];
  const int group = regex.NumberOfCapturingGroups() > 0 ? 1 : 0;
  if (!regex.Match(re2::StringPiece(line.data(), line.size()), 0, line.size(), re2::RE2::UNANCHORED,
                   groups, group + 1) ||
      groups[group].data() == nullptr) {
    return absl::InvalidArgumentError(
        fmt::format("no {}: '{}' matches nothing in the line", what, regex.pattern()));
  }
  return std::string(groups[group].data(), groups[group].size());
}

}  // namespace

client::OutgoingRecord InputRecord::View() const {
  client::OutgoingRecord view;
  if (key.has_value()) view.key = *key;
  if (value.has_value()) view.value = *value;
  for (const auto& [name, header_value] : headers) {
    view.headers.push_back({name, header_value.has_value()
                                      ? std::optional<std::string_view>(*header_value)
                                      : std::nullopt});
  }
  view.timestamp_ms = timestamp_ms;
  view.partition = partition;
  return view;
}

absl::StatusOr<InputRecord> ParseJsonRecord(std::string_view line) {
  const json object = json::parse(line, /*cb=*/nullptr, /*allow_exceptions=*/false);
  if (!object.is_object()) return absl::InvalidArgumentError("not a JSON object");
  InputRecord record;
  for (const auto& [name, value] : object.items()) {
    if (absl::Status status = ReadField(name, value, &record); !status.ok()) return status;
  }
  return record;
}

LineParser::LineParser(Options options) : options_(std::move(options)) {}
LineParser::LineParser(LineParser&&) noexcept = default;
LineParser::~LineParser() = default;

absl::StatusOr<LineParser> LineParser::Create(Options options) {
  if (options.key.has_value() + options.key_separator.has_value() + options.key_regex.has_value() >
      1) {
    return absl::InvalidArgumentError("take one of --key, --key-separator and --key-regex");
  }
  if (options.key_separator == "") {
    return absl::InvalidArgumentError("--key-separator must not be empty");
  }
  LineParser parser(std::move(options));
  absl::Status read = ReadRegex("--key-regex", parser.options_.key_regex, &parser.key_regex_);
  read.Update(ReadRegex("--id-regex", parser.options_.id_regex, &parser.id_regex_));
  if (!read.ok()) return read;
  return parser;
}

absl::StatusOr<InputRecord> LineParser::Parse(std::string_view line) const {
  absl::StatusOr<InputRecord> record = InputRecord{.key = options_.key, .value = std::string(line)};
  if (options_.key_separator.has_value()) record = Split(line);
  if (!record.ok()) return record;
  if (key_regex_ != nullptr) {
    absl::StatusOr<std::string> key = Match("key", *key_regex_, line);
    if (!key.ok()) return std::move(key).status();
    record->key = *std::move(key);
  }
  if (id_regex_ != nullptr) {
    absl::StatusOr<std::string> id = Match("message id", *id_regex_, line);
    if (!id.ok()) return std::move(id).status();
    record->headers.emplace_back(record::kMessageIdHeader, *std::move(id));
  }
  if (options_.empty_is_null && record->value == "") record->value.reset();
  return record;
}

absl::StatusOr<InputRecord> LineParser::Split(std::string_view line) const {
  const std::string& separator = *options_.key_separator;
  const size_t at = line.find(separator);
  if (at == line.npos) {
    return absl::InvalidArgumentError(fmt::format("no key: '{}' is not in the line", separator));
  }
  return InputRecord{.key = std::string(line.substr(0, at)),
                     .value = std::string(line.substr(at + separator.size()))};
}

absl::StatusOr<std::pair<std::string, std::optional<std::string>>> ParseHeader(
    std::string_view text) {
  const size_t at = text.find('=');
  const std::string name(text.substr(0, at));
  if (name.empty()) {
    return absl::InvalidArgumentError(
        fmt::format("header '{}' must be NAME=VALUE, or NAME for null", text));
  }
  if (at == text.npos) return std::pair{name, std::optional<std::string>()};
  return std::pair{name, std::optional<std::string>(text.substr(at + 1))};
}

}  // namespace leat::cli
