#include "storage/inspect/segment_report.h"

#include <algorithm>
#include <memory>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "fmt/core.h"
#include "storage/inspect/footer_check.h"
#include "storage/io/aligned_buffer.h"
#include "storage/log/corruption.h"
#include "storage/log/segment_file.h"

namespace leat::inspect {
namespace {

std::string_view NameOf(std::string_view path) { return path.substr(path.rfind('/') + 1); }

// The block of the header; as much of it as there is. Fails when reading does.
absl::StatusOr<std::string> ReadHeaderBlock(const io::File& file) {
  io::AlignedBuffer block(io::kBlockBytes);
  absl::Status read = file.ReadAt({0}, block.span());
  if (absl::IsOutOfRange(read)) return std::string();
  if (!read.ok()) return read;
  return std::string(block.data(), block.size());
}

// What an error says, without file and position before it.
std::string WithoutPlace(const absl::Status& status) {
  std::string text(status.message());
  const size_t place = text.find(" at byte ");
  const size_t end = place == text.npos ? text.npos : text.find(": ", place);
  return end == text.npos ? text : text.substr(end + 2);
}

class Inspector {
 public:
  Inspector(std::unique_ptr<io::File> file, std::string path, Depth depth, FrameVisitor visit)
      : file_(std::move(file)), depth_(depth), visit_(visit) {
    report_.path = std::move(path);
  }

  absl::StatusOr<SegmentReport> Run(const std::optional<log::PartitionKey>& key) && {
    const absl::StatusOr<uint64_t> size = file_->Size();
    if (!size.ok()) return size.status();
    report_.file_bytes = *size;
    absl::Status status = ReadHeader(key);
    if (status.ok() && report_.header.has_value()) status = ReadFooter();
    if (status.ok() && report_.header.has_value()) status = ReadFrames();
    if (absl::IsDataLoss(status)) {
      AddFault(Fault::Kind::kUnreadable, report_.chain_end, std::string(status.message()));
      return std::move(report_);
    }
    if (!status.ok()) return status;
    return std::move(report_);
  }

 private:
  void AddFault(Fault::Kind kind, io::FilePosition position, std::string what) {
    report_.faults.push_back({.kind = kind,
                              .file = report_.path,
                              .position = position,
                              .offset = report_.chain_next_offset,
                              .next_offset = report_.chain_next_offset,
                              .what = std::move(what)});
  }

  // Damage as a fault of `kind`; other errors are given back.
  absl::Status Take(const absl::Status& status, Fault::Kind kind, io::FilePosition position) {
    if (!log::IsDamage(status)) return status;
    AddFault(kind, position, WithoutPlace(status));
    return absl::OkStatus();
  }

  absl::Status ReadHeader(const std::optional<log::PartitionKey>& key) {
    const std::optional<record::Offset> base = log::ParseSegmentFileName(NameOf(report_.path));
    report_.base_offset = base.value_or(record::Offset{});
    report_.chain_next_offset = report_.next_offset = report_.base_offset;
    const absl::StatusOr<std::string> block = ReadHeaderBlock(*file_);
    if (!block.ok()) return block.status();
    absl::StatusOr<log::SegmentHeader> header = log::DecodeSegmentHeader(*block);
    if (header.ok()) {
      log::SegmentHeader expected = *header;
      if (key.has_value()) {
        expected.topic_id = key->topic_id;
        expected.partition = key->partition;
      }
      expected.base_offset = base.value_or(header->base_offset);
      header = log::ReadSegmentHeader(*file_, expected);
    } else {
      AddFault(Fault::Kind::kHeader, {0}, std::string(header.status().message()));
      return absl::OkStatus();
    }
    if (!header.ok()) return Take(header.status(), Fault::Kind::kHeader, {0});
    report_.header = *header;
    report_.base_offset = report_.chain_next_offset = report_.next_offset = header->base_offset;
    return absl::OkStatus();
  }

  absl::Status ReadFooter() {
    absl::StatusOr<log::SegmentFooter> footer = log::ReadFooter(*file_, report_.header->segment_id);
    if (absl::IsNotFound(footer.status())) return absl::OkStatus();
    if (footer.ok() && footer->next_offset < report_.header->base_offset) {
      footer =
          log::CorruptionError(report_.path, footer->frames_end, "segment ends before it begins");
    }
    if (!footer.ok()) {
      const uint64_t last_block = report_.file_bytes - io::kBlockBytes;
      return Take(footer.status(), Fault::Kind::kFooter, {last_block});
    }
    report_.footer = *std::move(footer);
    return absl::OkStatus();
  }

