// Makes the blocks ahead of a segment's end ready for frames, in steps sized to the rate at which
// they are used: tiny for an idle log, so that thousands of them hold next to nothing, large for a
// busy one, so that a frame never waits.
//
// Small frames go into blocks zeroed ahead: on a journalled file system a flushed write into blocks
// that were only allocated forces a journal commit. For large frames zeroing would cost more than
// it saves.
//
// Owned by the log's `Appender`, which lives until every `done` has run; the log's thread. Nothing
// here needs to survive a crash.

#ifndef LEAT_STORAGE_LOG_BLOCK_PREPARER_H_
#define LEAT_STORAGE_LOG_BLOCK_PREPARER_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "storage/io/event_loop.h"
#include "storage/io/file_system.h"

namespace leat::log {

class BlockPreparer {
 public:
  static constexpr uint64_t kFirstStepBytes = 16 << 10;
  static constexpr uint64_t kMaxZeroedStepBytes = 16 << 20;
  static constexpr uint64_t kMaxAllocatedStepBytes = 64 << 20;
  static constexpr size_t kLargeFrameBytes = 512 << 10;

  explicit BlockPreparer(io::EventLoop& loop);

  // Goes on with another segment file. Must not be busy.
  void Begin(std::shared_ptr<io::File> file, io::FilePosition prepared_end);

  // No more than this is prepared of a segment file, unless a frame requires it.
  void SetSegmentBytes(uint64_t segment_bytes);

  // Blocks before it are ready.
  io::FilePosition prepared_end() const { return prepared_end_; }

  // A frame of `frame_bytes` is about to end at `frame_end`: when few ready blocks are left after
  // it, starts to prepare more. `done` is called when a step was begun and has ended, whatever came
  // of it.
  void Ahead(io::FilePosition frame_end, size_t frame_bytes, absl::AnyInvocable<void() &&> done);

  // Makes the blocks before `frame_end` ready, for a frame of `frame_bytes`, and as many more as
  // fit the rate and the disk. RESOURCE_EXHAUSTED when the disk is full: ask again later. After any
  // other error the file is not to be trusted. Must not be busy.
  void Require(io::FilePosition frame_end, size_t frame_bytes, io::IoCallback done);

  // OK, or the first error that was not for want of space: the file is not to be trusted.
  const absl::Status& failure() const { return failure_; }

  // A step is being prepared: the file must not be sealed or cut.
  bool busy() const { return busy_; }

 private:
  void AdaptStep();
  uint64_t StepToSegmentEnd() const;
  void Start(uint64_t bytes, size_t frame_bytes, io::IoCallback done);

  io::EventLoop& loop_;
  std::shared_ptr<io::File> file_;
  io::FilePosition prepared_end_;
  io::FilePosition segment_end_;
  uint64_t step_bytes_ = kFirstStepBytes;
  std::optional<io::MonotonicTime> last_step_;
  bool busy_ = false;
  absl::Status failure_;  // The first that was not for want of space.
};

}  // namespace leat::log

#endif  // LEAT_STORAGE_LOG_BLOCK_PREPARER_H_
