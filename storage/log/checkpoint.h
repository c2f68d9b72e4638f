// The checkpoint: what was durable of each partition a moment ago, so that recovery reads only what
// came after.
//
// One file for all partitions, replaced atomically (`io::ReplaceFile`), lazily: never on the way to
// an acknowledgement. It may be behind, never ahead. Losing it costs recovery time and the witness
// of acknowledgements it bore, nothing else. Any thread.

#ifndef LEAT_STORAGE_LOG_CHECKPOINT_H_
#define LEAT_STORAGE_LOG_CHECKPOINT_H_

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/container/btree_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "storage/io/file_system.h"
#include "storage/log/format.h"
#include "storage/record/ids.h"

namespace leat::log {

struct PartitionKey {
  Uuid topic_id{};
  uint32_t partition = 0;

  friend auto operator<=>(const PartitionKey&, const PartitionKey&) = default;
};

// Frames of the active segment up to `position` are durable and sound. The rest sums up these
// frames, as `ActiveSegment` does.
struct CheckpointEntry {
  record::Offset segment_base_offset;
  record::Offset durable_end;  // High watermark.
  io::FilePosition position;   // End of the last durable frame.
  uint32_t last_frame_crc = 0;
  uint64_t incarnation = 0;  // Of the opening that says so; for people, it decides nothing.

  // Where the last durable frame begins, so that recovery can hold `last_frame_crc` against it. 0,
  // the segment header, when there is no frame yet. What does not fit makes recovery check the
  // whole segment.
  io::FilePosition last_frame_position;
  int64_t max_timestamp_ms = INT64_MIN;  // Of records.
  uint64_t payload_bytes = 0;
  int64_t first_append_timestamp_ms = 0;
  int64_t last_append_timestamp_ms = 0;

  friend bool operator==(const CheckpointEntry&, const CheckpointEntry&) = default;
};

struct Checkpoint {
  // Written by an orderly stop, after the last append: every log ends exactly where its entry says.
  bool clean_shutdown = false;
  absl::btree_map<PartitionKey, CheckpointEntry> partitions;
};

std::string EncodeCheckpoint(const Checkpoint& checkpoint);

// DATA_LOSS naming what is wrong, UNIMPLEMENTED when of an unknown version.
absl::StatusOr<Checkpoint> DecodeCheckpoint(std::string_view bytes);

// An empty checkpoint when there is no file. DATA_LOSS naming the file when it is damaged: a
// checkpoint is replaced atomically, so damage is not a crash. UNIMPLEMENTED when it is of an
// unknown version.
absl::StatusOr<Checkpoint> ReadCheckpoint(io::FileSystem& files, const std::string& path);

// Replaces the file; durable once this returns OK. Safe to repeat.
absl::Status WriteCheckpoint(io::FileSystem& files, const std::string& path,
                             const Checkpoint& checkpoint);

}  // namespace leat::log

#endif  // LEAT_STORAGE_LOG_CHECKPOINT_H_
