#include <CLI/CLI.hpp>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "cli/command.h"
#include "cli/failure.h"
#include "cli/output.h"
#include "fmt/format.h"
#include "server/config.h"
#include "server/server.h"

namespace leat::cli {
namespace {

struct ServeFlags {
  std::optional<std::string> config;
  std::optional<std::string> data_dir;
  std::vector<std::string> listen;
  std::vector<std::string> settings;  // "key=value".
  bool check_config = false;
  bool print_config = false;
};

absl::StatusOr<server::ServerOptions> LoadOptions(const ServeFlags& flags) {
  server::ConfigSources sources{
      .file = flags.config, .environment = server::ProcessEnvironment(), .flags = {}};
  if (flags.data_dir.has_value()) sources.flags.emplace_back("data_dir", *flags.data_dir);
  if (!flags.listen.empty()) {
    sources.flags.emplace_back("listen", fmt::format("{}", fmt::join(flags.listen, ",")));
  }
  for (const std::string& setting : flags.settings) {
    const size_t equals = setting.find('=');
    if (equals == setting.npos) {
      return absl::InvalidArgumentError(fmt::format("--set '{}' must be KEY=VALUE", setting));
    }
    sources.flags.emplace_back(setting.substr(0, equals), setting.substr(equals + 1));
  }
  return server::LoadOptions(sources);
}

ExitCode Serve(const GlobalOptions& globals, const ServeFlags& flags) {
  const absl::StatusOr<server::ServerOptions> options = LoadOptions(flags);
  if (!options.ok()) return Fail(options.status(), {});
  absl::Status status;
  if (flags.print_config) {
    status = Print(server::RenderConfig(*options));
  } else if (flags.check_config) {
    globals.Tell("the configuration is good");
  } else {
    status = server::RunServer(*options);
  }
  if (status.ok()) return kOk;
  // A server's errors say all there is to say, and are not a client's.
  Complain(std::string(status.message()));
  return ExitCodeOf(status);
}

std::string SettingsHelp() {
  std::string help =
      "Settings, with their defaults. Each can be set in the file, by --set KEY=VALUE, and in the "
      "environment: LEAT_LOG_LEVEL is log.level.\n";
  for (const auto& [key, meaning, values] : server::ConfigKeys()) {
    help += fmt::format("\n  {} ({})\n      {}", key, values, meaning);
  }
  return help;
}

}  // namespace

void AddServeCommand(CLI::App& app, const GlobalOptions& globals, Run& run) {
  CLI::App& serve = *app.add_subcommand("serve", "Run the server");
  auto flags = std::make_shared<ServeFlags>();
  serve.add_option("--config", flags->config, "A TOML file of settings")->envname("LEAT_CONFIG");
  serve.add_option("--data-dir", flags->data_dir,
                   "Where the data is kept; made if it does not exist");
  serve.add_option("--listen", flags->listen,
                   "HOST:PORT or unix:PATH; may be repeated; port 0 is any free one");
  serve.add_option("--set", flags->settings, "KEY=VALUE: any setting");
  serve.add_flag("--check-config", flags->check_config, "Check the settings, and start nothing");
  serve.add_flag("--print-config", flags->print_config,
                 "Print all settings as a file, and start nothing");
  serve.footer(SettingsHelp());
  serve.callback(
      [&globals, &run, flags] { run = [&globals, flags] { return Serve(globals, *flags); }; });
}

}  // namespace leat::cli
