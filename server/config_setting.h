// The settings of a server, as a table: what files, variables, flags and the documentation of each
// say comes from here. Internal to the configuration.

#ifndef LEAT_SERVER_CONFIG_SETTING_H_
#define LEAT_SERVER_CONFIG_SETTING_H_

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "absl/time/time.h"
#include "server/options.h"

namespace leat::server {

using Member = std::variant<std::string ServerOptions::*, std::vector<std::string> ServerOptions::*,
                            uint32_t ServerOptions::*, uint64_t ServerOptions::*,
                            absl::Duration ServerOptions::*>;

struct Setting {
  std::string_view key;
  Member member;  // uint32_t are counts, uint64_t are bytes.
  std::string_view help;
  uint64_t least = 0;  // In seconds for durations.
  uint64_t most = UINT64_MAX;
  std::string_view choices = {};  // Separated by '|'. Empty: anything.
};

// The order is that of the file: keys of one table stand together, those of none first.
std::span<const Setting> Settings();

}  // namespace leat::server

#endif  // LEAT_SERVER_CONFIG_SETTING_H_