  absl::Status ReadFrames() {
    if (report_.sealed() && depth_ == Depth::kOutline) {
      TakeFooter();
      return absl::OkStatus();
    }
    log::FileWindow window(
        *file_, report_.sealed() ? report_.footer->frames_end.bytes : report_.file_bytes);
    report_.records = 0;
    std::optional<FooterCheck> check;
    if (report_.sealed()) check.emplace(*report_.footer);
    absl::StatusOr<FrameWalk> walk = WalkFrames(
        window, *report_.header, [&](io::FilePosition position, const log::ParsedFrame& frame) {
          Count(frame);
          if (check.has_value()) check->Add(position, frame);
          visit_(position, frame);
        });
    if (!walk.ok()) return walk.status();
    report_.walked = true;
    TakeWalk(*std::move(walk));
    if (!check.has_value() || !report_.gaps.empty()) return absl::OkStatus();
    const std::string_view mistake = check->Mistake();
    if (!mistake.empty()) {
      AddFault(Fault::Kind::kFooter, report_.footer->frames_end, std::string(mistake));
    }
    return absl::OkStatus();
  }

  void TakeFooter() {
    const log::SegmentFooter& footer = *report_.footer;
    report_.chain_end = footer.frames_end;
    report_.chain_next_offset = report_.next_offset = footer.next_offset;
    if (!footer.compaction.compacted()) {
      report_.records = static_cast<uint64_t>(footer.next_offset - report_.base_offset);
    }
    report_.payload_bytes = footer.payload_bytes;
    report_.first_append_timestamp_ms = footer.first_append_timestamp_ms;
    report_.last_append_timestamp_ms = footer.last_append_timestamp_ms;
  }

  void Count(const log::ParsedFrame& frame) {
    ++report_.frames;
    for (const record::Batch& batch : frame.batches) {
      if (report_.batches == 0) {
        report_.first_append_timestamp_ms = batch.header.append_timestamp_ms;
      }
      ++report_.batches;
      *report_.records += batch.header.record_count;
      report_.payload_bytes += record::BatchHeader::kEncodedBytes + batch.header.payload_bytes;
      report_.last_append_timestamp_ms = batch.header.append_timestamp_ms;
    }
  }

  // Frames that a sound footer says are there and that do not follow are damaged too.
  void TakeWalk(FrameWalk walk) {
    report_.next_offset = walk.next_offset;
    report_.gaps = std::move(walk.gaps);
    if (report_.sealed() && walk.frames_end < report_.footer->frames_end) {
      report_.gaps.push_back({.from = walk.frames_end,
                              .to = report_.footer->frames_end,
                              .offset = walk.next_offset,
                              .next_offset = report_.footer->next_offset,
                              .damaged_from = walk.next_offset,
                              .damaged_to = report_.footer->next_offset,
                              .what = walk.end});
    }
    report_.chain_end = report_.gaps.empty() ? walk.frames_end : report_.gaps[0].from;
    report_.chain_next_offset = report_.gaps.empty() ? walk.next_offset : report_.gaps[0].offset;
    report_.chain_stop = report_.gaps.empty() ? std::move(walk.end) : report_.gaps[0].what;
  }

  const std::unique_ptr<io::File> file_;
  const Depth depth_;
  const FrameVisitor visit_;
  SegmentReport report_;
};

}  // namespace

absl::StatusOr<SegmentReport> InspectSegment(io::FileSystem& files, const std::string& path,
                                             const std::optional<log::PartitionKey>& key,
                                             Depth depth, FrameVisitor visit) {
  absl::StatusOr<std::unique_ptr<io::File>> file = files.Open(path, io::OpenMode::kReadDirect);
  if (!file.ok()) return file.status();
  return Inspector(*std::move(file), path, depth, visit).Run(key);
}

absl::StatusOr<SegmentReport> InspectSegment(io::FileSystem& files, const std::string& path,
                                             const std::optional<log::PartitionKey>& key,
                                             Depth depth) {
  return InspectSegment(files, path, key, depth, [](io::FilePosition, const log::ParsedFrame&) {});
}

}  // namespace leat::inspect
