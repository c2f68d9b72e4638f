// The frames of a sealed segment, from an entry of its index to its end. Each is checked, payloads
// included, and that it follows on the one before.
//
// Owned by one piece of work on a background thread; blocks.

#ifndef LEAT_STORAGE_LOG_SEALED_FRAMES_H_
#define LEAT_STORAGE_LOG_SEALED_FRAMES_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

#include "absl/status/statusor.h"
#include "storage/io/file_system.h"
#include "storage/log/file_window.h"
#include "storage/log/frame.h"
#include "storage/log/segment_file.h"

namespace leat::log {

class SealedFrames {
 public:
  // `file` is that of `segment`.
  SealedFrames(std::shared_ptr<io::File> file, const SealedSegment& segment,
               const IndexEntry& start);

  // The next frame; nullopt at the end. Its payloads lie in memory that is valid until the next
  // call. kLogCorrupt (`corruption.h`) when it is damaged, errors of the file system as they are.
  absl::StatusOr<std::optional<ParsedFrame>> Next();

  // Where the next frame begins.
  io::FilePosition position() const { return position_; }

 private:
  absl::Status CheckFits(const FrameHeader& header) const;
  absl::Status Corrupt(std::string_view what) const;

  const std::shared_ptr<io::File> file_;
  const SealedSegment& segment_;
  FileWindow window_;
  io::FilePosition position_;
  record::Offset next_offset_;
  std::optional<uint32_t> previous_crc_;  // Not known at first, but at the segment's beginning.
};

}  // namespace leat::log

#endif  // LEAT_STORAGE_LOG_SEALED_FRAMES_H_
