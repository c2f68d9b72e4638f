// What a log is given and what it gives back. Plain values; what they mean is told in `log.h`.

#ifndef LEAT_STORAGE_LOG_LOG_TYPES_H_
#define LEAT_STORAGE_LOG_LOG_TYPES_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "storage/io/event_loop.h"
#include "storage/io/file_system.h"
#include "storage/log/flush_gate.h"
#include "storage/log/id_window.h"
#include "storage/log/producer_table.h"
#include "storage/log/read_ahead_budget.h"
#include "storage/record/batch.h"
#include "storage/record/fingerprint.h"
#include "storage/record/ids.h"
#include "storage/record/message_ids.h"

namespace leat::log {

// Settings of a log; all may change while it runs.
struct LogOptions {
  uint64_t segment_bytes = uint64_t{1} << 30;
  absl::Duration segment_age = absl::Hours(24 * 7);
  absl::Duration retention_time = absl::ZeroDuration();  // Zero keeps for ever.
  uint64_t retention_bytes = 0;                          // Zero is no limit.
  bool compact = false;                                  // Keeps the last record of each key only.
  absl::Duration tombstone_retention = absl::Hours(24);  // Once nothing before one has its key.
  size_t tail_bytes = 4 << 20;                           // Kept in memory for readers of the tail.
  size_t max_frame_bytes = 4 << 20;                      // A larger batch makes a frame of its own.
  absl::Duration producer_expiry = absl::Hours(24 * 7);  // Producers idle longer may be forgotten.
  absl::Duration deduplication_time = absl::ZeroDuration();  // Message ids are remembered so long,
  size_t deduplication_ids = 0;                              // and no more of them than this.
  size_t checked_keys = 0;  // Keys of which is known where they came last.
};

// What a log works with; outlives it. One for each shard.
struct LogEnvironment {
  io::FileSystem* files = nullptr;
  io::EventLoop* loop = nullptr;
  FlushGate* flush_gate = nullptr;
  ReadAheadBudget* read_ahead_budget = nullptr;
  std::function<uint64_t()> random;  // For segment ids and incarnations.
};

// What must hold for a batch to be appended, beside its sequence.
struct AppendConditions {
  std::optional<record::Offset> expected_offset;  // Where the log ends.
  uint64_t producer_grant = 0;  // Of the batch's producer: see `producer_table.h`.
  // What its records are known by again; null when none has an id.
  std::shared_ptr<const record::IdentifiedRecords> records;
  // The keys of its records; null when nobody looked at them.
  std::shared_ptr<const record::KeyFingerprints> keys;
  // No record from there on has one of `keys`, which then are there.
  std::optional<record::Offset> expected_key_offset;
};

struct AppendResult {
  record::Offset base_offset;
  int64_t append_timestamp_ms = 0;
  bool duplicate = false;  // It was there already; the rest tells of that.
  // Where its records are, when some were there already; else null. The offset and the time above
  // are then those of the first one that was not, if any.
  std::shared_ptr<const RecordPlaces> places;
};

// A read keeps at most so many times the memory of its payloads, and this on top: those who budget
// memory count payloads, and what a slow reader holds must not be many times more.
inline constexpr size_t kMaxMemoryRatio = 3;
inline constexpr size_t kMaxMemorySlackBytes = 64 << 10;

// Whole batches, dense, in order; the first contains the offset asked for. Payloads are verified.
struct ReadResult {
  std::vector<record::Batch> batches;
  record::Offset next_offset;  // After the last batch; the offset asked for when there is none.
};

// Bounds for one run of compaction.
struct CompactionLimits {
  size_t key_bytes = 64 << 20;    // Memory for keys; more of them take more passes.
  uint64_t bytes_per_second = 0;  // Read and written; 0 is no limit.
  uint64_t min_free_bytes = 0;    // Of the disk, below which nothing is rewritten.
  uint64_t step_bytes = 4 << 20;  // Read in one go on a background thread.
};

// What one run of compaction did.
struct CompactionReport {
  uint32_t passes = 0;
  uint32_t segments_rewritten = 0;
  uint64_t records_removed = 0;
  uint64_t bytes_before = 0;  // On disk, of the segments rewritten.
  uint64_t bytes_after = 0;
};

enum class LogState { kOnline, kOffline, kCorrupt };

// What is durable of a producer; nullopt: nothing.
using ProducerCallback = absl::AnyInvocable<void(absl::StatusOr<std::optional<ProducerBatch>>) &&>;
using AppendCallback = absl::AnyInvocable<void(absl::StatusOr<AppendResult>) &&>;
using ReadCallback = absl::AnyInvocable<void(absl::StatusOr<ReadResult>) &&>;
using CompactionCallback = absl::AnyInvocable<void(absl::Status, CompactionReport) &&>;
using OffsetCallback = absl::AnyInvocable<void(absl::StatusOr<record::Offset>) &&>;

}  // namespace leat::log

#endif  // LEAT_STORAGE_LOG_LOG_TYPES_H_
