// A TOML file as keys and values, for `config`, which knows what they mean. The only file that
// includes the TOML library.

#ifndef LEAT_SERVER_CONFIG_FILE_H_
#define LEAT_SERVER_CONFIG_FILE_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace leat::server {

struct ConfigFileValue {
  std::string key;   // With its tables: "limits.max_calls".
  std::string text;  // Lists: separated by commas.
  uint32_t line = 0;
};

// In order of the lines. NOT_FOUND, or INVALID_ARGUMENT with file, line and what is wrong.
absl::StatusOr<std::vector<ConfigFileValue>> ReadConfigFile(const std::string& path);

}  // namespace leat::server

#endif  // LEAT_SERVER_CONFIG_FILE_H_
