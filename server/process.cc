#include "server/process.h"

#include <malloc.h>
#include <stdlib.h>
#include <sys/resource.h>

#include "absl/synchronization/mutex.h"

namespace leat::server {
namespace {

constexpr int kMmapThreshold = 32 << 20;  // The most that glibc takes.
constexpr int kTrimThreshold = 256 << 20;

}  // namespace

void PrepareProcess() {
  absl::SetMutexDeadlockDetectionMode(absl::OnDeadlockCycle::kIgnore);
  setenv("GRPC_VERBOSITY", "NONE", /*overwrite=*/0);
}

void PrepareServerProcess() {
  PrepareProcess();
  mallopt(M_MMAP_THRESHOLD, kMmapThreshold);
  mallopt(M_TRIM_THRESHOLD, kTrimThreshold);
  rlimit files = {};
  if (getrlimit(RLIMIT_NOFILE, &files) == 0 && files.rlim_cur < files.rlim_max) {
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
  }
}

}  // namespace leat::server
