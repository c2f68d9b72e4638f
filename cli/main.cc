// `leat`: the server and every client verb.

#include <signal.h>

#include <CLI/CLI.hpp>
#include <string>

#include "cli/command.h"
#include "cli/command_line.h"
#include "cli/failure.h"
#include "fmt/format.h"
#include "server/address.h"
#include "server/process.h"
#include "server/version.h"

namespace leat::cli {

void GlobalOptions::Tell(std::string_view message) const {
  if (!quiet) Say(fmt::format("{}\n", message));
}

namespace {

std::string CheckServer(const std::string& address) {
  return std::string(server::CheckAddress(address).message());
}

int Main(int argc, char** argv) {
  // A client needs the same: it sends and receives the same megabytes.
  server::PrepareServerProcess();
  // A reader of our output that went away is told by EPIPE.
  signal(SIGPIPE, SIG_IGN);
  GlobalOptions globals;
  Run run;
  CLI::App app("An append-only event log: server and client in one.", "leat");
  app.formatter(MakeHelpFormatter());
  app.set_version_flag("--version", fmt::format("leat {}", server::kVersion),
                       "Print the version of this program");
  app.require_subcommand(1);
  app.fallthrough();
  app.option_defaults()->always_capture_default();
  app.add_option("-s,--server", globals.server, "The server: HOST:PORT, or unix:PATH")
      ->envname("LEAT_SERVER")
      ->check(CheckServer);
  app.add_flag("-q,--quiet", globals.quiet, "Print data and errors only");
  AddServeCommand(app, globals, run);
  AddTopicCommands(app, globals, run);
  AddProduceCommand(app, globals, run);
  AddConsumeCommands(app, globals, run);
  AddGroupCommands(app, globals, run);
  AddSegmentCommands(app, globals, run);
  AddBenchCommands(app, globals, run);
  AddServerCommands(app, globals, run);
  AddVersionCommand(app, run);
  AddCompletionCommand(app, run);
  app.footer(
      "Exit codes: 0 ok, 1 failed, 2 usage, 3 not found, 4 unavailable or timed out, 5 conflict, 6 "
      "partly done, 130 interrupted.\n'leat VERB --help' and 'leat help VERB' tell more about each "
      "verb.");
  CheckNumbers(app);
  try {
    app.parse(ArgumentsOf(argc, argv));
  } catch (const CLI::Success& asked) {
    return app.exit(asked);
  } catch (const CLI::ParseError& error) {
    Complain(ExplainParseError(app, error));
    return kUsage;
  }
  if (const std::string mistake = FindMistake(app); !mistake.empty()) {
    Complain(mistake);
    return kUsage;
  }
  return run();
}

}  // namespace
}  // namespace leat::cli

int main(int argc, char** argv) { return leat::cli::Main(argc, argv); }
