// Damage that was found in a data directory: where it is, and what it means. Plain values.

#ifndef LEAT_STORAGE_INSPECT_FAULT_H_
#define LEAT_STORAGE_INSPECT_FAULT_H_

#include <cstdint>
#include <string>
#include <string_view>

#include "storage/io/file_system.h"
#include "storage/record/ids.h"

namespace leat::inspect {

struct Fault {
  enum class Kind {
    // Of a segment.
    kHeader,
    kFrames,
    kPadding,  // Between records: padding, or a frame without any.
    kFooter,
    kOrder,       // It does not begin where the one before ends.
    kUnreadable,  // The device fails.
    kMissing,     // What was acknowledged is not there, or not as it was left.
    kProducers,   // What is known of producers and message ids.
    // Of the directory's own files.
    kMeta,
    kCheckpoint,
    kLogStart,
    kTopics,
  };
  Kind kind = Kind::kFrames;
  std::string file;
  io::FilePosition position;
  uint64_t bytes = 0;          // 0 when it is not known how many.
  record::Offset offset;       // The records in doubt are [offset, next_offset);
  record::Offset next_offset;  // equal when none is, or it is not known which.
  std::string what;
};

// A word for programs: "header", "frames".
std::string_view KindName(Fault::Kind kind);

// What follows from a fault for those who use the log, and what to do about it: one line each.
std::string_view MeaningOf(Fault::Kind kind);
std::string_view RemedyFor(Fault::Kind kind);

}  // namespace leat::inspect

#endif  // LEAT_STORAGE_INSPECT_FAULT_H_
