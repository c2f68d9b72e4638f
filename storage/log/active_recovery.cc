#include "storage/log/active_recovery.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "fmt/core.h"
#include "storage/io/aligned_buffer.h"
#include "storage/log/corruption.h"
#include "storage/log/file_window.h"
#include "storage/log/frame_scanner.h"
#include "storage/log/leftover_survey.h"
#include "storage/log/opening_decision.h"
#include "storage/log/quarantine.h"

namespace leat::log {
namespace {

// What reading a segment, and no more, tells.
struct Examination {
  ActiveSegment segment;
  uint64_t file_bytes = 0;
  uint64_t bytes_checked = 0;
  absl::Status chain_end;  // Why the chain of frames ends; OK at the end of the file.
  LeftoverSurvey leftover;
};

absl::StatusOr<Examination> Examine(std::shared_ptr<io::File> file, const SegmentHeader& header,
                                    const std::optional<CheckpointEntry>& checkpoint) {
  const absl::StatusOr<uint64_t> size = file->Size();
  if (!size.ok()) return size.status();
  FileWindow window(*file, *size);
  const uint32_t header_crc = SegmentHeaderCrc(header);
  ActiveSegment segment{.file = std::move(file),
                        .header = header,
                        .header_crc = header_crc,
                        .frames_end = {io::kBlockBytes},
                        .last_frame_crc = header_crc,
                        .next_offset = header.base_offset};
  if (checkpoint.has_value()) {
    const absl::StatusOr<bool> skipped = SkipToCheckpoint(*checkpoint, window, segment);
    if (!skipped.ok()) return skipped.status();
  }
  absl::StatusOr<ScanEnd> scan = ScanFrames(window, segment);
  if (!scan.ok()) return scan.status();
  absl::StatusOr<LeftoverSurvey> leftover = SurveyLeftover(window, segment, *size);
  if (!leftover.ok()) return leftover.status();
  return Examination{.segment = std::move(segment),
                     .file_bytes = *size,
                     .bytes_checked = scan->bytes_checked,
                     .chain_end = std::move(scan->reason),
                     .leftover = *leftover};
}

OpeningSituation SituationOf(const Examination& found, const RecoveryInput& input,
                             bool followed_by_segment) {
  OpeningSituation situation{.end = found.segment.frames_end,
                             .next_offset = found.segment.next_offset,
                             .leftover = found.leftover.kind,
                             .leftover_stable_offset = found.leftover.stable_offset,
                             .acknowledged_end = input.log_start,
                             .followed_by_segment = followed_by_segment};
  if (!input.checkpoint.has_value()) return situation;
  situation.acknowledged_end = std::max(input.log_start, input.checkpoint->durable_end);
  if (input.clean_shutdown &&
      input.checkpoint->segment_base_offset == found.segment.header.base_offset) {
    situation.clean_end = input.checkpoint->position;
  }
  return situation;
}

Finding FindingOf(Finding::Kind kind, const Examination& found, const OpeningVerdict& verdict) {
  const ActiveSegment& segment = found.segment;
  Finding finding{.kind = kind,
                  .file = segment.file->path(),
                  .position = segment.frames_end,
                  .offset = segment.next_offset,
                  .detail = std::string(verdict.situation)};
  if (found.leftover.bytes_end > segment.frames_end) {
    finding.bytes = found.leftover.bytes_end - segment.frames_end;
  }
  if (!found.chain_end.ok()) {
    absl::StrAppend(&finding.detail, " (", found.chain_end.message(), ")");
  }
  if (found.leftover.stable_offset > segment.next_offset) {
    finding.detail +=
        fmt::format("; the frame at byte {} says that all before offset {} was durable",
                    found.leftover.witness_position.bytes, found.leftover.stable_offset.value);
  }
  return finding;
}

// Takes away everything after the last sound frame, and with it what a write that a dead process
// left in flight may still bring: cutting waits for it. What the frames before hold may not have
// been flushed by whoever wrote it; it is now.
absl::Status Cut(ActiveSegment& segment) {
  absl::Status cut = segment.file->Truncate(segment.frames_end.bytes);
  if (!cut.ok()) return cut;
  return segment.file->Sync();
}

absl::StatusOr<ActiveRecovery> Continue(Examination& found, bool flushed) {
  if (!flushed) {
    if (absl::Status synced = found.segment.file->Sync(); !synced.ok()) return synced;
  }
  found.segment.prepared_end = found.segment.frames_end;
  return ActiveRecovery{.active = std::move(found.segment)};
}

absl::StatusOr<ActiveRecovery> CutAndContinue(Examination& found) {
  if (absl::Status cut = Cut(found.segment); !cut.ok()) return cut;
  found.segment.prepared_end = found.segment.frames_end;
  return ActiveRecovery{.active = std::move(found.segment)};
}

absl::StatusOr<ActiveRecovery> KeepAsideAndCut(io::FileSystem& files, const RecoveryInput& input,
                                               Examination& found, const OpeningVerdict& verdict) {
  Finding finding = FindingOf(Finding::Kind::kTailCut, found, verdict);
  Quarantine quarantine(files, input.quarantine_directory, input.key);
  const absl::StatusOr<std::string> kept =
      quarantine.CopyBytes(finding.file, finding.position, found.leftover.bytes_end);
  if (!kept.ok()) return kept.status();
  finding.detail += fmt::format("; kept in {}", *kept);
  absl::StatusOr<ActiveRecovery> recovery = CutAndContinue(found);
  if (recovery.ok()) recovery->finding = std::move(finding);
  return recovery;
}

// The caller flushes the last segment, or removes it.
absl::StatusOr<ActiveRecovery> FinishSealing(io::FileSystem& files, const SegmentHeader& expected,
                                             Examination& found) {
  absl::Status status = found.segment.file->Truncate(found.leftover.bytes_end.bytes);
  if (!status.ok()) return status;
  absl::StatusOr<SealedSegment> sealed =
      OpenSealedSegment(files, found.segment.file->path(), expected);
  if (!sealed.ok()) return sealed.status();
  return ActiveRecovery{.sealed = *std::move(sealed)};
}

absl::StatusOr<ActiveRecovery> LeaveCorrupt(io::FileSystem& files, Examination& found,
                                            const OpeningVerdict& verdict) {
  Finding finding = FindingOf(Finding::Kind::kCorrupt, found, verdict);
  absl::StatusOr<std::unique_ptr<io::File>> file =
      files.Open(finding.file, io::OpenMode::kReadDirect);
  if (!file.ok()) return file.status();
  found.segment.file = *std::move(file);
  found.segment.prepared_end = found.segment.frames_end;
  return ActiveRecovery{.active = std::move(found.segment), .finding = std::move(finding)};
}

}  // namespace

absl::StatusOr<ActiveRecovery> RecoverActiveSegment(io::FileSystem& files,
                                                    const RecoveryInput& input,
                                                    const std::string& path,
                                                    const SegmentHeader& expected,
                                                    bool followed_by_segment) {
  absl::StatusOr<std::unique_ptr<io::File>> file = files.Open(path, io::OpenMode::kReadWriteDirect);
  if (!file.ok()) return file.status();
  const absl::StatusOr<SegmentHeader> header = ReadSegmentHeader(**file, expected);
  if (IsDamage(header.status())) {
    return ActiveRecovery{.finding = Finding{.kind = Finding::Kind::kCorrupt,
                                             .file = path,
                                             .offset = expected.base_offset,
                                             .detail = absl::StrCat(header.status().message())}};
  }
  if (!header.ok()) return header.status();
  absl::StatusOr<Examination> found = Examine(*std::move(file), *header, input.checkpoint);
  if (!found.ok()) return found.status();

  const OpeningSituation situation = SituationOf(*found, input, followed_by_segment);
  const OpeningVerdict verdict = DecideOpening(situation);
  absl::StatusOr<ActiveRecovery> recovery = [&]() -> absl::StatusOr<ActiveRecovery> {
    switch (verdict.decision) {
      case OpeningDecision::kContinue:
        return Continue(*found, situation.clean_end.has_value());
      case OpeningDecision::kCut:
        return CutAndContinue(*found);
      case OpeningDecision::kKeepAsideAndCut:
        return KeepAsideAndCut(files, input, *found, verdict);
      case OpeningDecision::kFinishSealing:
        return FinishSealing(files, expected, *found);
      case OpeningDecision::kCorrupt:
        return LeaveCorrupt(files, *found, verdict);
    }
    return absl::InternalError("unknown decision");
  }();
  if (recovery.ok()) recovery->bytes_checked = found->bytes_checked;
  return recovery;
}

}  // namespace leat::log
