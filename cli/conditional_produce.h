// `leat produce --expected-offset` and `--expected-key-offset`: all lines together, in one call,
// where the partition is as expected; or nothing.

#ifndef LEAT_CLI_CONDITIONAL_PRODUCE_H_
#define LEAT_CLI_CONDITIONAL_PRODUCE_H_

#include "cli/command.h"
#include "cli/exit_code.h"
#include "cli/line_reader.h"
#include "cli/produce_job.h"
#include "cli/record_source.h"

namespace leat::cli {

// Reads `lines` to their end and appends them. Not repeated by itself: whoever gets no answer looks
// into the log.
ExitCode ProduceWhereExpected(const GlobalOptions& globals, const ProduceFlags& flags,
                              const RecordSource& source, LineReader& lines);

}  // namespace leat::cli

#endif  // LEAT_CLI_CONDITIONAL_PRODUCE_H_
