// `leat consume -g`: records of a group's partitions to standard output, committed once they are
// there.

#ifndef LEAT_CLI_GROUP_CONSUME_JOB_H_
#define LEAT_CLI_GROUP_CONSUME_JOB_H_

#include <memory>

#include "cli/command.h"
#include "cli/consume_job.h"
#include "cli/exit_code.h"
#include "cli/record_format.h"
#include "client/position.h"

namespace leat::cli {

// Joins the group and prints what it gets until the count, an interrupt, or the reader of the
// output goes away; then leaves. A record is committed after it was written to the output: one that
// a kill interrupts comes again, none is lost.
ExitCode ConsumeInGroup(const GlobalOptions& globals, const ConsumeFlags& flags,
                        client::Position start, std::unique_ptr<RecordFormat> format);

}  // namespace leat::cli

#endif  // LEAT_CLI_GROUP_CONSUME_JOB_H_
