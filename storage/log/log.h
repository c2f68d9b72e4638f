// A log: one partition's records on one machine. Appends are written and flushed in groups; readers see what is durable and nothing else.
//
// Owned by a shard and used on its event loop's thread only. Callbacks run on that thread, never inside the call that gave them. After a crash
// `Open` finds every record that was acknowledged, in order, and none that was not sent.

#ifndef LEAT_STORAGE_LOG_LOG_H_
#define LEAT_STORAGE_LOG_LOG_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "storage/io/event_loop.h"
#include "storage/io/file_system.h"
#include "storage/log/checkpoint.h"
#include "storage/log/flush_gate.h"
#include "storage/log/recovery.h"
#include "storage/record/batch.h"
#include "storage/record/ids.h"

namespace leat::log {

// Settings of a log; all may change while it runs.
struct LogOptions {
  uint64_t segment_bytes = uint64_t{1} << 30;
  absl::Duration segment_age = absl::Hours(24 * 7);
  absl::Duration retention_time = absl::ZeroDuration();  // Zero keeps for ever.
  uint64_t retention_bytes = 0;                          // Zero is no limit.
  size_t tail_bytes = 4 << 20;                           // Kept in memory for readers of the tail.
  size_t max_frame_bytes = 4 << 20;                      // A larger batch makes a frame of its own.
};

// What a log works with; outlives it. One for each shard.
struct LogEnvironment {
  io::FileSystem* files = nullptr;
  io::EventLoop* loop = nullptr;
  FlushGate* flush_gate = nullptr;
  std::function<uint64_t()> random;  // For segment ids and incarnations.
};

struct AppendResult {
  record::Offset base_offset;
  int64_t append_timestamp_ms = 0;
};

struct ReadResult {
  std::vector<record::Batch> batches;  // Whole, dense, in order; the first contains the offset asked for. Payloads are verified.
  record::Offset next_offset;          // After the last batch; the offset asked for when there is none.
};

enum class LogState { kOnline, kOffline, kCorrupt };

class Log {
 public:
  using AppendCallback = absl::AnyInvocable<void(absl::StatusOr<AppendResult>) &&>;
  using ReadCallback = absl::AnyInvocable<void(absl::StatusOr<ReadResult>) &&>;
  using OffsetCallback = absl::AnyInvocable<void(absl::StatusOr<record::Offset>) &&>;

  // Takes over what `RecoverLog` found. Touches no file.
  static std::unique_ptr<Log> Create(const LogEnvironment& environment, const RecoveryInput& place, RecoveredLog recovered, const LogOptions& options);

  ~Log();

  // Appends a batch: `header`'s base offset and append timestamp (and, with append time, its timestamps) are the log's to set. `done` when it is durable. Batches become durable, and are answered, in
  // order. Errors: kAppendOutcomeUnknown (the flush failed under it), kPartitionOffline, kLogCorrupt, kDiskFull, kServerStopping (not appended).
  void Append(record::Batch batch, AppendCallback done);

  // Reads whole batches from the one that contains `from`, up to the high watermark: as many as fit `max_bytes`, but at least one when there is any. At the high watermark the result is empty.
  // Errors: kOffsetOutOfRange, kLogCorrupt. Safe to repeat.
  void Read(record::Offset from, size_t max_bytes, ReadCallback done);

  // Finds the batch that holds the first record with a timestamp at or after `timestamp_ms` and gives its base offset (or the log start, if that lies inside it); the high watermark when there is none. Safe to repeat.
  void FindTimestamp(int64_t timestamp_ms, OffsetCallback done);

  record::Offset log_start() const;
  record::Offset high_watermark() const;
  record::Offset log_end() const;

  // Called whenever the high watermark or the log start has moved, or the state changed. One observer.
  void set_observer(std::function<void()> observer);

  LogState state() const;
  absl::Status state_detail() const;  // OK while online.
  uint64_t bytes_on_disk() const;
  uint32_t segment_count() const;

  // Where retention wants the log to start, given the time and the settings: the base of a segment, past segments that are wholly expired. nullopt when there is nothing to remove. The active segment, once it is old enough, is rolled first.
  // The caller persists the new log start and then calls `TrimTo`.
  std::optional<record::Offset> RetentionTarget();

  // Moves the log start forward (at most to the high watermark; never back) at once; removes segments wholly before it when no reader holds them.
  void TrimTo(record::Offset log_start);

  void SetOptions(const LogOptions& options);

  // What the checkpoint may say of this log now; nullopt when nothing is on disk.
  std::optional<CheckpointEntry> checkpoint() const;

  // Refuses further appends (kServerStopping), waits for those in flight, writes the last stable offset, cuts prepared space and closes. `done` runs once; the log may then be destroyed.
  void Close(io::IoCallback done);
};

}  // namespace leat::log

#endif  // LEAT_STORAGE_LOG_LOG_H_
