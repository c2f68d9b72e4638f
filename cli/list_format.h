// How lists of things other than records are printed: the `-f` flag of topic and server verbs. Pure
// but for `Print`.

#ifndef LEAT_CLI_LIST_FORMAT_H_
#define LEAT_CLI_LIST_FORMAT_H_

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace google::protobuf {
class Message;
}

namespace leat::cli {

enum class ListFormat { kTable, kWide, kJson, kJsonLines, kCsv };

// INVALID_ARGUMENT for an unknown name.
absl::StatusOr<ListFormat> ParseListFormat(std::string_view name);

// The JSON mapping of protobuf, with field names as in the .proto files; one line, or indented.
enum class JsonLayout { kLine, kIndented };
std::string ToJson(const google::protobuf::Message& message, JsonLayout layout);

// A list of messages: kJson as one JSON list, kJsonLines an object a line.
std::string ToJsonList(const std::vector<const google::protobuf::Message*>& messages,
                       ListFormat format);

}  // namespace leat::cli

#endif  // LEAT_CLI_LIST_FORMAT_H_
