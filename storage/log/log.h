// A log: one partition's records on one machine. Appends are written and flushed in groups; readers
// see what is durable and nothing else.
//
// Where to read on: `Appender` is the way in, `LogReader` the way out, `DurableLog` what lies
// between.
//
// Owned by a shard and used on its event loop's thread only. Callbacks run on that thread, never
// inside the call that gave them. After a crash `RecoverLog` and `Create` find every record that
// was acknowledged, in order, and none that was not sent.

#ifndef LEAT_STORAGE_LOG_LOG_H_
#define LEAT_STORAGE_LOG_LOG_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <utility>

#include "absl/status/status.h"
#include "storage/io/event_loop.h"
#include "storage/log/checkpoint.h"
#include "storage/log/log_types.h"
#include "storage/log/recovery.h"
#include "storage/record/batch.h"
#include "storage/record/ids.h"

namespace leat::log {

class Log {
 public:
  using AppendCallback = log::AppendCallback;
  using ReadCallback = log::ReadCallback;
  using OffsetCallback = log::OffsetCallback;

  // Takes over what `RecoverLog` found. Touches no file.
  static std::unique_ptr<Log> Create(const LogEnvironment& environment, const RecoveryInput& place,
                                     RecoveredLog recovered, const LogOptions& options);

  // A log that was not closed is left as a crash would leave it: callbacks still to come are
  // dropped.
  ~Log();

  // Appends a batch: `header`'s base offset and append timestamp (and, with append time, its
  // timestamps) are the log's to set. `done` when it is durable. Batches become durable, and are
  // answered, in order. Errors: kAppendOutcomeUnknown (the flush failed under it),
  // kPartitionOffline, kLogCorrupt, kDiskFull, kServerStopping (not appended).
  //
  // A batch with a producer id is appended once: one that is there already is answered as such.
  // With `conditions` too what is refused was not appended: kOutOfOrderSequence, kProducerFenced,
  // kProducerExpired, kOffsetConflict, kKeysNotChecked, kOffsetOutOfRange. Either is told once what
  // it rests on is durable.
  // False when it was refused at once, though what tells so may wait for what it rests on.
  bool Append(record::Batch batch, AppendCallback done) {
    return Append(std::move(batch), {}, std::move(done));
  }
  bool Append(record::Batch batch, const AppendConditions& conditions, AppendCallback done);

  // Tells of the last batch of a producer, once all appends before this call have ended. `grant` is
  // one that the producer was given after those. Errors as for `Append`. Safe to repeat.
  void FindProducer(int64_t producer_id, uint64_t grant, ProducerCallback done);

  // Reads whole batches from the one that contains `from`, up to the high watermark: as many as fit
  // `max_bytes`, but at least one when there is any. At the high watermark the result is empty.
  // Errors: kOffsetOutOfRange, kLogCorrupt, and RESOURCE_EXHAUSTED when no file can be opened. Safe
  // to repeat; whoever goes on at `next_offset` finds it read ahead.
  void Read(record::Offset from, size_t max_bytes, ReadCallback done);

  // Finds the batch that holds the first record with a timestamp at or after `timestamp_ms` and
  // gives its base offset (or the log start, if that lies inside it); the high watermark when there
  // is none. Errors as for `Read`. Safe to repeat.
  void FindTimestamp(int64_t timestamp_ms, OffsetCallback done);

  record::Offset log_start() const;
  record::Offset high_watermark() const;
  record::Offset log_end() const;

  // Called whenever the high watermark or the log start has moved, or the state changed; it must
  // not destroy the log. One observer.
  void set_observer(std::function<void()> observer);

  LogState state() const;
  absl::Status state_detail() const;  // OK while online.
  uint64_t bytes_on_disk() const;     // Prepared blocks included.
  uint32_t segment_count() const;

  // Where retention wants the log to start, given the time and the settings: the base of a segment,
  // past segments that are wholly expired. nullopt when there is nothing to remove, and when the
  // wall clock has jumped since the last call. The active segment, once it is old enough, is rolled
  // first. The caller persists the new log start and then calls `TrimTo`.
  std::optional<record::Offset> RetentionTarget();

  // Moves the log start forward (at most to the high watermark; never back) at once; removes
  // segments wholly before it when no reader holds them.
  void TrimTo(record::Offset log_start);

  // A run of compaction ends soon when its rules change.
  void SetOptions(const LogOptions& options);

  // Whether `Compact` has something to do. Not while it is at it, not for ten minutes after an
  // error, not when the wall clock has jumped since the last call, and never again once a segment
  // was found damaged on the way, or it is not known which of two files is there for good.
  bool CompactionDue();

  // Rewrites sealed segments: without records that a later one of the same key supersedes, if the
  // options say `compact`, and without padding where there is much. Appends and reads go on;
  // offsets stay. kLogCorrupt, RESOURCE_EXHAUSTED, CANCELLED and errors of the file system: what
  // was done until then stays done, and the rest may be tried again. One run at a time.
  void Compact(const CompactionLimits& limits, CompactionCallback done);

  // Ends a run of compaction soon.
  void CancelCompaction();

  // What the checkpoint may say of this log now; nullopt when nothing is on disk. For a corrupt log
  // what it said at the opening.
  std::optional<CheckpointEntry> checkpoint() const;

  // Refuses further appends (kServerStopping), waits for those in flight and for reads, writes the
  // last stable offset, cuts prepared space and closes. `done` runs once; the log may then be
  // destroyed. With OK the log ends exactly where `checkpoint` says; after an error the checkpoint
  // must not bear the mark of a clean shutdown. Call it once.
  void Close(io::IoCallback done);

 private:
  struct Parts;

  explicit Log(std::unique_ptr<Parts> parts);

  std::unique_ptr<Parts> parts_;
};

}  // namespace leat::log

#endif  // LEAT_STORAGE_LOG_LOG_H_
