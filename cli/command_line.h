// What all verbs have in common on the command line: how help looks, which numbers and words are
// refused, and what an error says. One thread, at start.

#ifndef LEAT_CLI_COMMAND_LINE_H_
#define LEAT_CLI_COMMAND_LINE_H_

#include <memory>
#include <string>
#include <vector>

namespace CLI {
class App;
class Error;
class FormatterBase;
class Option;
}  // namespace CLI

namespace leat::cli {

// Help of at most 80 columns. To be set before verbs are added, which inherit it.
std::shared_ptr<CLI::FormatterBase> MakeHelpFormatter();

// The arguments behind the program's name, in the order that CLI11 takes them: the last first.
// "help topic create" becomes "topic create --help".
std::vector<std::string> ArgumentsOf(int argc, const char* const* argv);

// Once all verbs are there: numbers that are none, or negative, are refused by name.
void CheckNumbers(CLI::App& app);

// For names: refuses an empty one, which mostly is a variable of a script that was not set, and
// which would mean all of them, or none.
void RefuseEmpty(CLI::Option* option);

// What is wrong with arguments that were parsed, though CLI11 takes them: a topic or group named
// twice. Empty when nothing is.
std::string FindMistake(const CLI::App& app);

// One line about arguments that could not be parsed, with a suggestion where one is near.
std::string ExplainParseError(const CLI::App& app, const CLI::Error& error);

}  // namespace leat::cli

#endif  // LEAT_CLI_COMMAND_LINE_H_
