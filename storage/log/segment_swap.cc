// Putting one sealed segment in the place of another.

#include <utility>

#include "storage/log/segment_file.h"

namespace leat::log {
namespace {

constexpr std::string_view kReplacementSuffix = ".new";

}  // namespace

std::string ReplacementPath(const std::string& path) {
  return path + std::string(kReplacementSuffix);
}

bool IsReplacementName(std::string_view name) {
  if (!name.ends_with(kReplacementSuffix)) return false;
  name.remove_suffix(kReplacementSuffix.size());
  return ParseSegmentFileName(name).has_value();
}

absl::StatusOr<SwapResult> SwapSegment(io::FileSystem& files, const std::string& path,
                                       const SegmentHeader& expected) {
  absl::Status status = files.Rename(ReplacementPath(path), path);
  if (status.ok()) status = files.SyncDirectory(io::ParentDirectory(path));
  // Where the rename failed it may have happened all the same.
  absl::StatusOr<SealedSegment> segment = OpenSealedSegment(files, path, expected);
  if (!segment.ok()) return segment.status();
  return SwapResult{.segment = *std::move(segment), .status = std::move(status)};
}

}  // namespace leat::log
