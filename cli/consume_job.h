// `leat consume` and `leat tail`: records of topics to standard output.

#ifndef LEAT_CLI_CONSUME_JOB_H_
#define LEAT_CLI_CONSUME_JOB_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "cli/command.h"
#include "cli/exit_code.h"

namespace leat::cli {

struct ConsumeFlags {
  std::vector<std::string> topics;
  std::string offsets = "start";
  std::vector<uint32_t> partitions;
  std::optional<uint64_t> count;
  std::string format = "raw";
  bool exit_at_end = false;
  bool regex = false;  // `topics` are patterns.
  // Of members of a group.
  std::string group;
  std::string instance_id;
  std::string commit = "auto";
};

// Prints records, as a member of a group if one is named, until the end that was asked for, the
// count, an interrupt, or the reader of the output goes away.
ExitCode Consume(const GlobalOptions& globals, ConsumeFlags flags);

}  // namespace leat::cli

#endif  // LEAT_CLI_CONSUME_JOB_H_
