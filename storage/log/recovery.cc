#include "storage/log/recovery.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "fmt/core.h"
#include "storage/log/active_recovery.h"
#include "storage/log/corruption.h"
#include "storage/log/producer_recovery.h"
#include "storage/log/producer_snapshot.h"
#include "storage/log/quarantine.h"

namespace leat::log {
namespace {

// A segment or a snapshot of producers that was not given its name yet.
bool IsUnfinished(std::string_view name) {
  constexpr std::string_view kTemporarySuffix = ".tmp";
  if (!name.ends_with(kTemporarySuffix)) return false;
  name.remove_suffix(kTemporarySuffix.size());
  return name == kProducerSnapshotName || ParseSegmentFileName(name).has_value();
}

class Recovery {
 public:
  Recovery(io::FileSystem& files, const RecoveryInput& input) : files_(files), input_(input) {
    log_.log_start = input.log_start;
    log_.next_offset = input.log_start;
  }

  absl::StatusOr<RecoveredLog> Run() && {
    absl::Status status = TidyDirectory();
    if (status.ok()) status = RemoveExpiredSegments();
    for (size_t i = 0; status.ok() && !log_.corrupt.has_value() && i < bases_.size(); ++i) {
      status = OpenSegment(i);
    }
    if (status.ok() && !log_.corrupt.has_value()) status = Conclude();
    if (!status.ok()) return status;
    log_.next_offset = std::max(log_.next_offset, log_.log_start);
    if (!log_.corrupt.has_value() && (has_snapshot_ || MustHaveSnapshot())) {
      status = RecoverProducers(files_, input_, log_);
    }
    if (!status.ok()) return status;
    return std::move(log_);
  }

 private:
  std::string PathOf(std::string_view name) const { return io::JoinPath(input_.directory, name); }

  SegmentHeader ExpectedHeader(record::Offset base) const {
    return {
        .topic_id = input_.key.topic_id, .partition = input_.key.partition, .base_offset = base};
  }

  // Then all there is has been flushed.
  bool StoppedInOrder() const { return input_.clean_shutdown && input_.checkpoint.has_value(); }

  void FoundCorrupt(Finding finding) {
    log_.findings.push_back(finding);
    log_.corrupt = std::move(finding);
  }

  // Leaves nothing but a log's files, and notes which there are.
  absl::Status TidyDirectory() {
    const absl::StatusOr<std::vector<std::string>> names = files_.List(input_.directory);
    if (absl::IsNotFound(names.status())) return absl::OkStatus();
    if (!names.ok()) return names.status();
    directory_exists_ = true;
    for (const std::string& name : *names) {
      absl::Status status;
      if (const std::optional<record::Offset> base = ParseSegmentFileName(name)) {
        bases_.push_back(*base);
      } else if (name == kProducerSnapshotName) {
        has_snapshot_ = true;
      } else if (IsUnfinished(name)) {
        status = files_.Remove(PathOf(name));
      } else if (IsReplacementName(name)) {
        replacements_.push_back(PathOf(name));
      } else {
        status = MoveStray(PathOf(name));
      }
      if (!status.ok()) return status;
    }
    std::sort(bases_.begin(), bases_.end());
    return absl::OkStatus();
  }

  absl::Status MoveStray(const std::string& path) {
    Quarantine quarantine(files_, input_.quarantine_directory, input_.key);
    const absl::StatusOr<std::string> kept =
        quarantine.Move(std::string(absl::StripSuffix(path, "/")));
    if (!kept.ok()) return kept.status();
    log_.findings.push_back({.kind = Finding::Kind::kQuarantined,
                             .file = path,
                             .detail = fmt::format("not a file of a log; kept as {}", *kept)});
    return absl::OkStatus();
  }

  // Whether the file is what its name says.
  absl::StatusOr<bool> IsSegment(record::Offset base) {
    absl::StatusOr<std::unique_ptr<io::File>> file =
        files_.Open(PathOf(SegmentFileName(base)), io::OpenMode::kReadDirect);
    if (!file.ok()) return file.status();
    const absl::StatusOr<SegmentHeader> header = ReadSegmentHeader(**file, ExpectedHeader(base));
    if (!header.ok() && !IsDamage(header.status())) return header.status();
    return header.ok();
  }

  // A trim that was interrupted: the log start moves durably before files go. That a segment lies
  // wholly before it, the one behind it tells.
  absl::Status RemoveExpiredSegments() {
    size_t expired = 0;
    for (; expired + 1 < bases_.size() && bases_[expired + 1] <= input_.log_start; ++expired) {
      const absl::StatusOr<bool> follows = IsSegment(bases_[expired + 1]);
      if (!follows.ok()) return follows.status();
      if (!*follows) break;
    }
    for (size_t i = 0; i < expired; ++i) {
      const std::string path = PathOf(SegmentFileName(bases_[i]));
      const absl::StatusOr<bool> ours = IsSegment(bases_[i]);
      if (!ours.ok()) return ours.status();
      absl::Status removed = *ours ? files_.Remove(path) : MoveStray(path);
      if (!removed.ok()) return removed;
    }
    bases_.erase(bases_.begin(), bases_.begin() + static_cast<ptrdiff_t>(expired));
    return absl::OkStatus();
  }

