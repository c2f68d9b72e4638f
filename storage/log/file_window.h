// Reads a file from front to back in large steps, within bounded memory.
//
// Owned by one recovery; blocks.

#ifndef LEAT_STORAGE_LOG_FILE_WINDOW_H_
#define LEAT_STORAGE_LOG_FILE_WINDOW_H_

#include <cstdint>
#include <string_view>

#include "absl/status/statusor.h"
#include "storage/io/aligned_buffer.h"
#include "storage/io/file_system.h"

namespace leat::log {

class FileWindow {
 public:
  // `file`, of `file_bytes` bytes, must outlive the window.
  FileWindow(const io::File& file, uint64_t file_bytes)
      : file_(file), end_{io::RoundDownToBlock(file_bytes)} {}

  // Where whole blocks end: the view never goes past it.
  io::FilePosition end() const { return end_; }

  // What the file holds from `position`, a block boundary, on: at least `bytes` unless it ends
  // first, and whatever else lies in memory. Valid until the next call. Fails when reading does.
  absl::StatusOr<std::string_view> View(io::FilePosition position, uint64_t bytes);

 private:
  const io::File& file_;
  const io::FilePosition end_;
  io::AlignedBuffer buffer_;
  io::FilePosition loaded_from_;
  io::FilePosition loaded_to_;
};

}  // namespace leat::log

#endif  // LEAT_STORAGE_LOG_FILE_WINDOW_H_
