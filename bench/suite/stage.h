// Where measures are taken: a Leat server on a disk, null servers, and the bare disk, each in its
// turn. Servers are processes of their own, on loopback TCP. Blocking; one thread.

#ifndef LEAT_BENCH_SUITE_STAGE_H_
#define LEAT_BENCH_SUITE_STAGE_H_

#include <sys/types.h>

#include <functional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "bench/load/load.h"
#include "bench/server_process.h"
#include "bench/temporary_directory.h"

namespace leat::bench {

struct SuiteSettings {
  std::string program;                // `leat` itself.
  std::string data_dir = "/var/tmp";  // Where a directory of its own is made.
  int rounds = 3;
  absl::Duration warm_up = absl::Seconds(1);
  absl::Duration duration = absl::Seconds(4);
  uint64_t fill_bytes = uint64_t{1} << 30;  // What is replayed.
  std::function<bool()> interrupted = [] { return false; };
};

class Stage {
 public:
  // Starts a server in a directory of its own.
  static absl::StatusOr<Stage> Make(const SuiteSettings& settings);

  const SuiteSettings& settings() const { return settings_; }
  pid_t server() const { return leat_.pid(); }

  // The load on Leat, checked, in a topic of its own; CANCELLED when interrupted. Warm-up and
  // duration are the suite's.
  absl::StatusOr<LoadResult> RunLeat(LoadSettings load) const;
  // The same on a null server that was just started.
  absl::StatusOr<LoadResult> RunNull(LoadSettings load) const;

  // Of the bare disk: bytes a second flushed in large writes, and read; seconds until 4 KiB are
  // flushed.
  absl::StatusOr<double> WriteDisk() const;
  absl::StatusOr<double> ReadDisk() const;
  absl::StatusOr<double> FlushBlock() const;

 private:
  Stage(SuiteSettings settings, TemporaryDirectory directory, ServerProcess leat)
      : settings_(std::move(settings)), directory_(std::move(directory)), leat_(std::move(leat)) {}

  absl::StatusOr<LoadResult> RunLoadOn(const ServerProcess& server, LoadSettings load) const;

  SuiteSettings settings_;
  TemporaryDirectory directory_;
  ServerProcess leat_;
};

}  // namespace leat::bench

#endif  // LEAT_BENCH_SUITE_STAGE_H_
