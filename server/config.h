// Where the server's settings come from: flags over `LEAT_*` environment variables over a TOML file
// over defaults.
//
// Pure but for reading the file; used by one thread, at start.

#ifndef LEAT_SERVER_CONFIG_H_
#define LEAT_SERVER_CONFIG_H_

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "server/options.h"

namespace leat::server {

struct ConfigSources {
  // A TOML file. Must exist when named.
  std::optional<std::string> file;
  // Names and values of variables. Those that do not begin with LEAT_ are not looked at.
  std::vector<std::pair<std::string, std::string>> environment;
  // Keys, such as "limits.max_calls", and values, in order.
  std::vector<std::pair<std::string, std::string>> flags;
};

// All settings, checked. INVALID_ARGUMENT naming the source (file and line, variable or flag), the
// key and what is wrong; NOT_FOUND for the file.
absl::StatusOr<ServerOptions> LoadOptions(const ConfigSources& sources);

// Sets one setting from text. `source` is what an error calls the origin.
absl::Status SetOption(std::string_view key, std::string_view text, std::string_view source,
                       ServerOptions& options);

// A configuration file that means `options`, every key with a comment.
std::string RenderConfig(const ServerOptions& options);

// "LEAT_LIMITS_MAX_CALLS" for "limits.max_calls".
std::string EnvironmentName(std::string_view key);

// The variables of this process, for `ConfigSources`.
std::vector<std::pair<std::string, std::string>> ProcessEnvironment();

// One key, for help texts.
struct ConfigKey {
  std::string key;
  std::string meaning;
  std::string values;  // "10s", "4MiB, 64KiB to 32MiB": the default, and what is allowed.
};

// All of them, in order.
std::vector<ConfigKey> ConfigKeys();

}  // namespace leat::server

#endif  // LEAT_SERVER_CONFIG_H_
