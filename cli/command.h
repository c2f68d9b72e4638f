// The verbs of `leat`. Each file of verbs adds its own to the command line; the one that was given
// is run after parsing.

#ifndef LEAT_CLI_COMMAND_H_
#define LEAT_CLI_COMMAND_H_

#include <functional>
#include <string>
#include <string_view>

#include "cli/exit_code.h"
#include "client/client.h"

namespace CLI {
class App;
}

namespace leat::cli {

// Flags that every verb takes.
struct GlobalOptions {
  std::string server = client::kDefaultTarget;
  bool quiet = false;

  client::Client Connect() const { return client::Client::Connect({.target = server}); }
  // Prints what a person may like to know, to stderr; nothing with -q.
  void Tell(std::string_view message) const;
};

// What the chosen verb does.
using Run = std::function<ExitCode()>;

// `globals` and `run` outlive the app.
void AddServeCommand(CLI::App& app, const GlobalOptions& globals, Run& run);
void AddTopicCommands(CLI::App& app, const GlobalOptions& globals, Run& run);
void AddProduceCommand(CLI::App& app, const GlobalOptions& globals, Run& run);
void AddConsumeCommands(CLI::App& app, const GlobalOptions& globals, Run& run);
void AddGroupCommands(CLI::App& app, const GlobalOptions& globals, Run& run);
void AddSegmentCommands(CLI::App& app, const GlobalOptions& globals, Run& run);
void AddBenchCommands(CLI::App& app, const GlobalOptions& globals, Run& run);
void AddServerCommands(CLI::App& app, const GlobalOptions& globals, Run& run);
void AddVersionCommand(CLI::App& app, Run& run);
void AddCompletionCommand(CLI::App& app, Run& run);

}  // namespace leat::cli

#endif  // LEAT_CLI_COMMAND_H_
