// What to do with whatever lies after the last sound frame of a log's last segment: the table of
// docs/disk_format.md, "Opening a log", and nothing else. Pure.

#ifndef LEAT_STORAGE_LOG_OPENING_DECISION_H_
#define LEAT_STORAGE_LOG_OPENING_DECISION_H_

#include <optional>
#include <string_view>

#include "storage/io/file_system.h"
#include "storage/record/ids.h"

namespace leat::log {

// What lies after the last sound frame; of several the last one named.
enum class Leftover {
  kNothing,  // The file ends there.
  kZeros,    // Prepared blocks.
  kForeign,  // Frames of another segment: the blocks have been another file's.
  kFooter,   // A whole footer that fits, and at most zeros after it: sealing was interrupted.
  kTorn,     // Bytes of no frame.
  kFrames,   // Frames of this segment, whole in their headers, that the chain does not reach.
  kUnknownVersion,  // Frames or a footer of this segment of a version that this program does not
                    // know.
};

struct OpeningSituation {
  io::FilePosition end;        // Of the last sound frame.
  record::Offset next_offset;  // After it.
  Leftover leftover = Leftover::kNothing;
  record::Offset leftover_stable_offset;  // The largest in frames that are left over.
  record::Offset acknowledged_end;  // Checkpoint or log start say that all before it was durable.
  std::optional<io::FilePosition> clean_end;  // Where an orderly stop says that the log ended.
  bool followed_by_segment = false;           // So that it must be sealed.
};

enum class OpeningDecision {
  kContinue,         // Nothing to cut.
  kCut,              // Cut after the last sound frame: what goes was never ours.
  kKeepAsideAndCut,  // Copy to quarantine, then cut.
  kFinishSealing,    // Cut after the footer.
  kCorrupt,          // Touch nothing, write no more.
};

struct OpeningVerdict {
  OpeningDecision decision = OpeningDecision::kContinue;
  std::string_view situation;  // In words.
};

OpeningVerdict DecideOpening(const OpeningSituation& situation);

}  // namespace leat::log

#endif  // LEAT_STORAGE_LOG_OPENING_DECISION_H_
