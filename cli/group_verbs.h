// What `leat group` does. Each verb talks to the server, prints, and returns the exit code.

#ifndef LEAT_CLI_GROUP_VERBS_H_
#define LEAT_CLI_GROUP_VERBS_H_

#include <cstdint>
#include <string>
#include <vector>

#include "cli/command.h"
#include "cli/exit_code.h"

namespace leat::cli {

struct GroupFlags {
  std::vector<std::string> groups;
  std::string prefix;
  std::string format = "table";
  // Of lag.
  bool watch = false;
  std::string interval = "1s";
  // Of seek.
  std::string offset;
  std::string shift;
  std::vector<std::string> topics;
  std::vector<uint32_t> partitions;
  bool dry_run = false;
  // Of seek and rm.
  bool force = false;
  bool yes = false;
};

ExitCode ListGroups(const GlobalOptions& globals, const GroupFlags& flags);
ExitCode DescribeGroups(const GlobalOptions& globals, const GroupFlags& flags);
ExitCode ShowLag(const GlobalOptions& globals, const GroupFlags& flags);

// These change what a group has done: they show what, and ask.
ExitCode SeekGroup(const GlobalOptions& globals, const GroupFlags& flags);
ExitCode RemoveGroups(const GlobalOptions& globals, const GroupFlags& flags);

}  // namespace leat::cli

#endif  // LEAT_CLI_GROUP_VERBS_H_
