#include "cli/terminal.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <algorithm>
#include <iostream>

#include "absl/time/clock.h"
#include "cli/failure.h"
#include "cli/quantity.h"
#include "fmt/format.h"

namespace leat::cli {

bool ColoursOnOutput() {
  const char* no_color = getenv("NO_COLOR");
  const char* term = getenv("TERM");
  if (no_color != nullptr && *no_color != '\0') return false;
  return isatty(STDOUT_FILENO) && (term == nullptr || std::string_view(term) != "dumb");
}

absl::Status Confirm(std::string_view plan, std::string_view question, bool yes) {
  Say(plan);
  if (yes) return absl::OkStatus();
  if (!isatty(STDIN_FILENO)) {
    return absl::InvalidArgumentError(
        "nothing was done: there is no terminal to ask at, so say yes with -y");
  }
  Say(fmt::format("{} [y/N] ", question));
  std::string answer;
  std::getline(std::cin, answer);
  if (answer == "y" || answer == "Y" || answer == "yes") return absl::OkStatus();
  return absl::CancelledError("nothing was done");
}

std::string DescribeProgress(uint64_t records, uint64_t bytes, uint64_t total_bytes,
                             absl::Duration elapsed) {
  const double seconds = std::max(absl::ToDoubleSeconds(elapsed), 1e-3);
  const double bytes_per_second = static_cast<double>(bytes) / seconds;
  std::string text = fmt::format("{}, {}, {}/s", Count(static_cast<int64_t>(records), "record"),
                                 FormatBytes(static_cast<int64_t>(bytes)),
                                 FormatBytes(static_cast<int64_t>(bytes_per_second)));
  if (total_bytes > bytes && bytes > 0) {
    const double left = static_cast<double>(total_bytes - bytes) / bytes_per_second;
    text += fmt::format(", {} left",
                        DescribeDuration(absl::Ceil(absl::Seconds(left), absl::Seconds(1))));
  }
  return text;
}

ProgressLine::ProgressLine(bool wanted, uint64_t total_bytes)
    : shown_(wanted && isatty(STDERR_FILENO)), total_bytes_(total_bytes), started_(absl::Now()) {}

ProgressLine::~ProgressLine() { Clear(); }

void ProgressLine::Update(uint64_t records, uint64_t bytes) {
  if (!shown_) return;
  const absl::Time now = absl::Now();
  if (now < updated_ + absl::Milliseconds(100)) return;
  updated_ = now;
  Say("\r\x1b[K" + DescribeProgress(records, bytes, total_bytes_, now - started_));
}

void ProgressLine::Clear() {
  if (updated_ == absl::InfinitePast()) return;
  Say("\r\x1b[K");
  updated_ = absl::InfinitePast();
}

}  // namespace leat::cli
