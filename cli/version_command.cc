#include <CLI/CLI.hpp>

#include "cli/command.h"
#include "cli/failure.h"
#include "fmt/format.h"
#include "server/version.h"

namespace leat::cli {

void AddVersionCommand(CLI::App& app, Run& run) {
  app.add_subcommand("version", "Print the version of this program")->callback([&run] {
    run = [] { return PrintOrFail(fmt::format("leat {}\n", server::kVersion)); };
  });
}

}  // namespace leat::cli
