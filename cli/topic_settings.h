// Settings of a topic as words: "retention_time=7d". Pure.

#ifndef LEAT_CLI_TOPIC_SETTINGS_H_
#define LEAT_CLI_TOPIC_SETTINGS_H_

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "leat/v1/topic.pb.h"

namespace leat::cli {

// Puts "name=value" into `config` and its name into `mask`; "name=" leaves the field unset, which
// means the server's default. INVALID_ARGUMENT for an unknown name, with the names that there are,
// and for a value that cannot be read. Ranges are the server's business.
absl::Status ApplySetting(std::string_view text, v1::TopicConfig* config,
                          google::protobuf::FieldMask* mask);

// Every setting, as `ApplySetting` takes it.
std::vector<std::pair<std::string, std::string>> DescribeSettings(const v1::TopicConfig& config);

}  // namespace leat::cli

#endif  // LEAT_CLI_TOPIC_SETTINGS_H_
