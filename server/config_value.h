// Values of settings as text. Pure functions; any thread.

#ifndef LEAT_SERVER_CONFIG_VALUE_H_
#define LEAT_SERVER_CONFIG_VALUE_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace leat::server {

// "4194304", "4096KiB", "4 MiB", "1GiB", "2TiB".
std::optional<uint64_t> ParseBytes(std::string_view text);

// In the largest unit that divides it.
std::string FormatBytes(uint64_t bytes);

// Items separated by commas, without the blanks around them.
std::vector<std::string> ParseList(std::string_view text);

std::vector<std::string> SplitLines(std::string_view text);

// Whether `text` is one of `choices`, which are separated by '|'.
bool IsChoice(std::string_view text, std::string_view choices);

// As a TOML string.
std::string Quote(std::string_view text);

}  // namespace leat::server

#endif  // LEAT_SERVER_CONFIG_VALUE_H_
