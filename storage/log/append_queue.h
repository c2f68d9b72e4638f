// Batches that wait for a frame: each gets its offset and its time on entering, and they leave in
// order, a frame's worth at a time. Memory only.
//
// Owned by the log's `Appender`; the log's thread.

#ifndef LEAT_STORAGE_LOG_APPEND_QUEUE_H_
#define LEAT_STORAGE_LOG_APPEND_QUEUE_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <vector>

#include "storage/log/log_types.h"
#include "storage/record/batch.h"
#include "storage/record/ids.h"

namespace leat::log {

// Batches that leave together, each with the callback that waits for it.
struct FrameContent {
  std::vector<record::Batch> batches;
  std::vector<AppendCallback> done;
};

class AppendQueue {
 public:
  // The next batch gets offset `log_end` and a time not before `last_append_timestamp_ms`.
  AppendQueue(record::Offset log_end, int64_t last_append_timestamp_ms);

  // Takes `batch` in: sets its base offset, its append timestamp (`wall_ms`, but never earlier than
  // that of a batch before) and, with append time, the timestamps of its records. Gives what became
  // of its header.
  const record::BatchHeader& Add(record::Batch batch, int64_t wall_ms, AppendCallback done);

  // Bytes of the frame that `Take` would fill. The queue must not be empty.
  size_t NextFrameBytes(size_t max_frame_bytes) const;

  // Lets out as many batches as make a frame of at most `max_frame_bytes`, but at least one.
  FrameContent Take(size_t max_frame_bytes);

  // Lets out all of them and takes their offsets back.
  FrameContent TakeBack();

  bool empty() const { return batches_.empty(); }
  record::Offset log_end() const { return log_end_; }

 private:
  record::Offset log_end_;
  int64_t last_append_timestamp_ms_;
  std::deque<record::Batch> batches_;
  std::deque<AppendCallback> done_;
};

}  // namespace leat::log

#endif  // LEAT_STORAGE_LOG_APPEND_QUEUE_H_
