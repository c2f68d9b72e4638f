// Segment files: names, making, sealing, opening. All of it blocks and is run at start or on a
// background thread.
//
// Crash promises: a segment has its name only once its header is durable; a sealed one has a footer
// and ends with it. What `Seal` was doing when the power went is either undone or finished by
// recovery.

#ifndef LEAT_STORAGE_LOG_SEGMENT_FILE_H_
#define LEAT_STORAGE_LOG_SEGMENT_FILE_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "storage/io/file_system.h"
#include "storage/log/footer.h"
#include "storage/log/format.h"
#include "storage/log/index.h"
#include "storage/record/ids.h"

namespace leat::log {

// "00000000000000001234.log"; nullopt for any other name.
std::string SegmentFileName(record::Offset base_offset);
std::optional<record::Offset> ParseSegmentFileName(std::string_view name);

// A segment that takes appends.
struct ActiveSegment {
  std::shared_ptr<io::File> file;  // Shared with reads in flight.
  SegmentHeader header;
  uint32_t header_crc = 0;               // Begins the chain of frames.
  io::FilePosition frames_end;           // Where the next frame goes.
  uint32_t last_frame_crc = 0;           // `header_crc` when there is no frame yet.
  io::FilePosition last_frame_position;  // Where it begins; 0, the segment header, without a frame.
  io::FilePosition prepared_end;  // Blocks before it are allocated and hold zeros (or frames).
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

// Makes a segment: writes its header to `<name>.tmp`, prepares `prepare_bytes` of zeroed blocks
// after it, syncs, renames, syncs the directory (which it makes, with the one above, and whose
// names it makes durable, if need be). ALREADY_EXISTS when the directory has a segment of that
// name. After any error, such as RESOURCE_EXHAUSTED when the disk is full, nothing is left behind
// and the call may be repeated.
absl::StatusOr<ActiveSegment> CreateSegment(io::FileSystem& files, const std::string& directory,
                                            const SegmentHeader& header, uint64_t prepare_bytes);

// How blocks ahead of the end are made ready.
enum class Preparation { kAllocate, kAllocateAndZero };

// Makes [position, position + bytes) ready for frames, durably: whole blocks that no frame lies in.
// RESOURCE_EXHAUSTED when the disk is full; safe to repeat then. Any other error is that of a
// flush.
absl::Status PrepareBlocks(io::File& file, io::FilePosition position, uint64_t bytes,
                           Preparation preparation);

// Completes a segment to which nothing is in flight: footer, cut to size, sync.
// RESOURCE_EXHAUSTED when the disk is full: nothing has changed, and it may be repeated. After any
// other error only recovery knows whether the segment is sealed. `compaction` goes into the footer.
absl::StatusOr<SealedSegment> SealSegment(ActiveSegment& segment,
                                          const CompactionMark& compaction = {});

// Where the replacement of the sealed segment at `path` is written.
std::string ReplacementPath(const std::string& path);

// Whether `name` is that of a replacement.
bool IsReplacementName(std::string_view name);

// Begins a replacement for the sealed segment at `path`. Frames are written to it without a flush;
// then it is sealed as any other. One that was left behind is removed first.
absl::StatusOr<ActiveSegment> CreateReplacement(io::FileSystem& files, const std::string& path,
                                                const SegmentHeader& header);

struct SwapResult {
  SealedSegment segment;  // What lies at the path now.
  absl::Status status;    // OK when that is the replacement, durably.
};

// Puts the sealed replacement of the segment at `path` in its place. A crash leaves the one or the
// other. Fails when it cannot be told which.
absl::StatusOr<SwapResult> SwapSegment(io::FileSystem& files, const std::string& path,
                                       const SegmentHeader& expected);

// Opens a segment that must be sealed. DATA_LOSS (`record::Reason::kLogCorrupt`, with file and
// position) when header or footer are missing or damaged or do not belong to `expected` topic,
// partition and base offset. UNIMPLEMENTED when they are of an unknown version.
absl::StatusOr<SealedSegment> OpenSealedSegment(io::FileSystem& files, const std::string& path,
                                                const SegmentHeader& expected);

// Reads the header of a segment of `expected` topic, partition and base offset. Errors as for
// `OpenSealedSegment`.
absl::StatusOr<SegmentHeader> ReadSegmentHeader(const io::File& file,
                                                const SegmentHeader& expected);

// Reads the footer at the end of the file. NOT_FOUND when there is none: the segment was the active
// one. Else errors as for `OpenSealedSegment`.
absl::StatusOr<SegmentFooter> ReadFooter(const io::File& file, uint64_t segment_id);

}  // namespace leat::log

#endif  // LEAT_STORAGE_LOG_SEGMENT_FILE_H_
