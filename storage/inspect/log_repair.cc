#include "storage/inspect/log_repair.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <utility>

#include "absl/status/status.h"
#include "fmt/core.h"
#include "storage/io/aligned_buffer.h"
#include "storage/log/file_window.h"
#include "storage/log/frame_scanner.h"
#include "storage/log/quarantine.h"
#include "storage/log/segment_file.h"

namespace leat::inspect {
namespace {

bool HasFooterFault(const SegmentReport& segment) {
  return std::any_of(segment.faults.begin(), segment.faults.end(),
                     [](const Fault& fault) { return fault.kind == Fault::Kind::kFooter; });
}

class Planner {
 public:
  Planner(const LogReport& report, const log::RecoveryInput& place, Beginning beginning)
      : report_(report), segments_(report.segments), place_(place), beginning_(beginning) {}

  RepairPlan Plan() && {
    if (report_.faults.empty() && !report_.corrupt) {
      return {
          .log_start = report_.log_start, .end = report_.known_end, .known_end = report_.known_end};
    }
    plan_.log_start = next_ = Front();
    size_t i = 0;
    while (i < segments_.size()) i = Keep(i);
    if (next_ < plan_.log_start) MoveAway(0, segments_.size());
    // First the newest: as long as one is missing, the checkpoint bears witness.
    std::stable_sort(plan_.steps.begin(), plan_.steps.end(),
                     [](const RepairStep& a, const RepairStep& b) { return a.file > b.file; });
    if (plan_.log_start > report_.log_start) {
      plan_.steps.push_back({.kind = RepairStep::Kind::kMoveLogStart});
    }
    if (place_.checkpoint.has_value()) {
      plan_.steps.push_back({.kind = RepairStep::Kind::kForgetWitness});
    }
    plan_.end = std::max(next_, plan_.log_start);
    plan_.known_end = std::max(plan_.end, report_.known_end);
    return std::move(plan_);
  }

 private:
  // Where the log can begin. Where no file is left its offsets go on, not to be given away twice.
  record::Offset Front() const {
    const record::Offset known = report_.log_start;
    if (beginning_ == Beginning::kFixed) return known;
    for (const SegmentReport& segment : segments_) {
      if (segment.header.has_value()) return std::max(known, segment.base_offset);
    }
    return report_.known_end;
  }

  // Whether a segment goes on where those before it end.
  bool Follows(size_t i) const {
    if (!segments_[i].header.has_value()) return false;
    return i == 0 ? segments_[i].base_offset <= next_ : segments_[i].base_offset == next_;
  }

  // Decides about a segment; returns the one to go on with.
  size_t Keep(size_t i) {
    const SegmentReport& segment = segments_[i];
    if (!Follows(i)) {
      size_t other = i + 1;
      while (other < segments_.size() && !Follows(other)) ++other;
      MoveAway(i, other);
      return other;
    }
    next_ = segment.chain_next_offset;
    const bool last = i + 1 == segments_.size();
    if (segment.sealed() && segment.gaps.empty()) {
      if (HasFooterFault(segment)) Change(RepairStep::Kind::kWriteFooter, segment);
      return i + 1;
    }
    if (segment.gaps.empty() && !last && Follows(i + 1)) {
      Change(RepairStep::Kind::kWriteFooter, segment);
      return i + 1;
    }
    if (segment.chain_end.bytes < segment.file_bytes) Change(RepairStep::Kind::kCut, segment);
    MoveAway(i + 1, segments_.size());
    return segments_.size();
  }

  void Change(RepairStep::Kind kind, const SegmentReport& segment) {
    plan_.steps.push_back({.kind = kind,
                           .file = segment.path,
                           .position = segment.chain_end,
                           .bytes = segment.file_bytes - segment.chain_end.bytes});
  }

  void MoveAway(size_t from, size_t to) {
    for (size_t i = from; i < to; ++i) {
      std::erase_if(plan_.steps,
                    [&](const RepairStep& step) { return step.file == segments_[i].path; });
      plan_.steps.push_back({.kind = RepairStep::Kind::kMoveAway,
                             .file = segments_[i].path,
                             .bytes = segments_[i].file_bytes});
    }
  }

  const LogReport& report_;
  const std::vector<SegmentReport>& segments_;
  const log::RecoveryInput& place_;
  const Beginning beginning_;
  record::Offset next_;
  RepairPlan plan_;
};

absl::Status Cut(io::File& file, io::FilePosition end) {
  if (absl::Status cut = file.Truncate(end.bytes); !cut.ok()) return cut;
  return file.Sync();
}

// Completes a segment whose frames end at `end`.
absl::Status WriteFooter(io::FileSystem& files, const log::RecoveryInput& place,
                         const RepairStep& step, std::shared_ptr<io::File> file) {
  const absl::StatusOr<SegmentReport> found =
      InspectSegment(files, step.file, place.key, Depth::kOutline);
  if (!found.ok()) return found.status();
  if (!found->header.has_value()) return absl::DataLossError("segment header is damaged");
  log::FileWindow window(*file, step.position.bytes);
  const uint32_t header_crc = log::SegmentHeaderCrc(*found->header);
  log::ActiveSegment segment{.file = std::move(file),
                             .header = *found->header,
                             .header_crc = header_crc,
                             .frames_end = {io::kBlockBytes},
                             .last_frame_crc = header_crc,
                             .prepared_end = step.position,
                             .next_offset = found->header->base_offset};
  const absl::StatusOr<log::ScanEnd> scan = log::ScanFrames(window, segment);
  if (!scan.ok()) return scan.status();
  if (segment.frames_end != step.position) return scan->reason;
  return log::SealSegment(segment).status();
}

}  // namespace

RepairPlan PlanRepair(const LogReport& report, const log::RecoveryInput& place,
                      Beginning beginning) {
  return Planner(report, place, beginning).Plan();
}

absl::StatusOr<std::string> DoStep(io::FileSystem& files, const log::RecoveryInput& place,
                                   const RepairStep& step) {
  const bool callers =
      step.kind == RepairStep::Kind::kForgetWitness || step.kind == RepairStep::Kind::kMoveLogStart;
  if (callers) return std::string();
  log::Quarantine quarantine(files, place.quarantine_directory, place.key);
  if (step.kind == RepairStep::Kind::kMoveAway) return quarantine.Move(step.file);

  absl::StatusOr<std::unique_ptr<io::File>> opened =
      files.Open(step.file, io::OpenMode::kReadWriteDirect);
  if (!opened.ok()) return opened.status();
  const std::shared_ptr<io::File> file = *std::move(opened);
  std::string kept;
  if (step.bytes > 0) {
    absl::StatusOr<std::string> copy =
        quarantine.CopyBytes(step.file, step.position, step.position + step.bytes);
    if (!copy.ok()) return copy;
    kept = *std::move(copy);
  }
  if (absl::Status cut = Cut(*file, step.position); !cut.ok()) return cut;
  if (step.kind == RepairStep::Kind::kWriteFooter) {
    if (absl::Status written = WriteFooter(files, place, step, file); !written.ok()) return written;
  }
  return kept;
}

}  // namespace leat::inspect