  absl::Status OpenSegment(size_t i) {
    const record::Offset base = bases_[i];
    const bool last = i + 1 == bases_.size();
    const std::string path = PathOf(SegmentFileName(base));
    const bool in_order = i == 0 ? base <= log_.log_start : base == log_.next_offset;
    if (!in_order) {
      FoundCorrupt({.kind = Finding::Kind::kCorrupt,
                    .file = path,
                    .offset = log_.next_offset,
                    .detail = fmt::format("segment begins at offset {}, not at {}", base.value,
                                          log_.next_offset.value)});
      return absl::OkStatus();
    }
    const SegmentHeader expected = ExpectedHeader(base);
    absl::StatusOr<SealedSegment> sealed = OpenSealedSegment(files_, path, expected);
    if (sealed.ok()) {
      TakeSealed(*std::move(sealed));
      return last ? KeepOrRemoveLast() : absl::OkStatus();
    }
    if (!IsDamage(sealed.status())) return sealed.status();
    return OpenUnsealed(path, expected, sealed.status(), last);
  }

  void TakeSealed(SealedSegment segment) {
    log_.next_offset = segment.footer.next_offset;
    log_.last_append_timestamp_ms =
        std::max(log_.last_append_timestamp_ms, segment.footer.last_append_timestamp_ms);
    log_.sealed.push_back(std::move(segment));
  }

  // A sealed segment that no other one follows: its sealing may not have been flushed, or the log
  // start may have passed all of it.
  absl::Status KeepOrRemoveLast() {
    const std::string path = log_.sealed.back().path;
    if (log_.next_offset <= log_.log_start && log_.sealed.size() == 1) {
      log_.sealed.pop_back();
      return files_.Remove(path);
    }
    if (StoppedInOrder()) return absl::OkStatus();
    absl::StatusOr<std::unique_ptr<io::File>> file =
        files_.Open(path, io::OpenMode::kReadWriteDirect);
    if (!file.ok()) return file.status();
    return (*file)->Sync();
  }

  absl::Status OpenUnsealed(const std::string& path, const SegmentHeader& expected,
                            const absl::Status& why, bool last) {
    absl::StatusOr<ActiveRecovery> recovery =
        RecoverActiveSegment(files_, input_, path, expected, !last);
    if (!recovery.ok()) return recovery.status();
    log_.bytes_checked += recovery->bytes_checked;
    if (recovery->sealed.has_value()) {
      TakeSealed(*std::move(recovery->sealed));
      return KeepOrRemoveLast();
    }
    if (recovery->active.has_value()) {
      log_.active = std::move(recovery->active);
      log_.next_offset = log_.active->next_offset;
      log_.last_append_timestamp_ms =
          std::max(log_.last_append_timestamp_ms, log_.active->last_append_timestamp_ms);
    }
    if (!recovery->finding.has_value()) return absl::OkStatus();
    if (recovery->finding->kind == Finding::Kind::kCorrupt) {
      if (!last) absl::StrAppend(&recovery->finding->detail, ": ", why.message());
      FoundCorrupt(*std::move(recovery->finding));
    } else {
      log_.findings.push_back(*std::move(recovery->finding));
    }
    return absl::OkStatus();
  }

  // What was acknowledged must be there even where no segment is left to say so. Then makes durable
  // what an earlier run may have done to the directory without living to flush it.
  absl::Status Conclude() {
    const record::Offset end = std::max(log_.next_offset, log_.log_start);
    if (input_.checkpoint.has_value() && input_.checkpoint->durable_end > end) {
      FoundCorrupt({.kind = Finding::Kind::kCorrupt,
                    .file = input_.directory,
                    .offset = end,
                    .detail = fmt::format("acknowledged records are missing: up to offset {}",
                                          input_.checkpoint->durable_end.value)});
      return absl::OkStatus();
    }
    if (absl::Status removed = RemoveReplacements(); !removed.ok()) return removed;
    if (StoppedInOrder() || !directory_exists_) return absl::OkStatus();
    return files_.SyncDirectory(input_.directory);
  }

  // Whether a segment says that there was a snapshot of producers when its first frame came.
  bool MustHaveSnapshot() const {
    const std::optional<ActiveSegment>& active = log_.active;
    return std::any_of(log_.sealed.begin(), log_.sealed.end(),
                       [](const SealedSegment& sealed) { return sealed.header.has_producers; }) ||
           (active.has_value() && active->header.has_producers &&
            active->next_offset > active->header.base_offset);
  }

  // Compaction was interrupted: the segments that they were to replace are whole, as is the log.
  absl::Status RemoveReplacements() {
    for (const std::string& path : replacements_) {
      if (absl::Status removed = files_.Remove(path); !removed.ok()) return removed;
      log_.findings.push_back({.kind = Finding::Kind::kLeftoverRemoved,
                               .file = path,
                               .detail = "the rewrite of a segment was interrupted"});
    }
    return absl::OkStatus();
  }

  io::FileSystem& files_;
  const RecoveryInput& input_;
  bool directory_exists_ = false;
  bool has_snapshot_ = false;  // Of producers.
  std::vector<record::Offset> bases_;
  std::vector<std::string> replacements_;
  RecoveredLog log_;
};

}  // namespace

absl::StatusOr<RecoveredLog> RecoverLog(io::FileSystem& files, const RecoveryInput& input) {
  return Recovery(files, input).Run();
}

}  // namespace leat::log
