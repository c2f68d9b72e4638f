// Looks over what lies after the last sound frame of a segment, on every block boundary, for
// anything that bears witness of an acknowledgement.
//
// Used by recovery; blocks. Memory is bounded by the longest frame.

#ifndef LEAT_STORAGE_LOG_LEFTOVER_SURVEY_H_
#define LEAT_STORAGE_LOG_LEFTOVER_SURVEY_H_

#include <cstdint>

#include "absl/status/statusor.h"
#include "storage/io/file_system.h"
#include "storage/log/file_window.h"
#include "storage/log/opening_decision.h"
#include "storage/log/segment_file.h"
#include "storage/record/ids.h"

namespace leat::log {

struct LeftoverSurvey {
  Leftover kind = Leftover::kNothing;
  record::Offset stable_offset;       // The largest in frames of this segment.
  io::FilePosition witness_position;  // Of the frame that says so.
  io::FilePosition bytes_end;         // After it there are only zeros.
};

// Looks at all of `window` from `segment.frames_end` on, which is where the last sound frame ends.
// `file_bytes` is the size of the file. Fails when reading does.
absl::StatusOr<LeftoverSurvey> SurveyLeftover(FileWindow& window, const ActiveSegment& segment,
                                              uint64_t file_bytes);

}  // namespace leat::log

#endif  // LEAT_STORAGE_LOG_LEFTOVER_SURVEY_H_
