#include "bench/suite/stage.h"

#include <algorithm>

#include "bench/raw_disk.h"

namespace leat::bench {

absl::StatusOr<Stage> Stage::Make(const SuiteSettings& settings) {
  absl::StatusOr<TemporaryDirectory> directory = TemporaryDirectory::Make(settings.data_dir);
  if (!directory.ok()) return directory.status();
  absl::StatusOr<ServerProcess> leat =
      ServerProcess::Start({settings.program, "serve", "--data-dir", directory->path() + "/data",
                            "--listen", "127.0.0.1:0"});
  if (!leat.ok()) return leat.status();
  return Stage(settings, *std::move(directory), *std::move(leat));
}

absl::StatusOr<LoadResult> Stage::RunLoadOn(const ServerProcess& server, LoadSettings load) const {
  load.address = server.address();
  load.server_process = server.pid();
  load.warm_up = settings_.warm_up;
  load.duration = settings_.duration;
  absl::StatusOr<LoadResult> result = RunLoad(load, {.interrupted = settings_.interrupted});
  if (result.ok() && result->interrupted) return absl::CancelledError("interrupted");
  return result;
}

absl::StatusOr<LoadResult> Stage::RunLeat(LoadSettings load) const {
  return RunLoadOn(leat_, std::move(load));
}

absl::StatusOr<LoadResult> Stage::RunNull(LoadSettings load) const {
  const absl::StatusOr<ServerProcess> null =
      ServerProcess::Start({settings_.program, "bench", "null"});
  if (!null.ok()) return null.status();
  load.checks = Checks::kOff;
  load.topic = "null";
  load.fill_bytes = 0;
  if (load.producers == 0) {
    // It gives out what it got first.
    LoadSettings first = load;
    first.address = null->address();
    first.producers = 1;
    first.consumers = 0;
    first.batches_max = 1;
    first.warm_up = absl::ZeroDuration();
    first.duration = absl::Milliseconds(100);
    if (const auto filled = RunLoad(first); !filled.ok()) return filled.status();
  }
  return RunLoadOn(*null, std::move(load));
}

absl::StatusOr<double> Stage::WriteDisk() const {
  return RunRawDisk({.directory = directory_.path(), .duration = settings_.duration});
}

absl::StatusOr<double> Stage::ReadDisk() const {
  return RunRawRead({.directory = directory_.path(),
                     .write_bytes = 1 << 20,
                     .file_bytes = std::max<size_t>(settings_.fill_bytes, 1 << 20),
                     .duration = settings_.duration});
}

absl::StatusOr<double> Stage::FlushBlock() const {
  return RunFlushedBlocks(
      {.directory = directory_.path(), .file_bytes = 64 << 20, .duration = settings_.duration / 2});
}

}  // namespace leat::bench
