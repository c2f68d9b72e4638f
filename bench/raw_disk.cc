#include "bench/raw_disk.h"

#include <fcntl.h>
#include <sys/uio.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <limits>
#include <memory>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "bench/median.h"
#include "bench/steady_clock.h"

namespace leat::bench {
namespace {

constexpr size_t kBlockBytes = 4096;

// Aligned bytes that are no zeros. One for each thread.
class Buffer {
 public:
  explicit Buffer(size_t bytes)
      : data_(static_cast<char*>(std::aligned_alloc(kBlockBytes, bytes)), &std::free) {
    for (size_t i = 0; i < bytes; ++i) data_.get()[i] = static_cast<char>(i * 31);
  }
  char* get() const { return data_.get(); }

 private:
  std::unique_ptr<char, decltype(&std::free)> data_;
};

// A file without a name, its space allocated; gone with this object.
class RawFile {
 public:
  static absl::StatusOr<RawFile> Make(const RawDiskOptions& options) {
    const int file = open(options.directory.c_str(), O_TMPFILE | O_RDWR | O_DIRECT, 0600);
    if (file < 0) {
      return absl::FailedPreconditionError(
          absl::StrCat(options.directory, ": open with O_DIRECT: ", strerror(errno)));
    }
    RawFile made(file);
    if (fallocate(file, 0, 0, static_cast<off_t>(options.file_bytes)) != 0) {
      return absl::ResourceExhaustedError(
          absl::StrCat(options.directory, ": fallocate: ", strerror(errno)));
    }
    return made;
  }
  RawFile(RawFile&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}
  RawFile& operator=(RawFile&&) = delete;
  ~RawFile() {
    if (descriptor_ >= 0) close(descriptor_);
  }

  int descriptor() const { return descriptor_; }

 private:
  explicit RawFile(int descriptor) : descriptor_(descriptor) {}
  int descriptor_;
};

enum class Transfer { kWrite, kRead };

struct Moved {
  size_t bytes = 0;
  Nanos time = 0;
};

// Goes through the file once, each thread taking the next place that is free; for at most `most`.
absl::StatusOr<Moved> PassOver(const RawFile& file, Transfer transfer,
                               const RawDiskOptions& options, const std::vector<Buffer>& buffers,
                               Nanos most) {
  const Nanos begin = SteadyNow();
  std::atomic<size_t> next{0};
  std::atomic<size_t> moved{0};
  std::atomic<int> error{0};
  const auto move = [&](char* data) {
    while (SteadyNow() - begin < most && error == 0) {
      const size_t position = next.fetch_add(options.write_bytes);
      if (position + options.write_bytes > options.file_bytes) return;
      const iovec part{data, options.write_bytes};
      const auto at = static_cast<off_t>(position);
      const ssize_t count = transfer == Transfer::kWrite
                                ? pwritev2(file.descriptor(), &part, 1, at, RWF_DSYNC)
                                : preadv2(file.descriptor(), &part, 1, at, 0);
      if (count != static_cast<ssize_t>(part.iov_len)) error = count < 0 ? errno : EIO;
      moved += part.iov_len;
    }
  };
  std::vector<std::thread> threads;
  for (size_t i = 0; i < options.in_flight; ++i) threads.emplace_back(move, buffers[i].get());
  for (std::thread& thread : threads) thread.join();
  if (error == 0) return Moved{moved, SteadyNow() - begin};
  return absl::DataLossError(absl::StrCat(options.directory, ": ", strerror(error)));
}

std::vector<Buffer> Buffers(const RawDiskOptions& options) {
  std::vector<Buffer> buffers;
  for (size_t i = 0; i < options.in_flight; ++i) buffers.emplace_back(options.write_bytes);
  return buffers;
}

// Passes again and again; bytes a second. What a pass prepares before it moves anything is not
// timed.
absl::StatusOr<double> Repeat(const RawDiskOptions& options,
                              const std::function<absl::StatusOr<Moved>(Nanos most)>& pass) {
  const Nanos duration = absl::ToInt64Nanoseconds(options.duration);
  Moved sum;
  while (sum.time < duration) {
    const absl::StatusOr<Moved> moved = pass(duration - sum.time);
    if (!moved.ok()) return moved.status();
    sum.bytes += moved->bytes;
    sum.time += moved->time;
  }
  return static_cast<double>(sum.bytes) / (static_cast<double>(sum.time) / 1e9);
}

// A file all of whose blocks were written.
absl::StatusOr<RawFile> WrittenFile(const RawDiskOptions& options,
                                    const std::vector<Buffer>& buffers) {
  absl::StatusOr<RawFile> file = RawFile::Make(options);
  if (!file.ok()) return file;
  const auto written =
      PassOver(*file, Transfer::kWrite, options, buffers, std::numeric_limits<Nanos>::max());
  if (!written.ok()) return written.status();
  return file;
}

}  // namespace

absl::StatusOr<double> RunRawDisk(const RawDiskOptions& options) {
  const std::vector<Buffer> buffers = Buffers(options);
  return Repeat(options, [&](Nanos most) -> absl::StatusOr<Moved> {
    const absl::StatusOr<RawFile> file = RawFile::Make(options);
    if (!file.ok()) return file.status();
    return PassOver(*file, Transfer::kWrite, options, buffers, most);
  });
}

absl::StatusOr<double> RunRawRead(const RawDiskOptions& options) {
  const std::vector<Buffer> buffers = Buffers(options);
  const absl::StatusOr<RawFile> file = WrittenFile(options, buffers);
  if (!file.ok()) return file.status();
  return Repeat(options, [&](Nanos most) {
    return PassOver(*file, Transfer::kRead, options, buffers, most);
  });
}

absl::StatusOr<double> RunFlushedBlocks(const RawDiskOptions& options) {
  const std::vector<Buffer> buffers = Buffers(options);
  const absl::StatusOr<RawFile> file = WrittenFile(options, buffers);
  if (!file.ok()) return file.status();
  std::vector<double> seconds;
  const Nanos end = SteadyNow() + absl::ToInt64Nanoseconds(options.duration);
  for (size_t i = 0; SteadyNow() < end; ++i) {
    const iovec part{buffers[0].get(), kBlockBytes};
    const auto position = static_cast<off_t>(i * kBlockBytes % options.file_bytes);
    const Nanos begin = SteadyNow();
    if (pwritev2(file->descriptor(), &part, 1, position, RWF_DSYNC) != kBlockBytes) {
      return absl::DataLossError(absl::StrCat(options.directory, ": ", strerror(errno)));
    }
    seconds.push_back(SecondsSince(begin));
  }
  return seconds.empty() ? 0 : Median(seconds);
}

}  // namespace leat::bench
