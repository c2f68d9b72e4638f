#include "bench/raw_disk.h"

#include <fcntl.h>
#include <sys/uio.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"

namespace leat::bench {
namespace {

// A file without a name, its space allocated; closed and gone with the last thread's reference.
absl::StatusOr<int> AllocatedFile(const RawDiskOptions& options) {
  const int file = open(options.directory.c_str(), O_TMPFILE | O_RDWR | O_DIRECT, 0600);
  if (file < 0) {
    return absl::FailedPreconditionError(
        absl::StrCat(options.directory, ": open with O_DIRECT: ", strerror(errno)));
  }
  if (fallocate(file, 0, 0, static_cast<off_t>(options.file_bytes)) != 0) {
    close(file);
    return absl::ResourceExhaustedError(
        absl::StrCat(options.directory, ": fallocate: ", strerror(errno)));
  }
  return file;
}

// Fills one file, each thread taking the next place that is free; at most until `end`.
absl::StatusOr<size_t> FillFile(const RawDiskOptions& options, char* data, absl::Time end) {
  const absl::StatusOr<int> file = AllocatedFile(options);
  if (!file.ok()) return file.status();
  std::atomic<size_t> next{0};
  std::atomic<size_t> written{0};
  std::atomic<int> error{0};
  const auto write = [&] {
    while (absl::Now() < end && error == 0) {
      const size_t position = next.fetch_add(options.write_bytes);
      if (position + options.write_bytes > options.file_bytes) return;
      const iovec part{data, options.write_bytes};
      const ssize_t count = pwritev2(*file, &part, 1, static_cast<off_t>(position), RWF_DSYNC);
      if (count != static_cast<ssize_t>(part.iov_len)) error = count < 0 ? errno : EIO;
      written += part.iov_len;
    }
  };
  std::vector<std::thread> threads;
  for (size_t i = 0; i < options.in_flight; ++i) threads.emplace_back(write);
  for (std::thread& thread : threads) thread.join();
  close(*file);
  if (error != 0) {
    return absl::DataLossError(absl::StrCat(options.directory, ": write: ", strerror(error)));
  }
  return written;
}

}  // namespace

absl::StatusOr<double> RunRawDisk(const RawDiskOptions& options) {
  constexpr size_t kBlockBytes = 4096;
  const std::unique_ptr<char, decltype(&std::free)> data(
      static_cast<char*>(std::aligned_alloc(kBlockBytes, options.write_bytes)), &std::free);
  for (size_t i = 0; i < options.write_bytes; ++i) data.get()[i] = static_cast<char>(i * 31);
  const absl::Time start = absl::Now();
  size_t bytes = 0;
  while (absl::Now() < start + options.duration) {
    const absl::StatusOr<size_t> written = FillFile(options, data.get(), start + options.duration);
    if (!written.ok()) return written.status();
    bytes += *written;
  }
  return static_cast<double>(bytes) / absl::ToDoubleSeconds(absl::Now() - start);
}

}  // namespace leat::bench
