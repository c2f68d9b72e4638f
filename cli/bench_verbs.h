// The verbs below `leat bench`. Each is added by its own file.

#ifndef LEAT_CLI_BENCH_VERBS_H_
#define LEAT_CLI_BENCH_VERBS_H_

#include "cli/command.h"

namespace leat::cli {

// produce, consume and e2e, against a running server.
void AddBenchLoads(CLI::App& bench, const GlobalOptions& globals, Run& run);

// suite: starts servers of its own.
void AddBenchSuite(CLI::App& bench, const GlobalOptions& globals, Run& run);

}  // namespace leat::cli

#endif  // LEAT_CLI_BENCH_VERBS_H_
