#include "storage/log/segment_work.h"

#include <string>
#include <utility>

#include "absl/strings/cord.h"
#include "fmt/core.h"

namespace leat::log {

using record::Batch;

absl::Status SegmentWork::Rewind(const IndexEntry& start) {
  if (file_ == nullptr) {
    absl::StatusOr<std::unique_ptr<io::File>> file =
        files_.Open(segment_.path, io::OpenMode::kReadDirect);
    if (!file.ok()) return file.status();
    file_ = *std::move(file);
  }
  frames_.emplace(file_, segment_, start);
  return absl::OkStatus();
}

absl::StatusOr<bool> SegmentWork::Visit(uint64_t bytes,
                                        absl::FunctionRef<absl::Status(const Batch&)> visit) {
  const io::FilePosition begin = frames_->position();
  while (frames_->position() - begin < bytes) {
    const io::FilePosition position = frames_->position();
    const absl::StatusOr<std::optional<ParsedFrame>> frame = frames_->Next();
    if (!frame.ok()) return frame.status();
    if (!frame->has_value()) return true;
    bytes_read_ += frames_->position() - position;
    for (const Batch& batch : (*frame)->batches) {
      if (absl::Status status = visit(batch); !status.ok()) return status;
    }
  }
  return false;
}

KeyScan::KeyScan(io::FileSystem& files, const Segment& segment, record::Offset from,
                 std::shared_ptr<CompactionKeys> keys)
    : SegmentWork(files, segment), noted_end_(from), keys_(std::move(keys)) {}

absl::Status KeyScan::Step(uint64_t bytes) {
  if (!frames_.has_value()) {
    absl::Status opened = Rewind(segment_.footer.index.FindOffset(noted_end_));
    if (!opened.ok()) return opened;
  }
  bool full = false;
  const absl::StatusOr<bool> ended = Visit(bytes, [&](const Batch& batch) {
    if (full || batch.header.next_offset() <= noted_end_) return absl::OkStatus();
    const absl::StatusOr<record::Offset> end = NoteKeys(batch, noted_end_, *keys_);
    if (!end.ok()) return end.status();
    noted_end_ = *end;
    full = *end < batch.header.next_offset();
    return absl::OkStatus();
  });
  if (!ended.ok()) return ended.status();
  done_ = full || *ended;
  return absl::OkStatus();
}

SegmentRewrite::SegmentRewrite(io::FileSystem& files, const Segment& segment, Task task)
    : SegmentWork(files, segment), task_(std::move(task)) {}

absl::Status SegmentRewrite::Step(uint64_t bytes) {
  if (!frames_.has_value()) {
    if (absl::Status begun = Begin(); !begun.ok()) return begun;
  }
  return writer_ == nullptr ? Look(bytes) : Write(bytes);
}

uint64_t SegmentRewrite::bytes_moved() const {
  return bytes_read_ + (writer_ == nullptr ? 0 : writer_->bytes_written());
}

absl::Status SegmentRewrite::Begin() {
  if (task_.when == When::kAlways) return BeginWriting();
  return Rewind(segment_.footer.index.entries().front());
}

absl::Status SegmentRewrite::Look(uint64_t bytes) {
  bool found = false;
  const absl::StatusOr<bool> ended = Visit(bytes, [&](const Batch& batch) {
    if (found) return absl::OkStatus();
    const absl::StatusOr<CompactedBatch> compacted = Compact(batch);
    if (compacted.ok()) found = compacted->removed > 0;
    return compacted.status();
  });
  if (!ended.ok()) return ended.status();
  if (found) return BeginWriting();
  done_ = *ended;
  return absl::OkStatus();
}

absl::Status SegmentRewrite::BeginWriting() {
  const absl::StatusOr<io::SpaceInfo> space = files_.Space(io::ParentDirectory(segment_.path));
  if (!space.ok()) return space.status();
  if (space->available_bytes < task_.min_free_bytes + segment_.file_bytes) {
    return absl::ResourceExhaustedError(fmt::format(
        "rewrite {}: {} bytes are free, it may take {} and must leave {}", segment_.path,
        space->available_bytes, segment_.file_bytes, task_.min_free_bytes));
  }
  absl::Status begun = Rewind(segment_.footer.index.entries().front());
  if (!begun.ok()) return begun;
  SegmentHeader header = segment_.header;
  header.segment_id = task_.segment_id;
  absl::StatusOr<std::unique_ptr<SegmentWriter>> writer =
      SegmentWriter::Create(files_, segment_.path, header, task_.incarnation);
  if (!writer.ok()) return writer.status();
  writer_ = *std::move(writer);
  return absl::OkStatus();
}

absl::Status SegmentRewrite::Write(uint64_t bytes) {
  const absl::StatusOr<bool> ended = Visit(bytes, [this](const Batch& batch) {
    absl::StatusOr<CompactedBatch> compacted = Compact(batch);
    if (!compacted.ok()) return compacted.status();
    records_removed_ += compacted->removed;
    tombstones_ += compacted->tombstones;
    // What was not changed lies in the memory that the frame was read to.
    if (compacted->removed == 0) {
      compacted->batch.payload = absl::Cord(std::string(compacted->batch.payload));
    }
    return writer_->Add(std::move(compacted->batch));
  });
  if (!ended.ok()) return ended.status();
  if (!*ended) return absl::OkStatus();
  CompactionMark mark = segment_.footer.compaction;
  if (task_.keys != nullptr && task_.compacted_ms != 0) {
    mark = {.first_ms = task_.compacted_ms, .tombstones = tombstones_};
  }
  absl::Status finished = writer_->Finish(segment_.footer.next_offset, mark);
  done_ = finished.ok();
  return finished;
}

absl::StatusOr<CompactedBatch> SegmentRewrite::Compact(const Batch& batch) const {
  if (task_.keys == nullptr) return CompactedBatch{.batch = batch};
  return CompactBatch(batch, {.keys = task_.keys.get(), .tombstones = task_.tombstones});
}

absl::StatusOr<SwapResult> SegmentRewrite::Swap() {
  absl::StatusOr<SwapResult> result = SwapSegment(files_, segment_.path, segment_.header);
  if (!result.ok()) return result;
  if (result->segment.header.segment_id != task_.segment_id) {
    result->status.Update(absl::InternalError("the replacement did not take the segment's place"));
    Discard();
  }
  return result;
}

void SegmentRewrite::Discard() {
  if (writer_ == nullptr) return;
  writer_.reset();
  files_.Remove(ReplacementPath(segment_.path)).IgnoreError();
}

}  // namespace leat::log
