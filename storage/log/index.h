// Sparse index of a segment: from offsets and timestamps to places in the file. One entry every
// `kIndexIntervalBytes` of frames.
//
// Lives in memory while the segment is active and in its footer once sealed. After a restart that
// of the active segment is thin, since recovery does not look at what the checkpoint vouches for;
// reads fill it in as they pass. Owned by the segment; the log's thread.

#ifndef LEAT_STORAGE_LOG_INDEX_H_
#define LEAT_STORAGE_LOG_INDEX_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "storage/io/file_system.h"
#include "storage/record/ids.h"

namespace leat::log {

inline constexpr uint64_t kIndexIntervalBytes = 64 << 10;

struct IndexEntry {
  record::Offset first_offset;  // Of the frame at `position`.
  io::FilePosition position;
  // Largest record timestamp in all frames of the segment before `position`, or more.
  int64_t max_timestamp_ms = 0;

  friend bool operator==(const IndexEntry&, const IndexEntry&) = default;
};

class SegmentIndex {
 public:
  SegmentIndex() = default;
  explicit SegmentIndex(std::vector<IndexEntry> entries, int64_t max_timestamp_ms);

  // Notes a frame with records that was appended at `position`; adds an entry when the last one is
  // far enough behind. Frames come in order.
  void AddFrame(record::Offset first_offset, io::FilePosition position, int64_t max_timestamp_ms);

  // Notes a frame with records that a read came by, as the entry it would have; adds it unless
  // there is one close by. Not into an empty index.
  void Learn(const IndexEntry& frame);

  // Where to begin looking for `offset`: the last entry at or before it. The index must not be
  // empty.
  IndexEntry FindOffset(record::Offset offset) const;

  // Where to begin looking for the first record with a timestamp at or after `timestamp_ms`. The
  // index must not be empty.
  IndexEntry FindTimestamp(int64_t timestamp_ms) const;

  bool empty() const { return entries_.empty(); }
  const std::vector<IndexEntry>& entries() const { return entries_; }
  // Largest record timestamp in the segment.
  int64_t max_timestamp_ms() const { return max_timestamp_ms_; }

 private:
  std::vector<IndexEntry> entries_;
  int64_t max_timestamp_ms_ = INT64_MIN;
};

}  // namespace leat::log

#endif  // LEAT_STORAGE_LOG_INDEX_H_
