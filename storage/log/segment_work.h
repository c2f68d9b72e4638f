// Work on one sealed segment, in steps that each block for a moment: so that it can be paced, and
// given up between two of them.
//
// Owned by the `Compactor`, which runs the steps one after another on background threads. A segment
// is left as it is until `SegmentRewrite::Swap`.

#ifndef LEAT_STORAGE_LOG_SEGMENT_WORK_H_
#define LEAT_STORAGE_LOG_SEGMENT_WORK_H_

#include <cstdint>
#include <memory>
#include <optional>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "storage/io/file_system.h"
#include "storage/log/batch_compaction.h"
#include "storage/log/compaction_keys.h"
#include "storage/log/sealed_frames.h"
#include "storage/log/segment.h"
#include "storage/log/segment_file.h"
#include "storage/log/segment_writer.h"
#include "storage/record/ids.h"

namespace leat::log {

class SegmentWork {
 public:
  // Of a sealed segment, whose file is opened unless it is held.
  SegmentWork(io::FileSystem& files, const Segment& segment)
      : files_(files), segment_(segment.sealed_segment()), file_(segment.file()) {}
  virtual ~SegmentWork() = default;

  SegmentWork(const SegmentWork&) = delete;
  SegmentWork& operator=(const SegmentWork&) = delete;

  // Reads about `bytes` more. kLogCorrupt when what it finds is damaged, else errors of the file
  // system; it is over then.
  virtual absl::Status Step(uint64_t bytes) = 0;

  bool done() const { return done_; }
  // Read and written so far.
  virtual uint64_t bytes_moved() const { return bytes_read_; }

 protected:
  // Begins at `start`. Opens the file if need be.
  absl::Status Rewind(const IndexEntry& start);

  // Visits the batches of the frames in about `bytes`; tells whether that was the last of them.
  absl::StatusOr<bool> Visit(uint64_t bytes,
                             absl::FunctionRef<absl::Status(const record::Batch&)> visit);

  io::FileSystem& files_;
  const SealedSegment segment_;
  std::shared_ptr<io::File> file_;
  std::optional<SealedFrames> frames_;
  uint64_t bytes_read_ = 0;
  bool done_ = false;
};

// Notes the keys in a segment, from `from` on, until there is no room for more.
class KeyScan : public SegmentWork {
 public:
  KeyScan(io::FileSystem& files, const Segment& segment, record::Offset from,
          std::shared_ptr<CompactionKeys> keys);

  absl::Status Step(uint64_t bytes) override;

  // The keys of all records before it are noted; the segment's end if there was room.
  record::Offset noted_end() const { return noted_end_; }

 private:
  record::Offset noted_end_;
  const std::shared_ptr<CompactionKeys> keys_;
};

// Writes a segment anew: dense, and without what compaction takes out.
class SegmentRewrite : public SegmentWork {
 public:
  enum class When { kAlways, kIfRecordsGo };

  struct Task {
    When when = When::kAlways;
    // Without keys nothing is taken out.
    std::shared_ptr<const CompactionKeys> keys;
    Tombstones tombstones = Tombstones::kKeep;
    int64_t compacted_ms = 0;  // For the mark in the footer; 0 leaves that as it is.
    uint64_t segment_id = 0;   // Of the new file, as is the next.
    uint64_t incarnation = 0;
    uint64_t min_free_bytes = 0;  // Left on the disk, or it is not begun: RESOURCE_EXHAUSTED.
  };

  SegmentRewrite(io::FileSystem& files, const Segment& segment, Task task);

  // Done when there is nothing to take out, or a replacement stands ready.
  absl::Status Step(uint64_t bytes) override;
  uint64_t bytes_moved() const override;

  // Whether a replacement stands ready. Then only:
  bool ready() const { return done_ && writer_ != nullptr; }
  // The file that is to be replaced, for those who read it.
  const std::shared_ptr<io::File>& file() const { return file_; }
  // As `SwapSegment`.
  absl::StatusOr<SwapResult> Swap();
  uint64_t records_removed() const { return records_removed_; }

  // Removes what was written. Instead of `Swap`.
  void Discard();

 private:
  absl::Status Begin();
  absl::Status Look(uint64_t bytes);
  absl::Status BeginWriting();
  absl::Status Write(uint64_t bytes);
  absl::StatusOr<CompactedBatch> Compact(const record::Batch& batch) const;

  const Task task_;
  std::unique_ptr<SegmentWriter> writer_;
  uint64_t records_removed_ = 0;
  uint32_t tombstones_ = 0;
};

}  // namespace leat::log

#endif  // LEAT_STORAGE_LOG_SEGMENT_WORK_H_
