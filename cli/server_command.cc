#include <google/protobuf/util/time_util.h>

#include <CLI/CLI.hpp>
#include <memory>

#include "cli/command.h"
#include "cli/failure.h"
#include "cli/list_format.h"
#include "cli/output.h"
#include "cli/quantity.h"
#include "client/admin.h"
#include "fmt/format.h"

namespace leat::cli {
namespace {

using google::protobuf::util::TimeUtil;

const char* DescribeStop(const v1::RecoveryReport& recovery) {
  if (recovery.new_directory()) return "in a new data directory";
  return recovery.clean_shutdown() ? "after a clean stop" : "after a crash";
}

std::string KindName(v1::RecoveryFinding::Kind kind) {
  switch (kind) {
    case v1::RecoveryFinding::KIND_TAIL_CUT:
      return "cut";
    case v1::RecoveryFinding::KIND_CORRUPT:
      return "corrupt";
    case v1::RecoveryFinding::KIND_QUARANTINED:
      return "moved aside";
    case v1::RecoveryFinding::KIND_MISSING:
      return "missing";
    case v1::RecoveryFinding::KIND_LEFTOVER_REMOVED:
      return "removed";
    case v1::RecoveryFinding::KIND_PRODUCERS_REBUILT:
      return "rebuilt";
    default:
      return "found";
  }
}

// Others are about a file as a whole.
bool HasPlace(v1::RecoveryFinding::Kind kind) {
  return kind == v1::RecoveryFinding::KIND_TAIL_CUT || kind == v1::RecoveryFinding::KIND_CORRUPT;
}

std::string DescribeFinding(const v1::RecoveryFinding& finding) {
  const std::string kind = KindName(finding.kind());
  if (!HasPlace(finding.kind())) {
    return fmt::format("  {}: {}: {}\n", kind, finding.file(), finding.detail());
  }
  const std::string bytes =
      finding.bytes() == 0 ? "" : Count(static_cast<int64_t>(finding.bytes()), "byte") + " ";
  return fmt::format("  topic {}, partition {}, offset {}: {}{}: {}, at byte {}: {}\n",
                     finding.topic(), finding.partition(), finding.offset(), bytes, kind,
                     finding.file(), finding.position(), finding.detail());
}

std::string DescribeRecovery(const v1::RecoveryReport& recovery) {
  std::string text = fmt::format(
      "last start: {}, {}, {} checked in {}\n", DescribeStop(recovery),
      Count(static_cast<int64_t>(recovery.partitions_opened()), "partition"),
      FormatBytes(static_cast<int64_t>(recovery.bytes_checked())),
      DescribeDuration(absl::Milliseconds(TimeUtil::DurationToMilliseconds(recovery.duration()))));
  for (const v1::RecoveryFinding& finding : recovery.findings()) {
    text += DescribeFinding(finding);
  }
  const auto shown = static_cast<uint64_t>(recovery.findings_size());
  if (recovery.findings_total() > shown) {
    text += fmt::format("  and {} more\n", recovery.findings_total() - shown);
  }
  return text;
}

std::string Describe(const v1::GetServerInfoResponse& info, const std::string& server) {
  const std::string why =
      info.io_backend_reason().empty() ? "" : " (" + info.io_backend_reason() + ")";
  const v1::ServerLimits& limits = info.limits();
  return fmt::format(
             "server {} version {} (API level {}), up since {}\n"
             "data: {} (id {})\n"
             "I/O: {}{}, {}, {}\n"
             "limits: message {}, record {}, {} partitions per topic, {} topics\n",
             server, info.version(), info.api_level(),
             FormatTimestamp(TimeUtil::TimestampToMilliseconds(info.start_time())),
             info.data_directory(), info.directory_id(),
             info.io_backend() == v1::IO_BACKEND_URING ? "io_uring" : "POSIX", why,
             info.direct_io() ? "direct" : "through the page cache",
             Count(info.shard_count(), "shard"), FormatBytes(limits.max_message_bytes()),
             FormatBytes(limits.max_record_bytes()), limits.max_partitions_per_topic(),
             limits.max_topics()) +
         DescribeRecovery(info.recovery());
}

ExitCode Info(const GlobalOptions& globals, const std::string& format_name) {
  const absl::StatusOr<ListFormat> format = ParseListFormat(format_name);
  if (!format.ok()) return Fail(format.status(), {});
  const auto info = client::Admin(globals.Connect()).GetServerInfo();
  if (!info.ok()) return Fail(info.status(), {.server = globals.server, .topic = {}});
  absl::Status status;
  if (*format == ListFormat::kJson || *format == ListFormat::kJsonLines) {
    const auto layout = *format == ListFormat::kJson ? JsonLayout::kIndented : JsonLayout::kLine;
    status = Print(ToJson(*info, layout));
  } else {
    status = Print(Describe(*info, globals.server));
  }
  return status.ok() ? kOk : Fail(status, {});
}

ExitCode Health(const GlobalOptions& globals) {
  const absl::StatusOr<bool> serving = client::Admin(globals.Connect()).IsServing();
  if (!serving.ok()) return Fail(serving.status(), {.server = globals.server, .topic = {}});
  const absl::Status status = Print(*serving ? "serving\n" : "not serving\n");
  if (!status.ok()) return Fail(status, {});
  return *serving ? kOk : kUnavailable;
}

}  // namespace

void AddServerCommands(CLI::App& app, const GlobalOptions& globals, Run& run) {
  CLI::App& server = *app.add_subcommand("server", "Ask the server about itself");
  server.require_subcommand(1);
  CLI::App& info =
      *server.add_subcommand("info", "Version, limits, I/O, and what the last start found");
  auto format = std::make_shared<std::string>("table");
  info.add_option("-f,--format", *format, "table, json or jsonl");
  info.callback(
      [&globals, &run, format] { run = [&globals, format] { return Info(globals, *format); }; });
  CLI::App& health = *server.add_subcommand("health", "Whether it serves: exit code 0, or 4");
  health.callback([&globals, &run] { run = [&globals] { return Health(globals); }; });
}

}  // namespace leat::cli
