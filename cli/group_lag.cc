// `leat group lag`: once, or again and again.

#include <poll.h>
#include <unistd.h>

#include "cli/failure.h"
#include "cli/group_text.h"
#include "cli/group_verbs.h"
#include "cli/interrupt.h"
#include "cli/list_format.h"
#include "cli/output.h"
#include "cli/quantity.h"
#include "client/admin.h"
#include "fmt/format.h"

namespace leat::cli {
namespace {

constexpr char kClearScreen[] = "\x1b[H\x1b[2J";

std::string TextOf(const std::vector<v1::GetGroupResponse>& groups, ListFormat format) {
  if (IsJson(format)) return ToJsonList(groups, format);
  if (format == ListFormat::kCsv) return LagTable(groups).ToCsv();
  std::string text;
  for (const v1::GetGroupResponse& group : groups) {
    text += fmt::format("{}group {}: {}\n{}", text.empty() ? "" : "\n", group.group().group(),
                        DescribeLag(group), LagTable(group).ToText());
  }
  return text;
}

// False when interrupted.
bool Pause(const Interrupt& interrupt, absl::Duration time) {
  pollfd wait = {interrupt.descriptor(), POLLIN, 0};
  poll(&wait, 1, static_cast<int>(absl::ToInt64Milliseconds(time)));
  return !interrupt.requested();
}

}  // namespace

ExitCode ShowLag(const GlobalOptions& globals, const GroupFlags& flags) {
  const absl::StatusOr<ListFormat> format = ParseListFormat(flags.format);
  if (!format.ok()) return Fail(format.status(), {});
  const absl::StatusOr<absl::Duration> interval = ParseDuration(flags.interval);
  if (!interval.ok()) return Fail(interval.status(), {});
  if (*interval <= absl::ZeroDuration()) {
    return Fail(absl::InvalidArgumentError("--interval must be more than 0"), {});
  }
  const client::Admin admin(globals.Connect());
  const Interrupt interrupt;
  const bool clear = flags.watch && *format == ListFormat::kTable && isatty(STDOUT_FILENO);
  do {
    std::vector<v1::GetGroupResponse> groups;
    for (const std::string& group : flags.groups) {
      auto answer = admin.GetGroup(group);
      if (!answer.ok()) return Fail(answer.status(), {globals.server, {}, group});
      groups.push_back(*std::move(answer));
    }
    const absl::Status printed = Print((clear ? kClearScreen : "") + TextOf(groups, *format));
    if (!printed.ok()) return Fail(printed, {});
  } while (flags.watch && Pause(interrupt, *interval));
  return interrupt.requested() ? kInterrupted : kOk;
}

}  // namespace leat::cli
