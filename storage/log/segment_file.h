// Segment files: names, making, sealing, opening. All of it blocks and is run at start or on a background thread.
//
// Crash promises: a segment has its name only once its header is durable; a sealed one has a footer and ends with it. What `Seal` was doing when the power went
// is either undone or finished by recovery.

#ifndef LEAT_STORAGE_LOG_SEGMENT_FILE_H_
#define LEAT_STORAGE_LOG_SEGMENT_FILE_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "storage/io/file_system.h"
#include "storage/log/format.h"
#include "storage/log/index.h"
#include "storage/record/ids.h"

namespace leat::log {

// "00000000000000001234.log"; nullopt for any other name.
std::string SegmentFileName(record::Offset base_offset);
std::optional<record::Offset> ParseSegmentFileName(std::string_view name);

// What a footer tells of its segment.
struct SegmentFooter {
  record::Offset next_offset;      // First offset after the segment.
  io::FilePosition frames_end;     // Where the last frame ends and the footer begins.
  uint32_t last_frame_crc = 0;
  uint64_t payload_bytes = 0;      // Of batches and their headers, without frame headers and padding.
  int64_t first_append_timestamp_ms = 0;
  int64_t last_append_timestamp_ms = 0;
  SegmentIndex index;
};

// A segment that takes appends.
struct ActiveSegment {
  std::shared_ptr<io::File> file;  // Shared with reads in flight.
  SegmentHeader header;
  uint32_t header_crc = 0;           // Begins the chain of frames.
  io::FilePosition frames_end;       // Where the next frame goes.
  uint32_t last_frame_crc = 0;       // `header_crc` when there is no frame yet.
  io::FilePosition prepared_end;     // Blocks before it are allocated and hold zeros (or frames).
  SegmentIndex index;
  record::Offset next_offset;
  uint64_t payload_bytes = 0;
  int64_t first_append_timestamp_ms = 0;  // 0 when empty.
  int64_t last_append_timestamp_ms = 0;
};

// A segment that is complete.
struct SealedSegment {
  std::string path;
  SegmentHeader header;
  SegmentFooter footer;
  uint64_t file_bytes = 0;
};

// Makes a segment: writes its header to `<name>.tmp`, prepares `prepare_bytes` of zeroed blocks, syncs, renames, syncs the directory (which it makes, and whose
// parents it syncs, if need be). RESOURCE_EXHAUSTED when the disk is full: nothing is left behind.
absl::StatusOr<ActiveSegment> CreateSegment(io::FileSystem& files, const std::string& directory, const SegmentHeader& header, uint64_t prepare_bytes);

// How blocks ahead of the end are made ready.
enum class Preparation { kAllocate, kAllocateAndZero };

// Makes [position, position + bytes) ready for frames. RESOURCE_EXHAUSTED when the disk is full. Safe to repeat.
absl::Status PrepareBlocks(io::File& file, io::FilePosition position, uint64_t bytes, Preparation preparation);

// Completes a segment to which nothing is in flight: footer, sync, cut to size, sync.
absl::StatusOr<SealedSegment> SealSegment(ActiveSegment& segment);

// Opens a segment that must be sealed. DATA_LOSS (`record::Reason::kLogCorrupt`, with file and position) when header or footer are missing or damaged or do not
// belong to `expected` topic, partition and base offset.
absl::StatusOr<SealedSegment> OpenSealedSegment(io::FileSystem& files, const std::string& path, const SegmentHeader& expected);

// NOT_FOUND when the file has no footer: it was the active one.
absl::StatusOr<SegmentFooter> ReadFooter(const io::File& file);

}  // namespace leat::log

#endif  // LEAT_STORAGE_LOG_SEGMENT_FILE_H_
