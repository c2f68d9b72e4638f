// Reads of a log: from the tail in memory where that reaches, else from disk.
//
// A read from disk leaves its cursor behind, with what it has read ahead, for the read that goes on
// where it ended; left alone for a while, among too many, or over the shard's budget, a cursor is
// dropped. Reads run side by side.
//
// Held in a shared pointer by the log; once that is gone nobody is called. The log's thread.

#ifndef LEAT_STORAGE_LOG_LOG_READER_H_
#define LEAT_STORAGE_LOG_LOG_READER_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>

#include "absl/container/flat_hash_set.h"
#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "storage/log/durable_log.h"
#include "storage/log/log_cursor.h"
#include "storage/log/log_types.h"
#include "storage/log/quiet_timer.h"
#include "storage/log/read_ahead_budget.h"
#include "storage/record/ids.h"

namespace leat::log {

class LogReader : public std::enable_shared_from_this<LogReader> {
 public:
  static constexpr size_t kMaxIdleCursors = 8;

  LogReader(const LogEnvironment& environment, std::shared_ptr<const DurableLog> log);

  // As `Log::Read` and `Log::FindTimestamp`.
  void Read(record::Offset from, size_t max_bytes, ReadCallback done);
  void FindTimestamp(int64_t timestamp_ms, OffsetCallback done);

  // Lets go of the files of segments that are no longer part of the log.
  void DropTrimmed();

  // Calls `done` when no read is in progress; perhaps before this returns.
  void Drain(absl::AnyInvocable<void() &&> done);

 private:
  // Where a read ended.
  struct IdleCursor {
    record::Offset next_offset;
    std::shared_ptr<LogCursor> cursor;
    ReadAheadBudget::Share memory;
  };
  struct DiskRead;

  // Runs `start` later, counted as a read in progress until `EndRead`.
  void BeginRead(absl::AnyInvocable<void() &&> start);
  void EndRead();

  void StartRead(record::Offset from, size_t max_bytes, ReadCallback done);
  void StartDiskRead(record::Offset from, size_t max_bytes, ReadCallback done);
  void EndDiskRead(DiskRead& read, absl::Status status);
  void StartSearch(int64_t timestamp_ms, OffsetCallback done);

  std::shared_ptr<LogCursor> TakeBusy(LogCursor* cursor);
  std::shared_ptr<LogCursor> TakeIdle(record::Offset from);
  void KeepIdle(std::shared_ptr<LogCursor> cursor, const DiskRead& read);

  absl::Status OutOfRange(record::Offset offset) const;

  const LogEnvironment environment_;
  const std::shared_ptr<const DurableLog> log_;
  absl::flat_hash_set<std::shared_ptr<LogCursor>> busy_;
  std::deque<IdleCursor> idle_;  // The one used last is the last.
  std::shared_ptr<QuietTimer> idle_timer_;
  size_t in_progress_ = 0;
  absl::AnyInvocable<void() &&> drained_;
};

}  // namespace leat::log

#endif  // LEAT_STORAGE_LOG_LOG_READER_H_
