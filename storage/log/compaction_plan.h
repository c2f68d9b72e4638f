// What there is to compact or to make dense, and what is to become of each segment on the way.
// Decides only; memory only. The log's thread.
//
// Sealed segments that compaction has gone over are *clean*: no two records before the end of the
// last of them, those that a later segment holds aside, have one key. From the first one that is
// not, the *dirty* part begins. A pass notes the keys of as much of the dirty part as memory
// allows, and then rewrites, in order, every segment up to there that holds what they supersede.

#ifndef LEAT_STORAGE_LOG_COMPACTION_PLAN_H_
#define LEAT_STORAGE_LOG_COMPACTION_PLAN_H_

#include <cstdint>
#include <memory>
#include <optional>

#include "storage/log/batch_compaction.h"
#include "storage/log/durable_log.h"
#include "storage/log/log_types.h"
#include "storage/log/segment.h"
#include "storage/log/segment_work.h"
#include "storage/record/ids.h"

namespace leat::log {

// A segment is made dense once that gives back so much of its file.
inline constexpr uint64_t kWorthwhileShare = 4;  // A quarter.

// Whether a sealed segment has so much padding that it is worth a rewrite.
bool IsPadded(const Segment& segment);

// Where the dirty part begins: the base of the first sealed segment that is not clean, else the end
// of the last one.
record::Offset DirtyStart(const DurableLog& log);

// The end of the last sealed segment; the log start without any.
record::Offset SealedEnd(const DurableLog& log);

// Whether there is work: a dirty part as large as the clean one, tombstones whose time has come, or
// a padded segment.
bool IsCompactionDue(const DurableLog& log, const LogOptions& options, int64_t now_ms);

// One pass, when its keys are noted.
struct CompactionPass {
  std::shared_ptr<const CompactionKeys> keys;  // Null: nothing is to be compacted.
  record::Offset noted_end;                    // Keys before it were noted.
  record::Offset dirty_start;                  // When the run began.
  absl::Duration tombstone_retention;
  int64_t now_ms = 0;
};

// What the pass is to do with a sealed segment; nullopt: nothing. The ids are the caller's to add.
std::optional<SegmentRewrite::Task> TaskFor(const Segment& segment, const CompactionPass& pass);

}  // namespace leat::log

#endif  // LEAT_STORAGE_LOG_COMPACTION_PLAN_H_
