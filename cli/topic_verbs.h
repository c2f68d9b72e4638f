// What `leat topic` does. Each verb talks to the server, prints, and returns the exit code.

#ifndef LEAT_CLI_TOPIC_VERBS_H_
#define LEAT_CLI_TOPIC_VERBS_H_

#include <cstdint>
#include <string>
#include <vector>

#include "cli/command.h"
#include "cli/exit_code.h"

namespace leat::cli {

struct TopicFlags {
  std::vector<std::string> topics;
  std::vector<std::string> settings;  // "name=value".
  uint32_t partition_count = 0;
  std::string prefix;
  std::string format = "table";
  // Of trim.
  std::string offset;
  std::vector<uint32_t> partitions;
  bool dry_run = false;
  bool yes = false;
};

ExitCode CreateTopics(const GlobalOptions& globals, const TopicFlags& flags);
ExitCode ListTopics(const GlobalOptions& globals, const TopicFlags& flags);
ExitCode DescribeTopics(const GlobalOptions& globals, const TopicFlags& flags);
ExitCode SetTopic(const GlobalOptions& globals, const TopicFlags& flags);
ExitCode AddPartitions(const GlobalOptions& globals, const TopicFlags& flags);

// These destroy records: they show what, and ask.
ExitCode TrimTopic(const GlobalOptions& globals, const TopicFlags& flags);
ExitCode RemoveTopics(const GlobalOptions& globals, const TopicFlags& flags);

}  // namespace leat::cli

#endif  // LEAT_CLI_TOPIC_VERBS_H_
