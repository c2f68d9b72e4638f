// Follows the chain of frames of a segment that is not sealed: finds where the last sound one ends,
// and what they add up to.
//
// Used by recovery; blocks. What makes a frame part of the chain stands in docs/disk_format.md.

#ifndef LEAT_STORAGE_LOG_FRAME_SCANNER_H_
#define LEAT_STORAGE_LOG_FRAME_SCANNER_H_

#include <cstdint>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "storage/log/checkpoint.h"
#include "storage/log/file_window.h"
#include "storage/log/segment_file.h"

namespace leat::log {

// Moves `segment`, which has no frame yet, behind the frames that `checkpoint` vouches for. False,
// and no change, when the last of them is not where and what the checkpoint says, which then says
// nothing of this file. Fails when reading does.
absl::StatusOr<bool> SkipToCheckpoint(const CheckpointEntry& checkpoint, FileWindow& window,
                                      ActiveSegment& segment);

struct ScanEnd {
  absl::Status reason;         // Why what follows is not the next frame; OK at the end of the file.
  uint64_t bytes_checked = 0;  // Of frames, their padding included.
};

// Adds to `segment` each sound frame that follows its last one, in order. Fails when reading does.
absl::StatusOr<ScanEnd> ScanFrames(FileWindow& window, ActiveSegment& segment);

}  // namespace leat::log

#endif  // LEAT_STORAGE_LOG_FRAME_SCANNER_H_
