// JSON, written: strings, and bytes that may not be text. Pure.
//
// Bytes that are valid UTF-8 are a string, null is null, and all others are {"base64": "..."}:
// nothing is lost.

#ifndef LEAT_CLI_JSON_TEXT_H_
#define LEAT_CLI_JSON_TEXT_H_

#include <optional>
#include <string>
#include <string_view>

namespace leat::cli {

// Appends valid UTF-8 as a JSON string.
void AppendJsonString(std::string_view text, std::string* out);

void AppendJsonBytes(std::optional<std::string_view> bytes, std::string* out);

}  // namespace leat::cli

#endif  // LEAT_CLI_JSON_TEXT_H_
