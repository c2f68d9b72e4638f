#include <CLI/CLI.hpp>
#include <memory>
#include <string>

#include "cli/command.h"
#include "cli/failure.h"
#include "fmt/format.h"

namespace leat::cli {
namespace {

// Calls `visit(path, app)` for the app and every verb below it; `path` is such as "topic create".
template <typename Visit>
void ForEachVerb(const CLI::App& app, const std::string& path, Visit visit) {
  visit(path, app);
  for (const CLI::App* verb : app.get_subcommands({})) {
    ForEachVerb(*verb, path.empty() ? verb->get_name() : path + " " + verb->get_name(), visit);
  }
}

std::string WordsOf(const CLI::App& app) {
  std::string words;
  for (const CLI::App* verb : app.get_subcommands({})) words += verb->get_name() + " ";
  for (const CLI::Option* option : app.get_options()) {
    for (const std::string& name : option->get_lnames()) words += "--" + name + " ";
  }
  return words;
}

// zsh runs it too, through bashcompinit.
std::string BashScript(const CLI::App& app) {
  std::string cases;
  ForEachVerb(app, "", [&cases](const std::string& path, const CLI::App& verb) {
    cases += fmt::format("    '{}') words='{}' ;;\n", path, WordsOf(verb));
  });
  return fmt::format(R"(_leat() {{
  local path='' words='' word
  for word in "${{COMP_WORDS[@]:1:COMP_CWORD-1}}"; do
    case "$word" in -*) ;; *) path="${{path:+$path }}$word" ;; esac
  done
  while true; do
    case "$path" in
{}    esac
    [[ -n "$words" || -z "$path" ]] && break
    case "$path" in *' '*) path="${{path% *}}" ;; *) path='' ;; esac
  done
  COMPREPLY=($(compgen -W "$words" -- "${{COMP_WORDS[COMP_CWORD]}}"))
}}
complete -o default -F _leat leat
)",
                     cases);
}

std::string FishScript(const CLI::App& app) {
  std::string script = "complete -c leat -f\n";
  ForEachVerb(app, "", [&script](const std::string& path, const CLI::App& verb) {
    std::string condition = path.empty() ? "__fish_use_subcommand" : "";
    for (size_t begin = 0; begin < path.size();) {
      const size_t end = std::min(path.find(' ', begin), path.size());
      condition += fmt::format("{}__fish_seen_subcommand_from {}",
                               condition.empty() ? "" : "; and ", path.substr(begin, end - begin));
      begin = end + 1;
    }
    for (const CLI::App* below : verb.get_subcommands({})) {
      script += fmt::format("complete -c leat -n '{}' -a {}\n", condition, below->get_name());
    }
    for (const CLI::Option* option : verb.get_options()) {
      for (const std::string& name : option->get_lnames()) {
        script += fmt::format("complete -c leat -n '{}' -l {}\n", condition, name);
      }
    }
  });
  return script;
}

ExitCode Complete(const CLI::App& app, const std::string& shell) {
  std::string script;
  if (shell == "bash") script = BashScript(app);
  if (shell == "zsh") script = "autoload -U +X bashcompinit && bashcompinit\n" + BashScript(app);
  if (shell == "fish") script = FishScript(app);
  if (script.empty()) {
    Complain(fmt::format("no completion for '{}': bash, zsh and fish are known", shell));
    return kUsage;
  }
  return PrintOrFail(script);
}

}  // namespace

void AddCompletionCommand(CLI::App& app, Run& run) {
  CLI::App& completion =
      *app.add_subcommand("completion", "Print a script that completes leat's words in a shell");
  auto shell = std::make_shared<std::string>();
  completion.add_option("shell", *shell, "bash, zsh or fish")->required();
  completion.footer("For bash: source <(leat completion bash)");
  completion.callback(
      [&app, &run, shell] { run = [&app, shell] { return Complete(app, *shell); }; });
}

}  // namespace leat::cli
