// What a process has used, as the kernel tells. Any thread.

#ifndef LEAT_BENCH_PROCESS_USAGE_H_
#define LEAT_BENCH_PROCESS_USAGE_H_

#include <sys/types.h>

#include <cstdint>

#include "absl/time/time.h"

namespace leat::bench {

struct ProcessUsage {
  absl::Duration processor_time;  // Of all threads, in the kernel and outside.
  uint64_t memory_bytes = 0;      // Resident now,
  uint64_t memory_bytes_max = 0;  // and at most so far.
};

// All zero when there is no such process.
ProcessUsage UsageOf(pid_t process);

}  // namespace leat::bench

#endif  // LEAT_BENCH_PROCESS_USAGE_H_
