#include "bench/process_usage.h"

#include <unistd.h>

#include <fstream>
#include <limits>
#include <sstream>
#include <string>

#include "absl/strings/str_cat.h"

namespace leat::bench {
namespace {

// Fields 14 and 15 of /proc/PID/stat (man 5 proc), counted from behind the name, which may hold
// anything.
absl::Duration ProcessorTimeOf(const std::string& directory) {
  std::string line;
  std::getline(std::ifstream(directory + "stat"), line);
  const size_t name_end = line.rfind(')');
  if (name_end == std::string::npos) return absl::ZeroDuration();
  std::istringstream fields(line.substr(name_end + 1));
  std::string skipped;
  for (int i = 3; i < 14; ++i) fields >> skipped;
  int64_t user = 0, system = 0;
  fields >> user >> system;
  return absl::Seconds(static_cast<double>(user + system) / sysconf(_SC_CLK_TCK));
}

}  // namespace

ProcessUsage UsageOf(pid_t process) {
  const std::string directory = absl::StrCat("/proc/", process, "/");
  ProcessUsage usage{.processor_time = ProcessorTimeOf(directory)};
  std::ifstream status(directory + "status");
  std::string name;
  while (status >> name) {
    uint64_t kibibytes = 0;
    if (name == "VmRSS:" && status >> kibibytes) usage.memory_bytes = kibibytes << 10;
    if (name == "VmHWM:" && status >> kibibytes) usage.memory_bytes_max = kibibytes << 10;
    status.ignore(std::numeric_limits<std::streamsize>::max(), '\n');
  }
  return usage;
}

}  // namespace leat::bench
