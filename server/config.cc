#include "server/config.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>

#include "absl/strings/numbers.h"
#include "absl/time/time.h"
#include "server/address.h"
#include "server/config_file.h"
#include "server/config_setting.h"
#include "server/config_value.h"
#include "server/suggestion.h"

namespace leat::server {
namespace {

constexpr std::string_view kVariablePrefix = "LEAT_";

absl::Status Invalid(std::string_view what) {
  return absl::InvalidArgumentError(absl::string_view(what.data(), what.size()));
}

const Setting* FindSetting(std::string_view key) {
  for (const Setting& setting : Settings()) {
    if (setting.key == key) return &setting;
  }
  return nullptr;
}

std::string UnknownKey(std::string_view key) {
  std::vector<std::string_view> known;
  for (const Setting& setting : Settings()) known.push_back(setting.key);
  const std::string_view closest = ClosestName(key, known);
  return closest.empty() ? "no such setting" : fmt::format("no such setting; is it {}?", closest);
}

// Reads a value into its member: one overload for each type.
struct Reader {
  const Setting& setting;
  std::string_view text;
  ServerOptions& options;

  absl::Status operator()(std::string ServerOptions::*member) const {
    if (text.empty()) return Invalid("must not be empty");
    if (!setting.choices.empty() && !IsChoice(text, setting.choices)) {
      return Invalid(fmt::format("is '{}', must be one of {}", text, setting.choices));
    }
    options.*member = text;
    return absl::OkStatus();
  }

  absl::Status operator()(std::vector<std::string> ServerOptions::*member) const {
    auto list = ParseList(text);
    if (list.empty()) return Invalid("must name at least one");
    options.*member = std::move(list);
    return absl::OkStatus();
  }

  absl::Status operator()(uint32_t ServerOptions::*member) const {
    uint32_t value = 0;
    if (!absl::SimpleAtoi(absl::string_view(text.data(), text.size()), &value)) {
      return Invalid(fmt::format("is '{}', must be a number", text));
    }
    options.*member = value;
    return CheckRange(value, [](uint64_t v) { return std::to_string(v); });
  }

  absl::Status operator()(uint64_t ServerOptions::*member) const {
    const auto value = ParseBytes(text);
    if (!value.has_value()) {
      return Invalid(fmt::format("is '{}', must be a size such as 4MiB", text));
    }
    options.*member = *value;
    return CheckRange(*value, FormatBytes);
  }

  absl::Status operator()(absl::Duration ServerOptions::*member) const {
    absl::Duration value;
    if (!absl::ParseDuration(absl::string_view(text.data(), text.size()), &value) ||
        value < absl::ZeroDuration()) {
      return Invalid(fmt::format("is '{}', must be a time such as 30s", text));
    }
    options.*member = value;
    return CheckRange(static_cast<uint64_t>(absl::ToInt64Seconds(value)),
                      [](uint64_t v) { return fmt::format("{}s", v); });
  }

  template <typename Format>
  absl::Status CheckRange(uint64_t value, const Format& format) const {
    if (value >= setting.least && value <= setting.most) return absl::OkStatus();
    return Invalid(fmt::format("is {}, must be from {} to {}", text, format(setting.least),
                               format(setting.most)));
  }
};

// Writes a value as TOML.
struct Writer {
  const ServerOptions& options;

