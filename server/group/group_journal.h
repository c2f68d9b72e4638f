// The way of changes to the log: stamps batches, appends them one behind the other, and says when
// all of them so far are durable.
//
// Owned by `GroupLog`; its thread only. After a failed append none of the later ones counts,
// however it went: its stamp does not follow, and `GroupLoader` passes it over.

#ifndef LEAT_SERVER_GROUP_GROUP_JOURNAL_H_
#define LEAT_SERVER_GROUP_GROUP_JOURNAL_H_

#include <cstdint>
#include <deque>
#include <functional>
#include <string>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "server/group/group_records.pb.h"
#include "server/group/record_log.h"

namespace leat::group {

class GroupJournal {
 public:
  using Told = absl::AnyInvocable<void(const absl::Status&) &&>;

  // `log` outlives it. `on_failure` runs when an append has failed and nothing is under way any
  // more, so that the log stands still; until `Begin` nothing may be appended then.
  GroupJournal(RecordLog* log, uint64_t snapshot_interval_bytes,
               std::function<void(absl::Status)> on_failure);

  // Starts a generation: one higher than any in the log.
  void Begin(uint64_t generation);

  // Appends `records` as one batch.
  void Append(std::vector<internal::GroupRecord> records);

  // Runs `told` once everything appended so far is durable, with OK; or, when something of it is
  // not, with why. In order; at once when nothing is under way.
  void Then(Told told);

  // Enough was written since the last snapshot for another one.
  bool SnapshotDue() const;

  // Appends a snapshot, part by part, and trims what lies before it.
  void AppendSnapshot(std::vector<internal::GroupRecord> parts);

  // While reading the log: counts a record towards the next snapshot.
  void Count(const std::string& record) { bytes_since_snapshot_ += record.size(); }

  bool failed() const { return !failure_.ok(); }

 private:
  struct Waiting {
    uint64_t after = 0;  // Number of appends to wait for.
    Told told;
  };

  uint64_t Write(std::vector<internal::GroupRecord> records, bool begins_snapshot);
  void OnAppended(absl::StatusOr<int64_t> offset, bool begins_snapshot);
  void Fail(const absl::Status& status);
  void ReportFailure();
  void RunReady();

  RecordLog* const log_;
  const uint64_t snapshot_interval_bytes_;
  const std::function<void(absl::Status)> on_failure_;

  uint64_t generation_ = 0;
  uint64_t sequence_ = 0;
  uint64_t appended_ = 0;  // Ever.
  uint64_t answered_ = 0;
  std::deque<Waiting> waiting_;
  bool running_ = false;  // Inside `RunReady`.
  absl::Status failure_;

  uint64_t bytes_since_snapshot_ = 0;
  uint64_t snapshot_bytes_ = 0;     // Of the last one.
  uint64_t disk_bytes_before_ = 0;  // Of the log, when it was trimmed last.
  int64_t snapshot_offset_ = 0;
  bool snapshot_under_way_ = false;
  bool trimming_ = false;  // The log start is about to move.
};

}  // namespace leat::group

#endif  // LEAT_SERVER_GROUP_GROUP_JOURNAL_H_
