// What one segment file holds, and what is damaged in it. Blocks; changes nothing.

#ifndef LEAT_STORAGE_INSPECT_SEGMENT_REPORT_H_
#define LEAT_STORAGE_INSPECT_SEGMENT_REPORT_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "storage/inspect/fault.h"
#include "storage/inspect/frame_walk.h"
#include "storage/io/file_system.h"
#include "storage/log/checkpoint.h"
#include "storage/log/footer.h"
#include "storage/log/format.h"
#include "storage/record/ids.h"

namespace leat::inspect {

enum class Depth {
  kOutline,  // Header and footer; frames only of a segment that has no footer.
  kFrames,   // All of it.
};

struct SegmentReport {
  std::string path;
  record::Offset base_offset;  // As the file's name has it.
  uint64_t file_bytes = 0;
  std::optional<log::SegmentHeader> header;  // nullopt when it is damaged: nothing more is known.
  std::optional<log::SegmentFooter> footer;  // Of a sealed segment.
  bool walked = false;                       // Whether the frames were read.

  // Where the sound frames end, the first of them being the first of the segment, and the offset
  // after them. By the footer when they were not read.
  io::FilePosition chain_end;
  record::Offset chain_next_offset;
  std::string chain_stop;  // Why the chain ends there; empty at the end of the frames.

  // Of all sound frames, those behind damage included.
  record::Offset next_offset;
  uint64_t frames = 0;  // 0 when they were not read.
  uint64_t batches = 0;
  std::optional<uint64_t> records;  // Of a compacted segment only its frames tell.
  uint64_t payload_bytes = 0;
  int64_t first_append_timestamp_ms = 0;  // 0 without records.
  int64_t last_append_timestamp_ms = 0;

  // In order of position. Of a segment without footer the first gap may be where the log was
  // torn: what it is the whole log decides.
  std::vector<Gap> gaps;
  std::vector<Fault> faults;  // Of header and footer, and of the device.

  bool sealed() const { return footer.has_value(); }
};

// `key`, when it is known, is whose segment it must be. The name must be a segment's, or the header
// tells the base offset. `visit` is called for each sound frame that is read. Fails when the file
// system does, but a device that fails (DATA_LOSS) is a fault.
absl::StatusOr<SegmentReport> InspectSegment(io::FileSystem& files, const std::string& path,
                                             const std::optional<log::PartitionKey>& key,
                                             Depth depth, FrameVisitor visit);
absl::StatusOr<SegmentReport> InspectSegment(io::FileSystem& files, const std::string& path,
                                             const std::optional<log::PartitionKey>& key,
                                             Depth depth);

}  // namespace leat::inspect

#endif  // LEAT_STORAGE_INSPECT_SEGMENT_REPORT_H_
