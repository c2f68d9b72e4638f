#include "server/config_file.h"

#define TOML_EXCEPTIONS 0
#include <fmt/format.h>
#include <toml++/toml.h>

#include <algorithm>
#include <fstream>
#include <sstream>
#include <utility>

namespace leat::server {
namespace {

class Flattener {
 public:
  explicit Flattener(const std::string& path) : path_(path) {}

  absl::Status AddTable(const toml::table& table, const std::string& prefix) {
    for (const auto& [key, node] : table) {
      const std::string name = prefix + std::string(key.str());
      auto status = node.is_table() ? AddTable(*node.as_table(), name + ".") : AddValue(node, name);
      if (!status.ok()) return status;
    }
    return absl::OkStatus();
  }

  std::vector<ConfigFileValue> Take() {
    std::stable_sort(values_.begin(), values_.end(),
                     [](const auto& a, const auto& b) { return a.line < b.line; });
    return std::move(values_);
  }

 private:
  absl::Status AddValue(const toml::node& node, const std::string& name) {
    const uint32_t line = node.source().begin.line;
    ConfigFileValue value{name, "", line};
    bool known = Text(node, &value.text);
    if (const toml::array* list = node.as_array()) {
      known = true;
      for (const toml::node& item : *list) {
        std::string text;
        known = known && Text(item, &text);
        value.text += (value.text.empty() ? "" : ",") + text;
      }
    }
    if (!known) {
      return absl::InvalidArgumentError(fmt::format(
          "{}:{}: {}: must be a string, a number or a list of strings", path_, line, name));
    }
    values_.push_back(std::move(value));
    return absl::OkStatus();
  }

  static bool Text(const toml::node& node, std::string* text) {
    if (const auto* string = node.as_string()) *text = string->get();
    if (const auto* number = node.as_integer()) *text = std::to_string(number->get());
    return node.is_string() || node.is_integer();
  }

  const std::string& path_;
  std::vector<ConfigFileValue> values_;
};

}  // namespace

absl::StatusOr<std::vector<ConfigFileValue>> ReadConfigFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream content;
  if (!file || !(content << file.rdbuf())) {
    return absl::NotFoundError(fmt::format("{}: cannot be read", path));
  }
  const toml::parse_result parsed = toml::parse(content.str(), path);
  if (!parsed) {
    return absl::InvalidArgumentError(fmt::format(
        "{}:{}: {}", path, parsed.error().source().begin.line, parsed.error().description()));
  }
  Flattener flattener(path);
  auto status = flattener.AddTable(parsed.table(), "");
  if (!status.ok()) return status;
  return flattener.Take();
}

}  // namespace leat::server
