#include "server/recovery_text.h"

#include <string_view>

#include "absl/time/time.h"
#include "fmt/format.h"

namespace leat::server {
namespace {

using Kind = log::Finding::Kind;

std::string_view Word(Kind kind) {
  switch (kind) {
    case Kind::kTailCut:
      return "cut";
    case Kind::kCorrupt:
      return "corrupt";
    case Kind::kQuarantined:
      return "moved aside";
    case Kind::kMissing:
      return "missing";
    case Kind::kLeftoverRemoved:
      return "removed";
    case Kind::kProducersRebuilt:
      return "rebuilt";
  }
  return "found";
}

// Others are about a file as a whole.
bool HasPlace(Kind kind) { return kind == Kind::kTailCut || kind == Kind::kCorrupt; }

std::string Describe(const broker::RecoverySummary::Entry& entry) {
  const log::Finding& finding = entry.finding;
  if (!HasPlace(finding.kind)) {
    return fmt::format("{}: {}: {}", Word(finding.kind), finding.file, finding.detail);
  }
  const std::string bytes = finding.bytes == 0 ? "" : fmt::format("{} bytes ", finding.bytes);
  return fmt::format("{}: topic {}, partition {}, offset {}: {} {}at byte {}: {}",
                     Word(finding.kind), entry.topic, entry.partition, finding.offset.value,
                     finding.file, bytes, finding.position.bytes, finding.detail);
}

std::string_view AfterWhat(const broker::RecoverySummary& summary) {
  if (summary.new_directory) return "in a new data directory";
  return summary.clean_shutdown ? "after an orderly stop" : "after a crash";
}

}  // namespace

std::string DescribeRecovery(const broker::RecoverySummary& summary) {
  return fmt::format("started {}: {} partitions, {} bytes checked, {} findings, in {}",
                     AfterWhat(summary), summary.partitions_opened, summary.bytes_checked,
                     summary.findings_total,
                     absl::FormatDuration(absl::Trunc(summary.duration, absl::Microseconds(1))));
}

std::vector<std::string> DescribeFindings(const broker::RecoverySummary& summary) {
  std::vector<std::string> lines;
  for (const broker::RecoverySummary::Entry& entry : summary.findings) {
    lines.push_back(Describe(entry));
  }
  if (summary.findings_total > summary.findings.size()) {
    lines.push_back(fmt::format("and {} more", summary.findings_total - summary.findings.size()));
  }
  return lines;
}

}  // namespace leat::server
