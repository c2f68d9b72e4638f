// Errors as people read them: one line that says what happened, to what, and what to do next. Pure
// but for what prints.

#ifndef LEAT_CLI_FAILURE_H_
#define LEAT_CLI_FAILURE_H_

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "cli/exit_code.h"

namespace leat::cli {

// What a verb was about.
struct Subject {
  std::string server;
  std::string topic;
  std::string group = {};
};

ExitCode ExitCodeOf(const absl::Status& status);

// What an error of the server says of `key`; empty when it says nothing.
std::string MetadataValue(const absl::Status& status, std::string_view key);

// The line, without a newline.
std::string Explain(const absl::Status& status, const Subject& subject);

// Prints to stderr. Where that is closed, nobody wanted to know.
void Say(std::string_view text);

// Prints "leat: <message>" to stderr.
void Complain(std::string_view message);

// Prints the explanation and returns the exit code.
ExitCode Fail(const absl::Status& status, const Subject& subject);

// Prints what a verb found to standard output; the exit code.
ExitCode PrintOrFail(const std::string& text);

}  // namespace leat::cli

#endif  // LEAT_CLI_FAILURE_H_