  std::string operator()(std::string ServerOptions::*member) const {
    return Quote(options.*member);
  }
  std::string operator()(std::vector<std::string> ServerOptions::*member) const {
    std::string list;
    for (const std::string& item : options.*member) {
      list += (list.empty() ? "" : ", ") + Quote(item);
    }
    return "[" + list + "]";
  }
  std::string operator()(uint32_t ServerOptions::*member) const {
    return std::to_string(options.*member);
  }
  std::string operator()(uint64_t ServerOptions::*member) const {
    return Quote(FormatBytes(options.*member));
  }
  std::string operator()(absl::Duration ServerOptions::*member) const {
    return Quote(absl::FormatDuration(options.*member));
  }
};

// Variables that mean something else: to the command line, and to containers, which get them from
// Kubernetes where a service is called "leat".
bool IsForeignVariable(std::string_view name) {
  return name == "LEAT_SERVER" || name == "LEAT_CONFIG" || name.starts_with("LEAT_SERVICE_") ||
         name == "LEAT_PORT" || name.starts_with("LEAT_PORT_");
}

absl::Status UnknownVariable(const std::string& name) {
  std::vector<std::string> known;
  for (const Setting& setting : Settings()) known.push_back(EnvironmentName(setting.key));
  const std::string_view closest =
      ClosestName(name, std::vector<std::string_view>(known.begin(), known.end()));
  return Invalid(fmt::format("{}: no such setting{}{}", name, closest.empty() ? "" : "; is it ",
                             closest.empty() ? "" : std::string(closest) + "?"));
}

absl::Status ApplyEnvironment(const ConfigSources& sources, ServerOptions& options) {
  for (const auto& [name, value] : sources.environment) {
    if (!name.starts_with(kVariablePrefix) || IsForeignVariable(name)) continue;
    const auto setting = std::find_if(Settings().begin(), Settings().end(),
                                      [&name = name](const Setting& candidate) {
                                        return EnvironmentName(candidate.key) == name;
                                      });
    if (setting == Settings().end()) return UnknownVariable(name);
    if (auto status = SetOption(setting->key, value, name, options); !status.ok()) return status;
  }
  return absl::OkStatus();
}

// ", 64KiB to 32MiB"; empty where there is no limit that anybody meets.
std::string RangeOf(const Setting& setting) {
  if (setting.most == UINT64_MAX || !setting.choices.empty()) return "";
  const bool bytes = std::holds_alternative<uint64_t ServerOptions::*>(setting.member);
  const bool time = std::holds_alternative<absl::Duration ServerOptions::*>(setting.member);
  const auto text = [&](uint64_t value) {
    return bytes ? FormatBytes(value) : fmt::format("{}{}", value, time ? "s" : "");
  };
  return fmt::format(", {} to {}", text(setting.least), text(setting.most));
}

absl::Status CheckListen(const ServerOptions& options) {
  for (const std::string& address : options.listen) {
    if (auto status = CheckAddress(address); !status.ok()) {
      return Invalid(fmt::format("listen: {}", std::string(status.message())));
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status SetOption(std::string_view key, std::string_view text, std::string_view source,
                       ServerOptions& options) {
  const Setting* setting = FindSetting(key);
  if (setting == nullptr) return Invalid(fmt::format("{}: {}: {}", source, key, UnknownKey(key)));
  auto status = std::visit(Reader{*setting, text, options}, setting->member);
  if (status.ok()) return status;
  return Invalid(fmt::format("{}: {}: {}", source, key, std::string(status.message())));
}

absl::StatusOr<ServerOptions> LoadOptions(const ConfigSources& sources) {
  ServerOptions options;
  if (sources.file.has_value()) {
    const auto values = ReadConfigFile(*sources.file);
    if (!values.ok()) return values.status();
    for (const ConfigFileValue& value : *values) {
      const std::string source = fmt::format("{}:{}", *sources.file, value.line);
      auto status = SetOption(value.key, value.text, source, options);
      if (!status.ok()) return status;
    }
  }
  if (auto status = ApplyEnvironment(sources, options); !status.ok()) return status;
  for (const auto& [key, text] : sources.flags) {
    if (auto status = SetOption(key, text, "command line", options); !status.ok()) return status;
  }
  if (auto status = CheckListen(options); !status.ok()) return status;
  return options;
}

std::string RenderConfig(const ServerOptions& options) {
  std::string text;
  std::string table;
  for (const Setting& setting : Settings()) {
    const size_t dot = setting.key.find('.');
    const std::string_view name = setting.key.substr(dot == std::string_view::npos ? 0 : dot + 1);
    const std::string_view own_table = setting.key.substr(0, setting.key.size() - name.size());
    if (own_table != table) text += fmt::format("\n[{}]\n", own_table.substr(0, dot));
    table = own_table;
    for (const std::string& line : SplitLines(setting.help)) text += fmt::format("# {}\n", line);
    if (!setting.choices.empty()) text += fmt::format("# One of {}.\n", setting.choices);
    text += fmt::format("{} = {}\n", name, std::visit(Writer{options}, setting.member));
  }
  return text;
}

std::string EnvironmentName(std::string_view key) {
  std::string name(kVariablePrefix);
  for (const char c : key) name += c == '.' ? '_' : static_cast<char>(std::toupper(c));
  return name;
}

std::vector<std::pair<std::string, std::string>> ProcessEnvironment() {
  std::vector<std::pair<std::string, std::string>> variables;
  for (char** variable = environ; *variable != nullptr; ++variable) {
    const std::string_view text = *variable;
    const size_t equals = text.find('=');
    if (equals == text.npos) continue;
    variables.emplace_back(text.substr(0, equals), text.substr(equals + 1));
  }
  return variables;
}

std::vector<ConfigKey> ConfigKeys() {
  const ServerOptions defaults;
  std::vector<ConfigKey> keys;
  for (const Setting& setting : Settings()) {
    std::string meaning(setting.help);
    std::replace(meaning.begin(), meaning.end(), '\n', ' ');
    std::string values = std::visit(Writer{defaults}, setting.member);
    std::erase(values, '"');
    if (!setting.choices.empty()) values += fmt::format(", of {}", setting.choices);
    keys.push_back({std::string(setting.key), std::move(meaning), values + RangeOf(setting)});
  }
  return keys;
}

}  // namespace leat::server
