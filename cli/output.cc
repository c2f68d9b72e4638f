#include "cli/output.h"

#include <unistd.h>

#include <cerrno>

namespace leat::cli {
namespace {

constexpr size_t kFlushBytes = 64 << 10;

absl::Status WriteAll(int descriptor, const std::string& bytes) {
  size_t written = 0;
  while (written < bytes.size()) {
    const ssize_t count = write(descriptor, bytes.data() + written, bytes.size() - written);
    if (count >= 0) {
      written += static_cast<size_t>(count);
    } else if (errno == EPIPE) {
      return absl::CancelledError("the output was closed");
    } else if (errno != EINTR) {
      return absl::ErrnoToStatus(errno, "cannot write the output");
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status Output::MayFlush() { return buffer_.size() < kFlushBytes ? status_ : Flush(); }

absl::Status Output::Flush() {
  if (status_.ok()) status_ = WriteAll(descriptor_, buffer_);
  buffer_.clear();
  return status_;
}

bool IsClosed(const absl::Status& status) { return absl::IsCancelled(status); }

absl::Status Print(const std::string& text) {
  absl::Status status = WriteAll(STDOUT_FILENO, text);
  return IsClosed(status) ? absl::OkStatus() : status;
}

}  // namespace leat::cli
