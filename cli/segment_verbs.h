// What `leat segment` does: it looks at files, and needs no server. Each verb prints and returns
// the exit code.

#ifndef LEAT_CLI_SEGMENT_VERBS_H_
#define LEAT_CLI_SEGMENT_VERBS_H_

#include <string>

#include "cli/command.h"
#include "cli/exit_code.h"

namespace leat::cli {

struct SegmentFlags {
  std::string path;  // Of a data directory, a partition's directory, or a segment.
  std::string format = "table";
  std::string depth = "records";  // Of dump.
  bool check = false;             // Of ls.
  bool accept_loss = false;       // Of repair.
};

ExitCode ListSegments(const GlobalOptions& globals, const SegmentFlags& flags);
ExitCode DumpSegment(const GlobalOptions& globals, const SegmentFlags& flags);

// Exit code 1 when anything is damaged.
ExitCode VerifySegments(const GlobalOptions& globals, const SegmentFlags& flags);

// Tells what it would do, and with `accept_loss` does it. Exit code 1 when something is left to be
// repaired.
ExitCode RepairSegments(const GlobalOptions& globals, const SegmentFlags& flags);

}  // namespace leat::cli

#endif  // LEAT_CLI_SEGMENT_VERBS_H_
