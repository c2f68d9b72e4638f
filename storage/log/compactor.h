// Rewrites sealed segments of a log: compacted, where the log is to keep only the last record of
// each key, and dense, where padding takes too much.
//
// A run goes over the log in passes (`compaction_plan.h`), one segment after the other, each in
// steps on a background thread with pauses in between. Between two steps it may be cancelled. The
// active segment is never touched, nor one that retention has taken; reads go on in the file they
// have, or in the new one.
//
// Held in a shared pointer by the log; once that is gone a step under way ends on its own and
// nobody is called. The log's thread. After a crash each segment is the old one or the new one; a
// replacement that took no place is removed when the log is opened.

#ifndef LEAT_STORAGE_LOG_COMPACTOR_H_
#define LEAT_STORAGE_LOG_COMPACTOR_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "storage/io/event_loop.h"
#include "storage/log/compaction_keys.h"
#include "storage/log/compaction_plan.h"
#include "storage/log/durable_log.h"
#include "storage/log/log_types.h"
#include "storage/log/retention.h"
#include "storage/log/segment_work.h"
#include "storage/record/ids.h"

namespace leat::log {

class Compactor : public std::enable_shared_from_this<Compactor> {
 public:
  // `replaced` is called whenever a segment has another file.
  Compactor(const LogEnvironment& environment, std::shared_ptr<DurableLog> log,
            std::function<void()> replaced);

  // As `Log::CompactionDue` and `Log::Compact`.
  bool Due(const LogOptions& options);
  void Run(const LogOptions& options, const CompactionLimits& limits, CompactionCallback done);

  // Ends a run, soon, with CANCELLED.
  void Cancel();

  // Calls `idle` when no run is under way; perhaps before this returns.
  void WhenIdle(absl::AnyInvocable<void() &&> idle);

 private:
  void BeginPass();
  void NoteNext();
  void BeginRewriting(record::Offset noted_end);
  void RewriteNext();
  void Rewrite(const std::shared_ptr<Segment>& segment, SegmentRewrite::Task task);
  void Swap(const std::shared_ptr<Segment>& segment,
            const std::shared_ptr<SegmentRewrite>& rewrite);
  void OnSwapped(const std::shared_ptr<Segment>& segment, const SegmentRewrite& rewrite,
                 absl::StatusOr<SwapResult> result);
  void EndPass();
  void End(absl::Status status);

  // The wall clock as it went on since the run began: should it jump meanwhile, nothing is judged
  // by that.
  int64_t NowMillis() const;

  // Runs the steps of `work`, then `done`.
  void Drive(std::shared_ptr<SegmentWork> work, io::IoCallback done);
  void Pause(uint64_t bytes, io::Task then);
  void Offload(absl::AnyInvocable<absl::Status() &&> work, io::IoCallback done);

  const LogEnvironment environment_;
  const std::shared_ptr<DurableLog> log_;
  const std::function<void()> replaced_;
  WallClockWatch wall_clock_;
  bool given_up_ = false;         // Nothing more can be done before the log is opened again.
  io::MonotonicTime not_before_;  // After an error.

  // The run under way.
  LogOptions options_;
  CompactionLimits limits_;
  CompactionCallback done_;  // Null without one.
  CompactionReport report_;
  io::MonotonicTime began_;
  int64_t began_ms_ = 0;
  std::shared_ptr<CompactionKeys> keys_;
  CompactionPass pass_;
  record::Offset sealed_end_;
  record::Offset next_;  // Where the next segment to look at begins, or the next key to note lies.
  bool cancelled_ = false;
  io::TimerId pause_ = 0;
  std::optional<io::Task> after_pause_;
  absl::AnyInvocable<void() &&> idle_;
};

}  // namespace leat::log

#endif  // LEAT_STORAGE_LOG_COMPACTOR_H_
