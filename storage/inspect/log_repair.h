// What it takes to make a damaged log one that a server opens and writes to again, and doing it.
//
// Blocks. Nothing is deleted: what a step takes away is in the quarantine directory, durably,
// before it is gone from the log. After a crash amid a repair the log is repaired again.

#ifndef LEAT_STORAGE_INSPECT_LOG_REPAIR_H_
#define LEAT_STORAGE_INSPECT_LOG_REPAIR_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "storage/inspect/log_report.h"
#include "storage/io/file_system.h"
#include "storage/log/recovery.h"
#include "storage/record/ids.h"

namespace leat::inspect {

struct RepairStep {
  enum class Kind {
    kMoveAway,      // The file goes to quarantine.
    kCut,           // Copies what follows `position` to quarantine, and cuts there.
    kWriteFooter,   // The same, and then completes the segment anew from its frames.
    kMoveLogStart,  // The log begins at the plan's `log_start`; the caller's to do, durably.
    kForgetWitness  // The checkpoint says no more about the log; the caller's to do.
  };
  Kind kind = Kind::kMoveAway;
  std::string file;
  io::FilePosition position;
  uint64_t bytes = 0;  // What is taken away.
};

struct RepairPlan {
  std::vector<RepairStep> steps;  // In the order in which they are done. None: nothing to repair.
  // Where the log begins. What lies before was trimmed, or is lost already.
  record::Offset log_start;
  // The records [end, known_end) will be missing; equal when none is.
  record::Offset end;
  record::Offset known_end;
};

// Whether the caller can make a log begin later than it does.
enum class Beginning { kFixed, kMovable };

// Keeps the log up to the first record that is missing or damaged, and nothing behind it: offsets
// are dense. Footers are written anew, and files that do not belong to the log moved away, wherever
// no record is lost by that. A log of which the beginning is gone begins where its files do: so it
// is when a trim was forgotten. `report` is of all frames. Pure.
RepairPlan PlanRepair(const LogReport& report, const log::RecoveryInput& place,
                      Beginning beginning);

// Does one step, durably. Gives the path of what it kept. Does nothing of what is the caller's.
absl::StatusOr<std::string> DoStep(io::FileSystem& files, const log::RecoveryInput& place,
                                   const RepairStep& step);

}  // namespace leat::inspect

#endif  // LEAT_STORAGE_INSPECT_LOG_REPAIR_H_
