#include "tests/fuzz/recovery_check.h"

#include <algorithm>
#include <map>
#include <string>
#include <utility>

#include "storage/io/aligned_buffer.h"
#include "storage/io/check.h"
#include "storage/log/frame.h"
#include "tests/storage/log/batches.h"
#include "tests/storage/log/test_log.h"

namespace leat::fuzz {
namespace {

using Files = std::map<std::string, std::string>;  // Content by path.

// Farther, offsets may overflow when something is appended.
constexpr int64_t kMaxOffset = int64_t{1} << 62;

std::string_view WithoutZeros(std::string_view bytes) {
  return bytes.substr(0, bytes.find_last_not_of('\0') + 1);
}

// Whether a file of the quarantine begins with `cut`.
bool IsKept(const Files& after, std::string_view cut) {
  return std::any_of(after.begin(), after.end(), [cut](const auto& file) {
    return file.first.starts_with(log::kQuarantineDirectory) &&
           WithoutZeros(file.second) == WithoutZeros(cut);
  });
}

bool HoldsFrameOf(uint64_t segment_id, std::string_view bytes) {
  for (size_t at = 0; at < bytes.size(); at += io::kBlockBytes) {
    const absl::StatusOr<log::FrameHeader> frame = log::ParseFrameHeaders(bytes.substr(at));
    if (frame.ok() && frame->segment_id == segment_id) return true;
  }
  return false;
}

void CheckUntouched(const Files& before, const Files& after) {
  for (const auto& [path, content] : after) {
    const auto found = before.find(path);
    LEAT_CHECK(found == before.end() || found->second == content);
  }
}

// Files are cut at their end, if at all.
void CheckCuts(const Files& before, const Files& after) {
  for (const auto& [path, content] : after) {
    const auto found = before.find(path);
    if (found == before.end() || found->second == content) continue;
    LEAT_CHECK(std::string_view(found->second).starts_with(content));
    const std::string_view cut = std::string_view(found->second).substr(content.size());
    const absl::StatusOr<log::SegmentHeader> header = log::DecodeSegmentHeader(content);
    LEAT_CHECK(header.ok());
    LEAT_CHECK(IsKept(after, cut) || !HoldsFrameOf(header->segment_id, cut));
  }
}

log::RecoveredLog Recover(io::SimulatedFileSystem& disk, const log::RecoveryInput& input) {
  absl::StatusOr<log::RecoveredLog> log = log::RecoverLog(disk, input);
  LEAT_CHECK(log.ok());
  LEAT_CHECK(log->next_offset >= log->log_start);
  return *std::move(log);
}

// False when there is no segment to append to and none can be made.
bool EnsureActive(io::SimulatedFileSystem& disk, const log::RecoveryInput& input,
                  log::RecoveredLog& log) {
  if (log.active.has_value()) return true;
  absl::StatusOr<log::ActiveSegment> made = log::CreateSegment(disk, input.directory,
                                                               {.topic_id = input.key.topic_id,
                                                                .partition = input.key.partition,
                                                                .segment_id = 77,
                                                                .base_offset = log.next_offset},
                                                               4 * io::kBlockBytes);
  // A sealed segment without records has the name.
  if (absl::IsAlreadyExists(made.status())) return false;
  LEAT_CHECK(made.ok());
  log.active = *std::move(made);
  return true;
}

void Append(log::ActiveSegment& segment) {
  const log::BuiltFrame frame = log::BuildFrame(
      {.segment_id = segment.header.segment_id,
       .incarnation = 99,
       .previous_crc = segment.last_frame_crc,
       .first_offset = segment.next_offset,
       .stable_offset = segment.next_offset},
      std::vector<record::Batch>{log::MakeBatch(segment.next_offset.value, 1, "appended", 1)});
  const std::string_view bytes = log::BytesOf(frame);
  LEAT_CHECK(segment.file->WriteAt(segment.frames_end, {bytes.data(), bytes.size()}).ok());
  LEAT_CHECK(segment.file->Sync().ok());
}

// The log goes on where it ended.
void CheckAppend(io::SimulatedFileSystem& disk, log::RecoveryInput input, log::RecoveredLog log) {
  const record::Offset end = log.next_offset;
  if (end.value > kMaxOffset || !EnsureActive(disk, input, log)) return;
  Append(*log.active);
  log.active.reset();
  // Who appends is no longer stopped in order.
  input.clean_shutdown = false;
  const log::RecoveredLog after = Recover(disk, input);
  LEAT_CHECK(!after.corrupt.has_value() && after.findings.empty());
  LEAT_CHECK(after.next_offset == end + 1);
}

}  // namespace

log::RecoveredLog CheckRecovery(io::SimulatedFileSystem& disk, const log::RecoveryInput& input) {
  const Files before = log::Snapshot(disk);
  log::RecoveredLog log = Recover(disk, input);
  const Files after = log::Snapshot(disk);
  if (log.corrupt.has_value()) {
    CheckUntouched(before, after);
  } else {
    CheckCuts(before, after);
    LEAT_CHECK(!input.checkpoint.has_value() || log.next_offset >= input.checkpoint->durable_end);
  }

  log::RecoveredLog again = Recover(disk, input);
  LEAT_CHECK(log::Snapshot(disk) == after);
  LEAT_CHECK(again.corrupt.has_value() == log.corrupt.has_value());
  LEAT_CHECK(again.next_offset == log.next_offset);
  if (!log.corrupt.has_value()) {
    LEAT_CHECK(again.findings.empty());
    CheckAppend(disk, input, std::move(again));
  }
  return log;
}

}  // namespace leat::fuzz
