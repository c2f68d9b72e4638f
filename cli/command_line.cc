#include "cli/command_line.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cctype>
#include <set>
#include <string_view>

#include "fmt/format.h"
#include "server/suggestion.h"

namespace leat::cli {
namespace {

constexpr size_t kColumns = 80;

// What is left of a line behind a name and its meaning starts there.
constexpr size_t kMeaningColumn = 28;

// Breaks lines at blanks; a line that goes on is indented as it began.
std::string Wrap(const std::string& text, size_t width) {
  std::string out;
  for (const std::string& line : CLI::detail::split(text, '\n')) {
    const std::string indent(std::min(line.find_first_not_of(' '), line.size()), ' ');
    std::string rest = line;
    while (rest.size() > width) {
      size_t end = rest.rfind(' ', width);
      if (end == rest.npos || end <= indent.size()) end = rest.find(' ', width);
      if (end == rest.npos) break;
      out.append(rest, 0, end).push_back('\n');
      rest.replace(0, end + 1, indent);
    }
    out += rest + "\n";
  }
  if (!out.empty()) out.pop_back();
  return out;
}

std::string TypeOf(const CLI::Option& option) {
  if (option.get_type_size() == 0) return "";
  std::string type = option.get_type_name() == "UINT" ? " N" : " " + option.get_type_name();
  if (option.get_expected_max() == CLI::detail::expected_max_vector_size) type += " ...";
  return type;
}

// Defaults that say nothing are left out.
std::string MeaningOf(const CLI::Option& option) {
  std::string text = option.get_description();
  const std::string& by_default = option.get_default_str();
  for (const std::string_view silent : {"", "[]", "{}", "0", "\"\""}) {
    if (by_default == silent) return text;
  }
  return fmt::format("{} (default: {})", text, by_default);
}

class HelpFormatter : public CLI::Formatter {
 public:
  HelpFormatter() { column_width(kMeaningColumn); }

  std::string make_option_opts(const CLI::Option* option) const override {
    std::string text = TypeOf(*option);
    if (option->get_required()) text += " REQUIRED";
    return text;
  }
  std::string make_option_desc(const CLI::Option* option) const override {
    std::string text = MeaningOf(*option);
    if (!option->get_envname().empty()) {
      text += fmt::format(" (in the environment: {})", option->get_envname());
    }
    return Wrap(text, kColumns - kMeaningColumn);
  }
  std::string make_subcommand(const CLI::App* verb) const override {
    std::ostringstream out;
    CLI::detail::format_help(out, verb->get_display_name(true),
                             Wrap(verb->get_description(), kColumns - kMeaningColumn),
                             kMeaningColumn);
    return out.str();
  }
  std::string make_description(const CLI::App* app) const override {
    return Wrap(app->get_description(), kColumns) + "\n";
  }
  std::string make_footer(const CLI::App* app) const override {
    return app->get_footer().empty() ? "" : Wrap(app->get_footer(), kColumns) + "\n";
  }
};

bool IsNumber(std::string_view text) {
  return !text.empty() &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

const CLI::App& ParsedVerb(const CLI::App& app) {
  const std::vector<CLI::App*> parsed = app.get_subcommands();
  return parsed.empty() ? app : ParsedVerb(*parsed.front());
}

// "leat topic" for its verb `topic`.
std::string PathOf(const CLI::App& app) {
  const CLI::App* parent = app.get_parent();
  return parent == nullptr ? app.get_name() : PathOf(*parent) + " " + app.get_name();
}

// Verbs that a word may have meant, or flags.
std::vector<std::string> NamesFor(const std::string& word, const CLI::App& verb) {
  std::vector<std::string> names;
  if (!word.starts_with('-')) {
    for (const CLI::App* known : verb.get_subcommands({})) names.push_back(known->get_name());
    return names;
  }
  for (const CLI::App* app = &verb; app != nullptr; app = app->get_parent()) {
    for (const CLI::Option* option : app->get_options()) {
      for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
    }
  }
  return names;
}

std::string ExplainUnknown(const std::string& word, const CLI::App& verb) {
  const std::vector<std::string> names = NamesFor(word, verb);
  const std::string_view closest =
      server::ClosestName(word, std::vector<std::string_view>(names.begin(), names.end()));
  const std::string suggestion = closest.empty() ? "" : fmt::format("; is it '{}'?", closest);
  return fmt::format("'{}' means nothing here{}", word, suggestion);
}

}  // namespace

std::shared_ptr<CLI::FormatterBase> MakeHelpFormatter() {
  return std::make_shared<HelpFormatter>();
}

std::vector<std::string> ArgumentsOf(int argc, const char* const* argv) {
  std::vector<std::string> arguments(argv + std::min(argc, 1), argv + argc);
  if (!arguments.empty() && arguments[0] == "help") {
    arguments.erase(arguments.begin());
    arguments.push_back("--help");
  }
  std::reverse(arguments.begin(), arguments.end());
  return arguments;
}

void CheckNumbers(CLI::App& app) {
  for (CLI::Option* option : app.get_options()) {
    if (option->get_type_name() != "UINT") continue;
    option->check([](const std::string& text) {
      return IsNumber(text) ? "" : fmt::format("'{}' is not a number from 0 up", text);
    });
  }
  for (CLI::App* verb : app.get_subcommands([](const CLI::App*) { return true; })) {
    CheckNumbers(*verb);
  }
}

void RefuseEmpty(CLI::Option* option) {
  option->check([](const std::string& text) { return text.empty() ? "must not be empty" : ""; });
}

std::string FindMistake(const CLI::App& app) {
  for (const CLI::Option* option : ParsedVerb(app).get_options()) {
    const std::string list = option->get_name(/*positional=*/true);
    if (list != "topics" && list != "groups") continue;
    std::set<std::string> seen;
    for (const std::string& name : option->results()) {
      if (!seen.insert(name).second) return fmt::format("'{}' is named twice", name);
    }
  }
  return "";
}

std::string ExplainParseError(const CLI::App& app, const CLI::Error& error) {
  constexpr std::string_view kConversion = "Could not convert: ";
  const CLI::App& verb = ParsedVerb(app);
  const std::vector<std::string> unknown = app.remaining(/*recurse=*/true);
  std::string what = unknown.empty() ? error.what() : ExplainUnknown(unknown[0], verb);
  // They are digits, as `CheckNumbers` saw.
  if (what.starts_with(kConversion)) what = what.substr(kConversion.size()) + " is too large";
  what += what.ends_with('?') ? " " : "; ";
  return fmt::format("{}'{} --help' tells what can be said", what, PathOf(verb));
}

}  // namespace leat::cli
