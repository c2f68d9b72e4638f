// Walks over the frames of a segment, and on behind those that are damaged.
//
// Recovery stops at the first frame that is not sound; this is for people, who want to know of all
// of them. Blocks; changes nothing.

#ifndef LEAT_STORAGE_INSPECT_FRAME_WALK_H_
#define LEAT_STORAGE_INSPECT_FRAME_WALK_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "storage/io/file_system.h"
#include "storage/log/file_window.h"
#include "storage/log/format.h"
#include "storage/log/frame.h"
#include "storage/record/ids.h"

namespace leat::inspect {

// Bytes between two sound frames, or before the first, that are no sound frame of the chain.
struct Gap {
  io::FilePosition from;
  io::FilePosition to;
  record::Offset offset;       // What should begin there.
  record::Offset next_offset;  // With what the next sound frame goes on.
  // Where the records in between lie that cannot be read: of a frame with sound headers, the
  // batches whose payloads are damaged.
  record::Offset damaged_from;
  record::Offset damaged_to;
  std::string what;
};

struct FrameWalk {
  std::vector<Gap> gaps;
  io::FilePosition frames_end;  // Of the last sound frame.
  record::Offset next_offset;   // After it.
  uint32_t last_frame_crc = 0;  // Of the segment header when there is no frame.
  std::string end;              // Why what follows is no frame; empty at the end of the window.
};

// The payloads of a frame are valid during the call.
using FrameVisitor = absl::FunctionRef<void(io::FilePosition, const log::ParsedFrame&)>;

// Calls `visit` for each sound frame in `window` of the segment that begins with `header`, in
// order. Fails when reading does.
absl::StatusOr<FrameWalk> WalkFrames(log::FileWindow& window, const log::SegmentHeader& header,
                                     FrameVisitor visit);

}  // namespace leat::inspect

#endif  // LEAT_STORAGE_INSPECT_FRAME_WALK_H_
