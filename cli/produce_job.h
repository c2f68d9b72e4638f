// `leat produce`: lines from a file or standard input into a topic.

#ifndef LEAT_CLI_PRODUCE_JOB_H_
#define LEAT_CLI_PRODUCE_JOB_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "cli/command.h"
#include "cli/exit_code.h"
#include "cli/input_record.h"

namespace leat::cli {

struct ProduceFlags {
  std::string topic;
  std::string format = "raw";
  std::string file = "-";
  LineParser::Options line;
  std::vector<std::string> headers;
  std::optional<uint32_t> partition;
  bool keep_partition = false;
  std::optional<int64_t> expected_offset;
  std::optional<int64_t> expected_key_offset;
  std::string codec = "none";
  std::string durability;
  std::string timeout = "30s";
};

// Reads to the end of the input, or the first line that cannot be sent, waits for the answers, and
// prints a summary to stderr.
ExitCode Produce(const GlobalOptions& globals, const ProduceFlags& flags);

}  // namespace leat::cli

#endif  // LEAT_CLI_PRODUCE_JOB_H_
