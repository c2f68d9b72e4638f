#include <CLI/CLI.hpp>

#include "cli/bench_verbs.h"

namespace leat::cli {

void AddBenchCommands(CLI::App& app, const GlobalOptions& globals, Run& run) {
  CLI::App& bench = *app.add_subcommand("bench", "Measure a server, and check what it does");
  bench.require_subcommand(1);
  AddBenchLoads(bench, globals, run);
  AddBenchSuite(bench, globals, run);
}

}  // namespace leat::cli
