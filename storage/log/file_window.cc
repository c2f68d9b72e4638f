#include "storage/log/file_window.h"

#include <algorithm>

namespace leat::log {
namespace {

constexpr uint64_t kStepBytes = 4 << 20;

}  // namespace

absl::StatusOr<std::string_view> FileWindow::View(io::FilePosition position, uint64_t bytes) {
  if (position >= end_) return std::string_view();
  const uint64_t wanted = std::min<uint64_t>(io::RoundUpToBlock(bytes), end_ - position);
  if (position < loaded_from_ || position + wanted > loaded_to_) {
    const uint64_t step = std::min(std::max(wanted, kStepBytes), end_ - position);
    if (buffer_.size() < step) buffer_ = io::AlignedBuffer(step);
    loaded_to_ = loaded_from_ = position;
    absl::Status read = file_.ReadAt(position, buffer_.span().first(step));
    if (!read.ok()) return read;
    loaded_to_ = position + step;
  }
  return std::string_view(buffer_.data() + (position - loaded_from_), loaded_to_ - position);
}

}  // namespace leat::log
