// Making segments and the blocks ahead of their end.

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/types/span.h"
#include "fmt/core.h"
#include "storage/io/aligned_buffer.h"
#include "storage/log/segment_file.h"

namespace leat::log {
namespace {

// Makes directories, those above first.
absl::Status MakeDirectory(io::FileSystem& files, const std::string& path) {
  absl::Status made = files.CreateDirectory(path);
  if (!absl::IsNotFound(made)) return made;
  if (made = MakeDirectory(files, io::ParentDirectory(path)); !made.ok()) return made;
  return files.CreateDirectory(path);
}

// Makes the partition's directory, if need be, and its name and its topic's durable: an earlier run
// may have made them and died before that.
absl::Status MakeDurableDirectory(io::FileSystem& files, const std::string& path) {
  if (absl::Status made = MakeDirectory(files, path); !made.ok()) return made;
  const std::string topic_directory = io::ParentDirectory(path);
  if (absl::Status synced = files.SyncDirectory(topic_directory); !synced.ok()) return synced;
  return files.SyncDirectory(io::ParentDirectory(topic_directory));
}

// Leaves the directory ready for a file `name`. Where a segment lies already, the directory has
// been made durable before.
absl::Status PrepareDirectory(io::FileSystem& files, const std::string& path,
                              const std::string& name) {
  const absl::StatusOr<std::vector<std::string>> names = files.List(path);
  if (!names.ok() && !absl::IsNotFound(names.status())) return names.status();
  const bool holds_segment =
      names.ok() && std::any_of(names->begin(), names->end(), [](const std::string& found) {
        return ParseSegmentFileName(found).has_value();
      });
  if (!holds_segment) return MakeDurableDirectory(files, path);
  if (std::find(names->begin(), names->end(), name) != names->end()) {
    return absl::AlreadyExistsError(
        fmt::format("create {}: there is such a segment", io::JoinPath(path, name)));
  }
  return absl::OkStatus();
}

absl::Status WriteZeros(io::File& file, io::FilePosition position, uint64_t bytes) {
  constexpr uint64_t kChunkBytes = 1 << 20;
  io::AlignedBuffer zeros(std::min(bytes, kChunkBytes));
  std::fill_n(zeros.data(), zeros.size(), '\0');
  while (bytes > 0) {
    const uint64_t count = std::min<uint64_t>(bytes, zeros.size());
    absl::Status written = file.WriteAt(position, zeros.span().first(count));
    if (!written.ok()) return written;
    position = position + count;
    bytes -= count;
  }
  return absl::OkStatus();
}

// Writes a new file with the header and zeros up to `prepared_end`.
absl::Status WriteNewSegment(io::FileSystem& files, const std::string& path,
                             const SegmentHeader& header, io::FilePosition prepared_end) {
  absl::StatusOr<std::unique_ptr<io::File>> file = files.Open(path, io::OpenMode::kCreateDirect);
  if (!file.ok()) return file.status();
  absl::Status status = (*file)->Allocate({0}, prepared_end.bytes);
  if (!status.ok()) return status;
  io::AlignedBuffer block(io::kBlockBytes);
  std::fill_n(block.data(), block.size(), '\0');
  EncodeSegmentHeader(header, block.data());
  if (status = (*file)->WriteAt({0}, block.span()); !status.ok()) return status;
  const io::FilePosition header_end{io::kBlockBytes};
  status = WriteZeros(**file, header_end, prepared_end - header_end);
  if (!status.ok()) return status;
  return (*file)->Sync();
}

// Gives a written file its name, durably.
absl::StatusOr<std::unique_ptr<io::File>> Publish(io::FileSystem& files,
                                                  const std::string& temporary,
                                                  const std::string& path) {
  if (absl::Status renamed = files.Rename(temporary, path); !renamed.ok()) return renamed;
  absl::Status synced = files.SyncDirectory(io::ParentDirectory(path));
  if (!synced.ok()) return synced;
  return files.Open(path, io::OpenMode::kReadWriteDirect);
}

ActiveSegment EmptySegment(std::unique_ptr<io::File> file, const SegmentHeader& header,
                           io::FilePosition prepared_end) {
  const uint32_t header_crc = SegmentHeaderCrc(header);
  return {.file = std::move(file),
          .header = header,
          .header_crc = header_crc,
          .frames_end = {io::kBlockBytes},
          .last_frame_crc = header_crc,
          .prepared_end = prepared_end,
          .next_offset = header.base_offset};
}

}  // namespace

absl::StatusOr<ActiveSegment> CreateSegment(io::FileSystem& files, const std::string& directory,
                                            const SegmentHeader& header, uint64_t prepare_bytes) {
  const std::string name = SegmentFileName(header.base_offset);
  const std::string path = io::JoinPath(directory, name);
  const std::string temporary = path + ".tmp";
  absl::Status status = PrepareDirectory(files, directory, name);
  if (!status.ok()) return status;
  // One is left behind when an earlier call met an error and could not clean up.
  status = files.Remove(temporary);
  if (!status.ok() && !absl::IsNotFound(status)) return status;

  const io::FilePosition header_end{io::kBlockBytes};
  const io::FilePosition prepared_end = header_end + io::RoundUpToBlock(prepare_bytes);
  status = WriteNewSegment(files, temporary, header, prepared_end);
  absl::StatusOr<std::unique_ptr<io::File>> file =
      status.ok() ? Publish(files, temporary, path) : status;
  if (!file.ok()) {
    // Gives back the space; the first error is what the caller needs to know.
    files.Remove(temporary).IgnoreError();
    files.Remove(path).IgnoreError();
    return file.status();
  }
  return EmptySegment(*std::move(file), header, prepared_end);
}

absl::StatusOr<ActiveSegment> CreateReplacement(io::FileSystem& files, const std::string& path,
                                                const SegmentHeader& header) {
  const std::string replacement = ReplacementPath(path);
  absl::Status status = files.Remove(replacement);
  if (!status.ok() && !absl::IsNotFound(status)) return status;
  const io::FilePosition header_end{io::kBlockBytes};
  status = WriteNewSegment(files, replacement, header, header_end);
  if (!status.ok()) return status;
  absl::StatusOr<std::unique_ptr<io::File>> file =
      files.Open(replacement, io::OpenMode::kReadWriteDirect);
  if (!file.ok()) return file.status();
  return EmptySegment(*std::move(file), header, header_end);
}

absl::Status PrepareBlocks(io::File& file, io::FilePosition position, uint64_t bytes,
                           Preparation preparation) {
  if (absl::Status status = file.Allocate(position, bytes); !status.ok()) return status;
  if (preparation == Preparation::kAllocateAndZero) {
    if (absl::Status status = WriteZeros(file, position, bytes); !status.ok()) return status;
  }
  const absl::Status synced = file.Sync();
  // A flush is not repeated, whatever it failed for.
  return absl::IsResourceExhausted(synced) ? absl::DataLossError(synced.message()) : synced;
}

}  // namespace leat::log
