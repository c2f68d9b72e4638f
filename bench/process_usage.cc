#include "bench/process_usage.h"

#include <time.h>

#include <fstream>
#include <limits>
#include <string>

#include "absl/strings/str_cat.h"

namespace leat::bench {
namespace {

// To the nanosecond, of threads that have ended too: /proc tells of ticks, 10 ms each.
absl::Duration ProcessorTimeOf(pid_t process) {
  clockid_t clock = {};
  timespec used = {};
  if (clock_getcpuclockid(process, &clock) != 0 || clock_gettime(clock, &used) != 0) {
    return absl::ZeroDuration();
  }
  return absl::DurationFromTimespec(used);
}

}  // namespace

ProcessUsage UsageOf(pid_t process) {
  ProcessUsage usage{.processor_time = ProcessorTimeOf(process)};
  std::ifstream status(absl::StrCat("/proc/", process, "/status"));
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
