// How lists of things other than records are printed: the `-f` flag of topic, group and server
// verbs. Pure.

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

inline bool IsJson(ListFormat format) {
  return format == ListFormat::kJson || format == ListFormat::kJsonLines;
}

// INVALID_ARGUMENT for an unknown name.
absl::StatusOr<ListFormat> ParseListFormat(std::string_view name);

// The JSON mapping of protobuf, with field names as in the .proto files; one line, or indented.
enum class JsonLayout { kLine, kIndented };
std::string ToJson(const google::protobuf::Message& message, JsonLayout layout);

// A list of messages: kJson as one JSON list, kJsonLines an object a line.
std::string ToJsonList(const std::vector<const google::protobuf::Message*>& messages,
                       ListFormat format);

template <typename Message>
std::string ToJsonList(const std::vector<Message>& messages, ListFormat format) {
  std::vector<const google::protobuf::Message*> pointers;
  for (const Message& message : messages) pointers.push_back(&message);
  return ToJsonList(pointers, format);
}

}  // namespace leat::cli

#endif  // LEAT_CLI_LIST_FORMAT_H_
