#include "storage/inspect/log_report.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/status/status.h"
#include "fmt/core.h"
#include "storage/inspect/dry_run_files.h"
#include "storage/log/segment_file.h"

namespace leat::inspect {
namespace {

Fault FaultOf(const log::Finding& finding) {
  return {.kind = Fault::Kind::kMissing,
          .file = finding.file,
          .position = finding.position,
          .bytes = finding.bytes,
          .offset = finding.offset,
          .next_offset = finding.offset,
          .what = finding.detail};
}

Fault FaultOf(const std::string& path, const Gap& gap) {
  const bool no_record = gap.damaged_from >= gap.damaged_to;
  return {.kind = no_record ? Fault::Kind::kPadding : Fault::Kind::kFrames,
          .file = path,
          .position = gap.from,
          .bytes = gap.to - gap.from,
          .offset = gap.damaged_from,
          .next_offset = std::max(gap.damaged_from, gap.damaged_to),
          .what = gap.what};
}

class LogInspector {
 public:
  LogInspector(io::FileSystem& files, const log::RecoveryInput& place, Depth depth)
      : files_(files), place_(place), depth_(depth) {}

  absl::StatusOr<LogReport> Run() && {
    absl::Status status = AskRecovery();
    if (status.ok()) status = InspectSegments();
    if (!status.ok()) return status;
    for (size_t i = 0; i < report_.segments.size(); ++i) AddFaults(i);
    NoteKnownEnd();
    AddVerdict();
    return std::move(report_);
  }

 private:
  // The same code that a server runs decides what it would do.
  absl::Status AskRecovery() {
    DryRunFiles files(files_);
    absl::StatusOr<log::RecoveredLog> recovered = log::RecoverLog(files, place_);
    if (absl::IsDataLoss(recovered.status())) {
      verdict_ = Fault{.kind = Fault::Kind::kUnreadable,
                       .file = place_.directory,
                       .offset = place_.log_start,
                       .next_offset = place_.log_start,
                       .what = std::string(recovered.status().message())};
      report_.corrupt = true;
      report_.log_start = report_.next_offset = place_.log_start;
      return absl::OkStatus();
    }
    if (!recovered.ok()) return recovered.status();
    report_.corrupt = recovered->corrupt.has_value();
    report_.log_start = recovered->log_start;
    report_.next_offset = recovered->next_offset;
    if (report_.corrupt) verdict_ = FaultOf(*recovered->corrupt);
    for (log::Finding& finding : recovered->findings) {
      if (finding.kind != log::Finding::Kind::kCorrupt) {
        report_.at_start.push_back(std::move(finding));
      }
    }
    return absl::OkStatus();
  }

  absl::Status InspectSegments() {
    absl::StatusOr<std::vector<record::Offset>> bases = ListSegments(files_, place_.directory);
    if (!bases.ok()) return bases.status();
    for (const record::Offset base : *bases) {
      const std::string path = io::JoinPath(place_.directory, log::SegmentFileName(base));
      absl::StatusOr<SegmentReport> segment = InspectSegment(files_, path, place_.key, depth_);
      if (!segment.ok()) return segment.status();
      report_.segments.push_back(*std::move(segment));
    }
    // Trimmed away, though not removed yet.
    std::vector<SegmentReport>& segments = report_.segments;
    while (segments.size() > 1 && segments[1].header.has_value() &&
           segments[1].base_offset <= place_.log_start) {
      segments.erase(segments.begin());
    }
    return absl::OkStatus();
  }

  bool last(size_t i) const { return i + 1 == report_.segments.size(); }

  // The offset with which a segment should end: what its footer says, or what the next one does.
  record::Offset EndOf(size_t i) const {
    const SegmentReport& segment = report_.segments[i];
    if (segment.sealed()) return segment.footer->next_offset;
    return last(i) ? segment.next_offset : report_.segments[i + 1].base_offset;
  }

