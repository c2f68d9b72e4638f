#include "tests/storage/log/test_log.h"

#include <algorithm>
#include <memory>
#include <string_view>
#include <utility>

#include "absl/strings/str_cat.h"
#include "storage/io/aligned_buffer.h"
#include "storage/log/frame.h"
#include "tests/storage/log/batches.h"

namespace leat::log {
namespace {

constexpr uint64_t kPrepareBytes = 4 * io::kBlockBytes;
constexpr int64_t kNow = 1'700'000'000'000;

// Values that occur once, so that nothing is taken for something else.
std::string UniqueValue(size_t bytes) {
  static uint64_t count = 0;
  std::string value = absl::StrCat("value ", ++count, " ");
  value.resize(std::max(value.size(), bytes), 'v');
  return value;
}

absl::Status ReadFrames(const io::File& file, io::FilePosition end,
                        std::map<int64_t, std::string>& batches) {
  auto bytes = std::make_shared<io::AlignedBuffer>(end.bytes);
  if (absl::Status read = file.ReadAt({0}, bytes->span()); !read.ok()) return read;
  uint64_t place = io::kBlockBytes;
  while (place < end.bytes) {
    const std::string_view rest(bytes->data() + place, end.bytes - place);
    const absl::StatusOr<ParsedFrame> frame = ParseFrame(rest, bytes, PayloadCheck::kVerify);
    if (!frame.ok()) return frame.status();
    for (const record::Batch& batch : frame->batches) {
      batches[batch.header.base_offset.value] = std::string(batch.payload);
    }
    place += frame->header.padded_bytes;
  }
  return absl::OkStatus();
}

}  // namespace

std::string SegmentPath(int64_t base_offset) {
  return io::JoinPath(kLogDirectory, SegmentFileName({base_offset}));
}

void MakeDirectories(io::SimulatedFileSystem& disk) {
  disk.CreateDirectory("/topics").IgnoreError();
  disk.SyncDirectory("/").IgnoreError();
}

absl::StatusOr<RecoveryInput> ReadRecoveryInput(io::FileSystem& disk) {
  const absl::StatusOr<Checkpoint> checkpoint = ReadCheckpoint(disk, kCheckpointPath);
  if (!checkpoint.ok()) return checkpoint.status();
  RecoveryInput input{.directory = kLogDirectory,
                      .quarantine_directory = kQuarantineDirectory,
                      .key = LogKey(),
                      .clean_shutdown = checkpoint->clean_shutdown};
  if (const auto entry = checkpoint->partitions.find(LogKey());
      entry != checkpoint->partitions.end()) {
    input.checkpoint = entry->second;
  }
  return input;
}

absl::StatusOr<RecoveredLog> Recover(io::FileSystem& disk) {
  const absl::StatusOr<RecoveryInput> input = ReadRecoveryInput(disk);
  if (!input.ok()) return input.status();
  return RecoverLog(disk, *input);
}

absl::StatusOr<std::map<int64_t, std::string>> ReadAll(io::FileSystem& disk,
                                                       const RecoveredLog& log) {
  std::map<int64_t, std::string> batches;
  for (const SealedSegment& segment : log.sealed) {
    absl::StatusOr<std::unique_ptr<io::File>> file =
        disk.Open(segment.path, io::OpenMode::kReadDirect);
    if (!file.ok()) return file.status();
    absl::Status read = ReadFrames(**file, segment.footer.frames_end, batches);
    if (!read.ok()) return read;
  }
  if (log.active.has_value()) {
    absl::Status read = ReadFrames(*log.active->file, log.active->frames_end, batches);
    if (!read.ok()) return read;
  }
  return batches;
}

absl::Status RecoverAndVerify(io::FileSystem& disk, History& history) {
  const absl::StatusOr<RecoveredLog> log = Recover(disk);
  if (!log.ok()) return log.status();
  if (log->corrupt.has_value()) {
    return absl::DataLossError(absl::StrCat("taken for corrupt: ", log->corrupt->detail));
  }
  if (log->next_offset.value < history.acknowledged_end) {
    return absl::DataLossError(absl::StrCat("ends at ", log->next_offset.value,
                                            ", acknowledged up to ", history.acknowledged_end));
  }
  absl::StatusOr<std::map<int64_t, std::string>> found = ReadAll(disk, *log);
  if (!found.ok()) return found.status();
  for (const auto& [offset, payload] : history.acknowledged) {
    const auto batch = found->find(offset);
    if (batch == found->end() || batch->second != payload) {
      return absl::DataLossError(absl::StrCat("acknowledged and not there: ", offset));
    }
  }
  int64_t next = 0;
  for (const auto& [offset, payload] : *found) {
    if (offset != next++) return absl::DataLossError(absl::StrCat("hole before ", offset));
    if (!history.sent[offset].contains(payload)) {
      return absl::DataLossError(absl::StrCat("never sent: ", offset));
    }
  }
  if (log->next_offset.value != next) return absl::DataLossError("wrong next offset");
  history.acknowledged = *std::move(found);
  history.acknowledged_end = next;
  return absl::OkStatus();
}

std::map<std::string, std::string> Snapshot(io::FileSystem& disk) {
  std::map<std::string, std::string> content;
  std::vector<std::string> directories = {"/"};
  while (!directories.empty()) {
    const std::string directory = directories.back();
    directories.pop_back();
    const std::vector<std::string> names = *disk.List(directory);
    for (const std::string& name : names) {
      const std::string path = io::JoinPath(directory, name);
      if (name.ends_with('/')) {
        directories.push_back(path);
        content[path];
      } else {
        content[path] = *io::ReadFile(disk, path, uint64_t{1} << 30);
      }
    }
  }
  return content;
}

TestLog::TestLog(io::SimulatedFileSystem& disk, History& history, uint64_t seed)
    : disk_(disk), history_(history), loop_(clock_, seed), random_(seed), incarnation_(random_()) {}

absl::Status TestLog::Open() {
  absl::StatusOr<RecoveredLog> log = Recover(disk_);
  if (!log.ok()) return log.status();
  if (log->corrupt.has_value()) return absl::FailedPreconditionError(log->corrupt->detail);
  segment_ = std::move(log->active);
  next_offset_ = log->next_offset;
  if (segment_.has_value()) {
    built_end_ = segment_->frames_end;
    last_crc_ = segment_->last_frame_crc;
  }
  return absl::OkStatus();
}

absl::Status TestLog::CreateSegment() {
  const SegmentHeader header{.topic_id = LogKey().topic_id,
                             .partition = LogKey().partition,
                             .segment_id = random_(),
                             .base_offset = next_offset_,
                             .create_timestamp_ms = kNow};
  absl::StatusOr<ActiveSegment> segment =
      log::CreateSegment(disk_, kLogDirectory, header, kPrepareBytes);
  if (!segment.ok()) return segment.status();
  segment_ = *std::move(segment);
  built_end_ = segment_->frames_end;
  last_crc_ = segment_->header_crc;
  return absl::OkStatus();
}

record::Batch TestLog::NextBatch(size_t value_bytes) {
  record::Batch batch =
      MakeBatch(next_offset_.value, 1, UniqueValue(value_bytes), kNow + next_offset_.value);
  history_.sent[next_offset_.value].insert(std::string(batch.payload));
  return batch;
}

BuiltFrame TestLog::BuildNext(const std::vector<record::Batch>& batches) {
  BuiltFrame frame = BuildFrame({.segment_id = segment_->header.segment_id,
                                 .incarnation = incarnation_,
                                 .previous_crc = last_crc_,
                                 .first_offset = next_offset_,
                                 .stable_offset = segment_->next_offset},
                                batches);
  next_offset_ = frame.next_offset();
  last_crc_ = frame.header.crc;
  return frame;
}

absl::Status TestLog::Append(const std::vector<size_t>& value_bytes) {
  std::vector<BuiltFrame> frames;
  for (size_t bytes : value_bytes) frames.push_back(BuildNext({NextBatch(bytes)}));
  return WriteFrames(frames);
}

void TestLog::BeginAppend(const std::vector<size_t>& value_bytes) {
  for (size_t bytes : value_bytes) in_flight_.push_back(BuildNext({NextBatch(bytes)}));
  if (PrepareRoomFor(in_flight_).ok()) {
    for (const BuiltFrame& frame : in_flight_) Submit(frame);
  }
}

absl::Status TestLog::WriteFrames(const std::vector<BuiltFrame>& frames) {
  if (absl::Status prepared = PrepareRoomFor(frames); !prepared.ok()) return prepared;
  for (const BuiltFrame& frame : frames) Submit(frame);
  loop_.RunUntilIdle();
  if (!write_status_.ok()) return write_status_;
  for (const BuiltFrame& frame : frames) Acknowledge(frame);
  return absl::OkStatus();
}

absl::Status TestLog::PrepareRoomFor(const std::vector<BuiltFrame>& frames) {
  uint64_t bytes = 0;
  for (const BuiltFrame& frame : frames) bytes += frame.bytes->size();
  const io::FilePosition needed = built_end_ + bytes;
  if (needed <= segment_->prepared_end) return absl::OkStatus();
  const uint64_t step = std::max(needed - segment_->prepared_end, kPrepareBytes);
  absl::Status prepared =
      PrepareBlocks(*segment_->file, segment_->prepared_end, step, Preparation::kAllocateAndZero);
  if (prepared.ok()) segment_->prepared_end = segment_->prepared_end + step;
  return prepared;
}

void TestLog::Submit(const BuiltFrame& frame) {
  loop_.WriteDurably(*segment_->file, built_end_, frame.bytes->span(),
                     [this](absl::Status status) { write_status_.Update(status); });
  built_end_ = built_end_ + frame.bytes->size();
}

void TestLog::Acknowledge(const BuiltFrame& frame) {
  for (const record::Batch& batch : frame.batches) {
    if (segment_->payload_bytes == 0) {
      segment_->first_append_timestamp_ms = batch.header.append_timestamp_ms;
    }
    segment_->last_append_timestamp_ms = batch.header.append_timestamp_ms;
    history_.acknowledged[batch.header.base_offset.value] = std::string(batch.payload);
  }
  if (!frame.batches.empty()) {
    segment_->index.AddFrame(frame.header.first_offset, segment_->frames_end,
                             frame.max_timestamp_ms);
  }
  segment_->payload_bytes += frame.header.frame_bytes - FrameHeader::kEncodedBytes;
  segment_->last_frame_position = segment_->frames_end;
  segment_->frames_end = segment_->frames_end + frame.header.padded_bytes;
  segment_->last_frame_crc = frame.header.crc;
  segment_->next_offset = frame.next_offset();
  history_.acknowledged_end = frame.next_offset().value;
}

absl::Status TestLog::Seal() {
  const CheckpointEntry entry = Entry();
  const absl::StatusOr<SealedSegment> sealed = SealSegment(*segment_);
  if (!sealed.ok()) return sealed.status();
  sealed_entry_ = entry;
  segment_.reset();
  return absl::OkStatus();
}

CheckpointEntry TestLog::Entry() const {
  return {.segment_base_offset = segment_->header.base_offset,
          .durable_end = segment_->next_offset,
          .position = segment_->frames_end,
          .last_frame_crc = segment_->last_frame_crc,
          .incarnation = incarnation_,
          .last_frame_position = segment_->last_frame_position,
          .max_timestamp_ms = segment_->index.max_timestamp_ms(),
          .payload_bytes = segment_->payload_bytes,
          .first_append_timestamp_ms = segment_->first_append_timestamp_ms,
          .last_append_timestamp_ms = segment_->last_append_timestamp_ms};
}

absl::Status TestLog::WriteCheckpointFile(bool clean_shutdown) {
  Checkpoint checkpoint{.clean_shutdown = clean_shutdown};
  if (segment_.has_value() || sealed_entry_.has_value()) {
    checkpoint.partitions[LogKey()] = segment_.has_value() ? Entry() : *sealed_entry_;
  }
  return WriteCheckpoint(disk_, kCheckpointPath, checkpoint);
}

absl::Status TestLog::Close() {
  if (segment_.has_value()) {
    absl::Status cut = segment_->file->Truncate(segment_->frames_end.bytes);
    if (!cut.ok()) return cut;
    if (absl::Status synced = segment_->file->Sync(); !synced.ok()) return synced;
  }
  return WriteCheckpointFile(true);
}

}  // namespace leat::log
