// What the files of one log hold: its segments, what is damaged in them, and what the next start of
// a server would make of it. Blocks; changes nothing.

#ifndef LEAT_STORAGE_INSPECT_LOG_REPORT_H_
#define LEAT_STORAGE_INSPECT_LOG_REPORT_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "storage/inspect/fault.h"
#include "storage/inspect/segment_report.h"
#include "storage/io/file_system.h"
#include "storage/log/recovery.h"
#include "storage/record/ids.h"

namespace leat::inspect {

struct LogReport {
  std::vector<SegmentReport> segments;  // In order of offset.
  std::vector<Fault> faults;            // In order of offset. Empty: every record can be read.
  // What the next start would do besides: torn writes that it cuts, files that it moves aside.
  std::vector<log::Finding> at_start;
  // Whether it would refuse to write to the log, and where it takes the log to end.
  bool corrupt = false;
  record::Offset log_start;
  record::Offset next_offset;
  // After the last record that anything vouches for: frames, footers, the checkpoint.
  record::Offset known_end;
};

// Recovers the log as a server would, but on files that are not changed, and, with kFrames, reads
// all of it. Fails when the file system does, but a device that fails is a fault.
absl::StatusOr<LogReport> InspectLog(io::FileSystem& files, const log::RecoveryInput& place,
                                     Depth depth);

// The segments of a partition's directory: their base offsets, in order. None when it is not there.
absl::StatusOr<std::vector<record::Offset>> ListSegments(io::FileSystem& files,
                                                         const std::string& directory);

}  // namespace leat::inspect

#endif  // LEAT_STORAGE_INSPECT_LOG_REPORT_H_