  void AddFaults(size_t i) {
    const SegmentReport& segment = report_.segments[i];
    AddOrder(i);
    for (Fault fault : segment.faults) {
      // A footer that rotted at the end of the log is a torn write to the server, if to anybody.
      if (fault.kind == Fault::Kind::kFooter && last(i) && !segment.sealed()) continue;
      if (fault.kind != Fault::Kind::kFooter) fault.next_offset = EndOf(i);
      report_.faults.push_back(std::move(fault));
    }
    for (const Gap& gap : segment.gaps) {
      if (!TornOff(i, gap)) report_.faults.push_back(FaultOf(segment.path, gap));
    }
    if (!last(i) && !segment.sealed() && segment.header.has_value()) AddUnsealed(i);
  }

  void AddOrder(size_t i) {
    const SegmentReport& segment = report_.segments[i];
    const record::Offset expected = i == 0 ? report_.log_start : EndOf(i - 1);
    if (i == 0 ? segment.base_offset <= expected : segment.base_offset == expected) return;
    report_.faults.push_back({.kind = Fault::Kind::kOrder,
                              .file = segment.path,
                              .offset = std::min(expected, segment.base_offset),
                              .next_offset = std::max(expected, segment.base_offset),
                              .what = fmt::format("segment begins at offset {}, not at {}",
                                                  segment.base_offset.value, expected.value)});
  }

  // A segment without footer that another one follows.
  void AddUnsealed(size_t i) {
    const SegmentReport& segment = report_.segments[i];
    const record::Offset end = EndOf(i);
    if (segment.next_offset < end) {
      report_.faults.push_back({.kind = Fault::Kind::kFrames,
                                .file = segment.path,
                                .position = segment.chain_end,
                                .offset = segment.next_offset,
                                .next_offset = end,
                                .what = "the last frames are missing"});
    }
    if (!segment.faults.empty()) return;
    report_.faults.push_back({.kind = Fault::Kind::kFooter,
                              .file = segment.path,
                              .position = segment.chain_end,
                              .offset = end,
                              .next_offset = end,
                              .what = "the footer is missing"});
  }

  // What follows the last sound frame of a log that was not stopped in order is no damage when the
  // server takes it for a torn write.
  bool TornOff(size_t i, const Gap& gap) const {
    const bool at_end = last(i) && !report_.segments[i].sealed();
    return at_end && !report_.corrupt && gap.offset >= report_.next_offset;
  }

  void NoteKnownEnd() {
    record::Offset& end = report_.known_end;
    end = report_.next_offset;
    for (const SegmentReport& segment : report_.segments) {
      end = std::max({end, segment.base_offset, segment.next_offset});
    }
    if (place_.checkpoint.has_value()) end = std::max(end, place_.checkpoint->durable_end);
  }

  // Where a fault in the same file says why, that is enough.
  void AddVerdict() {
    if (!verdict_.has_value()) return;
    for (const Fault& fault : report_.faults) {
      const bool same_device =
          fault.kind == Fault::Kind::kUnreadable && fault.kind == verdict_->kind;
      if (fault.file == verdict_->file || same_device) return;
    }
    verdict_->next_offset = std::max(verdict_->offset, report_.known_end);
    report_.faults.push_back(*std::move(verdict_));
  }

  io::FileSystem& files_;
  const log::RecoveryInput& place_;
  const Depth depth_;
  std::optional<Fault> verdict_;
  LogReport report_;
};

}  // namespace

absl::StatusOr<LogReport> InspectLog(io::FileSystem& files, const log::RecoveryInput& place,
                                     Depth depth) {
  return LogInspector(files, place, depth).Run();
}

absl::StatusOr<std::vector<record::Offset>> ListSegments(io::FileSystem& files,
                                                         const std::string& directory) {
  const absl::StatusOr<std::vector<std::string>> names = files.List(directory);
  if (absl::IsNotFound(names.status())) return std::vector<record::Offset>();
  if (!names.ok()) return names.status();
  std::vector<record::Offset> bases;
  for (const std::string& name : *names) {
    if (const auto base = log::ParseSegmentFileName(name)) bases.push_back(*base);
  }
  std::sort(bases.begin(), bases.end());
  return bases;
}

}  // namespace leat::inspect
