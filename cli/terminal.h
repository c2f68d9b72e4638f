// What a person at a terminal sees and is asked. Main thread.

#ifndef LEAT_CLI_TERMINAL_H_
#define LEAT_CLI_TERMINAL_H_

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/time/time.h"

namespace leat::cli {

// Whether colours go to standard output: a terminal that can show them, and no NO_COLOR.
bool ColoursOnOutput();

// Shows `plan`, what is about to be destroyed, and asks for consent: OK when it is given, by `yes`
// or at the terminal; CANCELLED when it is refused; INVALID_ARGUMENT when there is no terminal to
// ask at.
absl::Status Confirm(std::string_view plan, std::string_view question, bool yes);

// A line on standard error that is written over, at most ten times a second; nothing where that is
// no terminal.
class ProgressLine {
 public:
  // `total_bytes` is 0 when the end is not known.
  ProgressLine(bool wanted, uint64_t total_bytes);
  ~ProgressLine();

  void Update(uint64_t records, uint64_t bytes);
  // Takes the line away.
  void Clear();

 private:
  const bool shown_;
  const uint64_t total_bytes_;
  const absl::Time started_;
  absl::Time updated_ = absl::InfinitePast();
};

// "1,000 records, 1.2 MiB, 34.5 MiB/s, 12s left".
std::string DescribeProgress(uint64_t records, uint64_t bytes, uint64_t total_bytes,
                             absl::Duration elapsed);

}  // namespace leat::cli

#endif  // LEAT_CLI_TERMINAL_H_
