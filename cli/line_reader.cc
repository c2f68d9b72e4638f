#include "cli/line_reader.h"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "absl/status/status.h"
#include "fmt/format.h"

namespace leat::cli {
namespace {

constexpr size_t kReadBytes = 64 << 10;

}  // namespace

absl::StatusOr<std::optional<std::string_view>> LineReader::Next() {
  while (true) {
    const size_t newline = buffer_.find('\n', scanned_);
    const size_t size = std::min(newline, buffer_.size()) - begin_;
    if (size > max_line_bytes_) {
      return absl::OutOfRangeError(
          fmt::format("line {} is longer than {} bytes", line_number_ + 1, max_line_bytes_));
    }
    if (newline != std::string::npos) return TakeLine(size, 1);
    scanned_ = buffer_.size();
    const absl::StatusOr<bool> more = Fill();
    if (!more.ok()) return more.status();
    if (!*more) {
      // When the input was stopped, what there is of a line is not one.
      if (size == 0 || stopped_) return std::nullopt;
      return TakeLine(size, 0);
    }
  }
}

std::string_view LineReader::TakeLine(size_t size, size_t end_bytes) {
  const std::string_view line(buffer_.data() + begin_, size);
  begin_ += size + end_bytes;
  scanned_ = begin_;
  ++line_number_;
  return line;
}

absl::StatusOr<bool> LineReader::Fill() {
  if (begin_ > 0) {
    buffer_.erase(0, begin_);
    scanned_ -= begin_;
    begin_ = 0;
  }
  pollfd waits[2] = {{descriptor_, POLLIN, 0}, {stop_descriptor_, POLLIN, 0}};
  while (poll(waits, 2, -1) < 0) {
    if (errno != EINTR) return absl::ErrnoToStatus(errno, "cannot wait for input");
  }
  if (waits[1].revents != 0) {
    stopped_ = true;
    return false;
  }
  const size_t size = buffer_.size();
  buffer_.resize(size + kReadBytes);
  ssize_t count;
  do {
    count = read(descriptor_, buffer_.data() + size, kReadBytes);
  } while (count < 0 && errno == EINTR);
  const int error = errno;
  buffer_.resize(size + static_cast<size_t>(std::max<ssize_t>(count, 0)));
  if (count < 0) return absl::ErrnoToStatus(error, "cannot read the input");
  bytes_read_ += static_cast<uint64_t>(count);
  return count > 0;
}

}  // namespace leat::cli
