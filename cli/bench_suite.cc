#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "bench/suite/measures.h"
#include "bench/suite/null_server.h"
#include "bench/suite/stage.h"
#include "cli/bench_verbs.h"
#include "cli/failure.h"
#include "cli/interrupt.h"
#include "cli/output.h"
#include "cli/suite_report.h"
#include "fmt/format.h"

namespace leat::cli {
namespace {

struct SuiteFlags {
  bool quick = false;
  std::vector<std::string> only;
  uint32_t rounds = 0;
  std::string data_dir = "/var/tmp";
  std::string json;
};

bench::SuiteSettings ReadFlags(const SuiteFlags& flags) {
  bench::SuiteSettings settings;
  settings.program = "/proc/self/exe";
  settings.data_dir = flags.data_dir;
  if (flags.quick) {
    settings.rounds = 2;
    settings.warm_up = absl::Milliseconds(500);
    settings.duration = absl::Milliseconds(1500);
    settings.fill_bytes = 512 << 20;
  }
  if (flags.rounds > 0) settings.rounds = static_cast<int>(flags.rounds);
  return settings;
}

std::string NamesOfMeasures() {
  std::string names;
  for (const bench::Measure& measure : bench::AllMeasures()) {
    names += fmt::format("{}{}", names.empty() ? "" : ", ", measure.name);
  }
  return names;
}

// The rows so far, whatever happens.
absl::Status RunAll(const SuiteFlags& flags, const bench::Stage& stage,
                    const GlobalOptions& globals, bench::Rows* rows) {
  for (const bench::Measure& measure : bench::AllMeasures()) {
    const bool wanted = flags.only.empty() || std::find(flags.only.begin(), flags.only.end(),
                                                        measure.name) != flags.only.end();
    if (!wanted) continue;
    const absl::StatusOr<bench::Rows> more = measure.run(stage);
    if (!more.ok()) {
      return absl::Status(more.status().code(), fmt::format("{}: {}", measure.name,
                                                            std::string(more.status().message())));
    }
    for (const bench::SuiteRow& row : *more) {
      globals.Tell(DescribeRow(row));
      rows->push_back(row);
    }
  }
  return absl::OkStatus();
}

ExitCode WriteJson(const std::string& path, const bench::Rows& rows) {
  std::ofstream file(path);
  file << RowsToJson(rows);
  file.close();
  if (file) return kOk;
  Complain(fmt::format("cannot write {}", path));
  return kFailed;
}

ExitCode Suite(const GlobalOptions& globals, const SuiteFlags& flags) {
  for (const std::string& name : flags.only) {
    const auto& all = bench::AllMeasures();
    if (std::none_of(all.begin(), all.end(), [&](const auto& m) { return m.name == name; })) {
      Complain(fmt::format("no measure '{}': {}", name, NamesOfMeasures()));
      return kUsage;
    }
  }
  bench::SuiteSettings settings = ReadFlags(flags);
  const Interrupt interrupt;
  settings.interrupted = [&interrupt] { return interrupt.requested(); };
  globals.Tell(
      fmt::format("{} rounds of {} after {} of warm-up, in {}, servers as processes of "
                  "their own, over loopback TCP",
                  settings.rounds, absl::FormatDuration(settings.duration),
                  absl::FormatDuration(settings.warm_up), settings.data_dir));
  const absl::StatusOr<bench::Stage> stage = bench::Stage::Make(settings);
  bench::Rows rows;
  const absl::Status status = stage.ok() ? RunAll(flags, *stage, globals, &rows) : stage.status();
  if (!status.ok() && !interrupt.requested()) Complain(std::string(status.message()));
  ExitCode code = PrintOrFail(DescribeRows(rows));
  if (code == kOk && !flags.json.empty()) code = WriteJson(flags.json, rows);
  if (interrupt.requested()) return kInterrupted;
  return status.ok() ? code : kFailed;
}

ExitCode ServeNull() {
  const bench::NullServer server;
  Say(fmt::format("listening on 127.0.0.1:{}\n", server.port()));
  const Interrupt interrupt;
  while (!interrupt.requested()) pause();
  return kOk;
}

}  // namespace

void AddBenchSuite(CLI::App& bench, const GlobalOptions& globals, Run& run) {
  auto flags = std::make_shared<SuiteFlags>();
  CLI::App& suite = *bench.add_subcommand(
      "suite", "Start servers, measure them against what gRPC and the disk can do, print a table");
  suite.add_flag("--quick", flags->quick, "Under five minutes: fewer and shorter rounds");
  suite.add_option("--only", flags->only, "These measures: " + NamesOfMeasures());
  suite.add_option("--rounds", flags->rounds, "Turns of each; 0: 3, or 2 with --quick");
  suite.add_option("--data-dir", flags->data_dir,
                   "A directory of its own is made there, and removed again");
  suite.add_option("--json", flags->json, "Write the rows to this file too");
  suite.footer(
      "A null server has the same gRPC stack, settings and messages, and nothing behind them; the "
      "raw disk is written and read as Leat does it. They take turns with Leat, and each ratio is "
      "to the nearer of the two. Everything sent to Leat is checked; a wrong answer ends the suite "
      "with exit code 1.");
  suite.callback(
      [&globals, &run, flags] { run = [&globals, flags] { return Suite(globals, *flags); }; });
  // What the suite starts. Not in the help.
  CLI::App& null = *bench.add_subcommand("null", "Be a null server")->group("");
  null.callback([&run] { run = [] { return ServeNull(); }; });
}

}  // namespace leat::cli
