#include "server/group/group_journal.h"

#include <algorithm>
#include <utility>

namespace leat::group {
namespace {

// A snapshot may be so much of what was written since the one before.
constexpr uint64_t kMostOfWritten = 4;

// Small changes that come one by one take a block of the disk each: what the disk holds may grow by
// so much more than what was written.
constexpr uint64_t kDiskAllowance = 8;

}  // namespace

GroupJournal::GroupJournal(RecordLog* log, uint64_t snapshot_interval_bytes,
                           std::function<void(absl::Status)> on_failure)
    : log_(log),
      snapshot_interval_bytes_(snapshot_interval_bytes),
      on_failure_(std::move(on_failure)) {}

void GroupJournal::Begin(uint64_t generation) {
  generation_ = generation;
  sequence_ = 0;
  failure_ = absl::OkStatus();
  snapshot_under_way_ = false;
}

void GroupJournal::Append(std::vector<internal::GroupRecord> records) {
  bytes_since_snapshot_ += Write(std::move(records), /*begins_snapshot=*/false);
}

uint64_t GroupJournal::Write(std::vector<internal::GroupRecord> records, bool begins_snapshot) {
  internal::GroupBatch batch;
  batch.set_generation(generation_);
  batch.set_sequence(++sequence_);
  for (internal::GroupRecord& record : records) *batch.add_records() = std::move(record);
  std::string bytes = batch.SerializeAsString();
  const uint64_t size = bytes.size();
  ++appended_;
  log_->Append(std::move(bytes), [this, begins_snapshot](absl::StatusOr<int64_t> offset) {
    OnAppended(std::move(offset), begins_snapshot);
  });
  return size;
}

void GroupJournal::OnAppended(absl::StatusOr<int64_t> offset, bool begins_snapshot) {
  ++answered_;
  if (!failed() && !offset.ok()) {
    Fail(offset.status());
  } else if (!failed()) {
    if (begins_snapshot) snapshot_offset_ = *offset;
    RunReady();
  }
  ReportFailure();
}

void GroupJournal::ReportFailure() {
  if (failed() && answered_ == appended_ && !trimming_) on_failure_(failure_);
}

void GroupJournal::Fail(const absl::Status& status) {
  failure_ = status;
  RunReady();
}

void GroupJournal::Then(Told told) {
  waiting_.push_back({appended_, std::move(told)});
  RunReady();
}

void GroupJournal::RunReady() {
  if (running_) return;
  running_ = true;
  while (!waiting_.empty() && (failed() || waiting_.front().after <= answered_)) {
    Told told = std::move(waiting_.front().told);
    waiting_.pop_front();
    std::move(told)(failure_);
  }
  running_ = false;
}

bool GroupJournal::SnapshotDue() const {
  if (snapshot_under_way_ || failed()) return false;
  const uint64_t least = kMostOfWritten * snapshot_bytes_;
  const uint64_t disk_growth = std::max(kDiskAllowance * snapshot_interval_bytes_, least);
  return bytes_since_snapshot_ > std::max(snapshot_interval_bytes_, least) ||
         log_->bytes_on_disk() > disk_bytes_before_ + disk_growth;
}

void GroupJournal::AppendSnapshot(std::vector<internal::GroupRecord> parts) {
  snapshot_under_way_ = true;
  snapshot_bytes_ = 0;
  bytes_since_snapshot_ = 0;
  for (size_t i = 0; i < parts.size(); ++i) {
    snapshot_bytes_ += Write({std::move(parts[i])}, /*begins_snapshot=*/i == 0);
  }
  Then([this](const absl::Status& status) {
    if (!status.ok()) return;
    trimming_ = true;
    // If the start is not saved, what lies before stays until the next snapshot.
    log_->TrimTo(snapshot_offset_, [this](const absl::Status&) {
      trimming_ = false;
      snapshot_under_way_ = false;
      disk_bytes_before_ = log_->bytes_on_disk();
      ReportFailure();
    });
  });
}

}  // namespace leat::group
