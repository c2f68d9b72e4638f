// A load on a server, from its topic to the last check: warm-up, measured time, and a look at every
// record that was sent.
//
// With producers alone, what they sent is read back. With both, consumers follow the producers.
// With consumers alone they read what is there again and again. Blocking.

#ifndef LEAT_BENCH_LOAD_LOAD_H_
#define LEAT_BENCH_LOAD_LOAD_H_

#include <functional>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "bench/load/histogram.h"
#include "bench/load/load_settings.h"
#include "bench/load/meter.h"

namespace leat::bench {

struct LoadResult {
  // While measured.
  Tally produced;
  Tally consumed;
  absl::Duration elapsed;
  absl::Duration client_processor_time;
  absl::Duration server_processor_time;  // Zero where the process is not known.
  // In nanoseconds, from when a batch was to be sent until its answer, and until a consumer had it.
  // What was never sent is in both, with the time until the run gave it up.
  Histogram answer_latency;
  Histogram end_to_end_latency;
  uint64_t records_missed = 0;  // Due in an open loop, and never sent.
  // Of the whole run.
  uint64_t records_sent = 0;
  uint64_t records_read = 0;
  bool interrupted = false;
};

struct LoadProgress {
  absl::Duration elapsed;  // Since the producers began.
  bool warming_up = false;
  // A second.
  Tally produced;
  Tally consumed;
};

struct LoadWatcher {
  std::function<void(const LoadProgress&)> on_second = [](const LoadProgress&) {};
  // Whether to end early, with what there is by then.
  std::function<bool()> interrupted = [] { return false; };
};

// DATA_LOSS when an answer or a record is wrong, or one is missing; INVALID_ARGUMENT for settings
// that do not fit together; or the first error of the server.
absl::StatusOr<LoadResult> RunLoad(const LoadSettings& settings, const LoadWatcher& watcher = {});

}  // namespace leat::bench

#endif  // LEAT_BENCH_LOAD_LOAD_H_
