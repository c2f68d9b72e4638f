// What the disk does with no server before it: the floors under durable produces and under reads.
// Blocking. Files are gone afterwards. Where the directory's file system refuses `O_DIRECT`:
// FAILED_PRECONDITION.

#ifndef LEAT_BENCH_RAW_DISK_H_
#define LEAT_BENCH_RAW_DISK_H_

#include <cstddef>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace leat::bench {

struct RawDiskOptions {
  std::string directory;
  // As a busy partition writes: its largest frame, two flushed writes in flight, 1 GiB a file.
  size_t write_bytes = 4 << 20;
  size_t in_flight = 2;
  size_t file_bytes = size_t{1} << 30;
  absl::Duration duration = absl::Seconds(4);
};

// Bytes a second written with `O_DIRECT` and `RWF_DSYNC` into allocated space, by one thread for
// each write in flight. Allocating it is not timed.
absl::StatusOr<double> RunRawDisk(const RawDiskOptions& options);

// Bytes a second read with `O_DIRECT`, in order, `write_bytes` at a time, from a file of
// `file_bytes` that is written first.
absl::StatusOr<double> RunRawRead(const RawDiskOptions& options);

// Seconds until 4 KiB are flushed, in the middle: one write at a time into blocks that were written
// before.
absl::StatusOr<double> RunFlushedBlocks(const RawDiskOptions& options);

}  // namespace leat::bench

#endif  // LEAT_BENCH_RAW_DISK_H_
