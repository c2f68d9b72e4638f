// The demonstration's events: lines of real system logs, each with a key cut from it.

#ifndef LEAT_TOOLS_DEMO_CORPUS_H_
#define LEAT_TOOLS_DEMO_CORPUS_H_

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace leat::demo {

struct Event {
  std::string key;
  std::string line;  // Without its line end; otherwise as it stands in the file.
};

struct Source {
  std::string topic;
  std::vector<Event> events;
};

// Splits at "\n" or "\r\n"; a last line without an end counts. A carriage return inside a line is
// part of it.
std::vector<std::string> SplitLines(std::string_view text);

// What a line of the log `topic` is about: an HDFS block, an SSH client, a ZooKeeper component, a
// process, a package. "-" when there is none.
std::string KeyOf(std::string_view topic, const std::string& line);

// Reads every `NAME_2k.log` below `directory` (topic: NAME in lower case), or, when there is none,
// `/var/log/dpkg.log`. NOT_FOUND when there is neither.
absl::StatusOr<std::vector<Source>> LoadSources(const std::string& directory);

}  // namespace leat::demo

#endif  // LEAT_TOOLS_DEMO_CORPUS_H_
