#include "cli/list_format.h"

#include <google/protobuf/message.h>
#include <google/protobuf/util/json_util.h>

#include "fmt/format.h"

namespace leat::cli {

absl::StatusOr<ListFormat> ParseListFormat(std::string_view name) {
  if (name == "table") return ListFormat::kTable;
  if (name == "wide") return ListFormat::kWide;
  if (name == "json") return ListFormat::kJson;
  if (name == "jsonl") return ListFormat::kJsonLines;
  if (name == "csv") return ListFormat::kCsv;
  return absl::InvalidArgumentError(
      fmt::format("unknown format '{}': table, wide, json, jsonl or csv", name));
}

std::string ToJson(const google::protobuf::Message& message, JsonLayout layout) {
  google::protobuf::util::JsonPrintOptions options;
  options.add_whitespace = layout == JsonLayout::kIndented;
  options.always_print_primitive_fields = true;
  options.preserve_proto_field_names = true;
  std::string json;
  // Fails only for messages with an Any of an unknown type, which the API has not.
  if (!google::protobuf::util::MessageToJsonString(message, &json, options).ok()) return "{}\n";
  if (!json.ends_with('\n')) json += '\n';
  return json;
}

std::string ToJsonList(const std::vector<const google::protobuf::Message*>& messages,
                       ListFormat format) {
  std::string out;
  if (format == ListFormat::kJsonLines) {
    for (const auto* message : messages) out += ToJson(*message, JsonLayout::kLine);
    return out;
  }
  for (const auto* message : messages) {
    std::string json = ToJson(*message, JsonLayout::kLine);
    json.pop_back();
    out += (out.empty() ? "[\n" : ",\n") + json;
  }
  return out.empty() ? "[]\n" : out + "\n]\n";
}

}  // namespace leat::cli
