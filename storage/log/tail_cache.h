// The newest frames of a log, kept in the memory from which they were written: readers of the tail
// get their batches without a copy and without the disk.
//
// Owned by the log's `DurableLog`; the log's thread. What a reader was given stays alive on its
// own.

#ifndef LEAT_STORAGE_LOG_TAIL_CACHE_H_
#define LEAT_STORAGE_LOG_TAIL_CACHE_H_

#include <cstddef>
#include <deque>

#include "storage/log/frame.h"
#include "storage/log/log_types.h"
#include "storage/record/ids.h"

namespace leat::log {

class TailCache {
 public:
  // Keeps as many of the newest frames as cover `bytes`; none when that is 0.
  explicit TailCache(size_t bytes) : wanted_bytes_(bytes) {}

  // Adds the frame that follows on those before. Control frames are passed over.
  void Add(BuiltFrame frame);

  // Whether a batch kept here contains `offset`.
  bool Contains(record::Offset offset) const;

  // Batches from the one that contains `from`, as many as fit `max_bytes`, but at least one.
  // `Contains(from)` must hold.
  ReadResult Read(record::Offset from, size_t max_bytes) const;

  // Lets go of the frames that end at or before `offset`: what is on disk there is not theirs any
  // more.
  void DropBefore(record::Offset offset);

  void SetBytes(size_t bytes);
  void Clear();

  // Memory held by the frames, padding included.
  size_t bytes() const { return bytes_; }

 private:
  void Evict();
  void DropOldest();

  size_t wanted_bytes_;
  size_t bytes_ = 0;
  std::deque<BuiltFrame> frames_;
};

}  // namespace leat::log

#endif  // LEAT_STORAGE_LOG_TAIL_CACHE_H_
