#include "storage/log/producer_recovery.h"

#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "fmt/core.h"
#include "storage/io/aligned_buffer.h"
#include "storage/io/check.h"
#include "storage/log/file_window.h"
#include "storage/log/frame.h"
#include "storage/log/producer_snapshot.h"
#include "storage/log/quarantine.h"
#include "storage/record/compression.h"
#include "storage/record/message_ids.h"
#include "storage/record/record_set.h"

namespace leat::log {
namespace {

// What is to be read of a segment, active or sealed.
struct SegmentView {
  std::string path;
  std::shared_ptr<io::File> file;  // Null when it is to be opened.
  record::Offset base_offset;
  record::Offset next_offset;
  io::FilePosition frames_end;
  const SegmentIndex* index = nullptr;
};

std::vector<SegmentView> SegmentsOf(const RecoveredLog& log) {
  std::vector<SegmentView> segments;
  for (const SealedSegment& sealed : log.sealed) {
    segments.push_back({.path = sealed.path,
                        .base_offset = sealed.header.base_offset,
                        .next_offset = sealed.footer.next_offset,
                        .frames_end = sealed.footer.frames_end,
                        .index = &sealed.footer.index});
  }
  if (log.active.has_value()) {
    const ActiveSegment& active = *log.active;
    segments.push_back({.path = active.file->path(),
                        .file = active.file,
                        .base_offset = active.header.base_offset,
                        .next_offset = active.next_offset,
                        .frames_end = active.frames_end,
                        .index = &active.index});
  }
  return segments;
}

// Whether what is wrong lies with the bytes, or with reading them.
bool IsUnusable(const absl::Status& status) {
  return absl::IsDataLoss(status) || absl::IsUnimplemented(status);
}

// DATA_LOSS for what is no frame: then where the next one begins nobody knows.
absl::StatusOr<ParsedFrame> FrameAt(FileWindow& window, io::FilePosition position) {
  absl::StatusOr<std::string_view> bytes = window.View(position, FrameHeader::kEncodedBytes);
  if (!bytes.ok()) return bytes.status();
  const absl::StatusOr<FrameHeader> header = DecodeFrameHeader(*bytes);
  if (!header.ok()) return header.status();
  bytes = window.View(position, header->padded_bytes);
  if (!bytes.ok()) return bytes.status();
  absl::StatusOr<ParsedFrame> frame = ParseFrame(*bytes, nullptr, PayloadCheck::kSkip);
  if (absl::IsOutOfRange(frame.status())) return absl::DataLossError("a frame is cut short");
  return frame;
}

// The ids in a batch. None in one that is damaged: readers are told of that.
std::vector<KnownId> IdsOf(const record::Batch& batch) {
  const record::BatchHeader& header = batch.header;
  std::string set(batch.payload);
  if (header.codec != record::Codec::kNone) {
    absl::StatusOr<std::string> uncompressed =
        record::Decompress(header.codec, set, header.uncompressed_bytes);
    if (!uncompressed.ok()) return {};
    set = *std::move(uncompressed);
  }
  std::vector<KnownId> ids;
  const absl::Status read =
      record::ForEachRecord(set, [&](const record::RecordView& record, uint32_t offset_delta) {
        const absl::StatusOr<std::optional<std::string_view>> id =
            record::FindMessageId(record.headers);
        if (!id.ok() || !id->has_value()) return true;
        ids.push_back({.id = record::Fingerprint::Of(**id),
                       .offset = header.base_offset + offset_delta,
                       .append_timestamp_ms = header.append_timestamp_ms});
        return true;
      });
  return read.ok() ? ids : std::vector<KnownId>();
}

class ProducerRecovery {
 public:
  ProducerRecovery(io::FileSystem& files, const RecoveryInput& input, RecoveredLog& log)
      : files_(files), input_(input), log_(log), segments_(SegmentsOf(log)) {}

  absl::Status Run() {
    absl::StatusOr<ProducerSnapshot> snapshot =
        ReadProducerSnapshot(files_, input_.directory, input_.key);
    if (snapshot.ok()) {
      absl::Status taken_up = CheckFits(snapshot->place);
      log_.producers.table = std::move(snapshot->table);
      if (input_.message_ids > 0) log_.producers.ids = std::move(snapshot->ids);
      if (taken_up.ok()) taken_up = ReadFrom(snapshot->place);
      log_.producers.saved = snapshot->place.next_offset;
      if (!IsUnusable(taken_up)) return taken_up;
      return Rebuild(taken_up);
    }
    if (absl::IsNotFound(snapshot.status())) return Rebuild(absl::NotFoundError("it is missing"));
    if (!IsUnusable(snapshot.status())) return snapshot.status();
    return Rebuild(snapshot.status());
  }

 private:
  record::Offset first_offset() const {
    return segments_.empty() ? log_.next_offset : segments_.front().base_offset;
  }

  absl::Status CheckFits(const LogPlace& place) const {
    if (place.next_offset >= first_offset() && place.next_offset <= log_.next_offset) {
      return absl::OkStatus();
    }
    return absl::DataLossError(fmt::format("it goes up to offset {}, and the log from {} to {}",
                                           place.next_offset.value, first_offset().value,
                                           log_.next_offset.value));
  }

  // Takes in the batches from `place` on.
  absl::Status ReadFrom(const LogPlace& place) {
    for (const SegmentView& segment : segments_) {
      if (segment.next_offset <= place.next_offset) continue;
      absl::Status read = ReadSegment(segment, place);
      if (!read.ok()) return read;
    }
    return absl::OkStatus();
  }

  absl::Status ReadSegment(const SegmentView& segment, const LogPlace& place) {
    std::shared_ptr<io::File> file = segment.file;
    if (file == nullptr) {
      absl::StatusOr<std::unique_ptr<io::File>> opened =
          files_.Open(segment.path, io::OpenMode::kReadDirect);
      if (!opened.ok()) return opened.status();
      file = *std::move(opened);
    }
    FileWindow window(*file, segment.frames_end.bytes);
    io::FilePosition position = Begin(segment, window, place);
    const io::FilePosition begin = position;
    while (position < segment.frames_end) {
      const absl::StatusOr<ParsedFrame> frame = FrameAt(window, position);
      if (!frame.ok()) {
        return absl::Status(frame.status().code(),
                            fmt::format("{}, byte {}: {}", segment.path, position.bytes,
                                        std::string(frame.status().message())));
      }
      Apply(*frame, place.next_offset);
      position = position + frame->header.padded_bytes;
    }
    log_.bytes_checked += position - begin;
    log_.producers.bytes_since += position - begin;
    return absl::OkStatus();
  }

  // Where the snapshot says, if a frame of what it does not cover begins there; compaction may have
  // put another one there. Else where the index says.
  io::FilePosition Begin(const SegmentView& segment, FileWindow& window,
                         const LogPlace& place) const {
    const bool named = place.segment_base_offset == segment.base_offset &&
                       place.position.bytes % io::kBlockBytes == 0 &&
                       place.position >= io::FilePosition{io::kBlockBytes} &&
                       place.position < segment.frames_end;
    if (named) {
      const absl::StatusOr<ParsedFrame> frame = FrameAt(window, place.position);
      if (frame.ok() && frame->header.first_offset == place.next_offset) return place.position;
    }
    if (segment.index->empty() || place.next_offset <= segment.base_offset) {
      return {io::kBlockBytes};
    }
    return segment.index->FindOffset(place.next_offset).position;
  }

  void Apply(const ParsedFrame& frame, record::Offset from) {
    for (const record::Batch& batch : frame.batches) {
      if (batch.header.base_offset < from) continue;
      if (input_.message_ids > 0) TakeIds(batch);
      if (batch.header.producer_id == record::kNoProducer) continue;
      ApplyProducer(batch.header);
    }
  }

  // Whoever makes room for another may have been granted anew since, which the log does not tell:
  // then none of those granted so far is taken for new.
  void ApplyProducer(const record::BatchHeader& header) {
    ProducerTable& table = log_.producers.table;
    const bool is_new = table.Find(header.producer_id) == nullptr;
    const size_t before = table.entries().size();
    table.Apply(header, 0);
    if (is_new && table.entries().size() == before) {
      table.set_forgotten_grant(ProducerTable::kAllGrants);
    }
  }

  void TakeIds(const record::Batch& batch) {
    std::deque<KnownId>& ids = log_.producers.ids;
    for (const KnownId& known : IdsOf(batch)) ids.push_back(known);
    while (ids.size() > input_.message_ids) ids.pop_front();
  }

  absl::Status Rebuild(const absl::Status& why) {
    Finding finding{.kind = Finding::Kind::kProducersRebuilt,
                    .file = io::JoinPath(input_.directory, kProducerSnapshotName),
                    .offset = first_offset(),
                    .detail = fmt::format("made anew from the batches that are left: {}",
                                          std::string(why.message()))};
    if (!absl::IsNotFound(why)) {
      Quarantine quarantine(files_, input_.quarantine_directory, input_.key);
      const absl::StatusOr<std::string> kept = quarantine.Move(finding.file);
      if (!kept.ok()) return kept.status();
      finding.detail += fmt::format("; kept as {}", *kept);
    }
    log_.producers = {};
    absl::Status read = ReadFrom({.next_offset = first_offset()});
    if (IsUnusable(read)) {
      log_.producers = {};
      finding.detail += fmt::format("; not even those: {}", std::string(read.message()));
      read = absl::OkStatus();
    }
    if (!read.ok()) return read;
    log_.producers.table.set_forgotten_grant(ProducerTable::kAllGrants);
    log_.findings.push_back(std::move(finding));
    log_.producers.saved = log_.next_offset;
    log_.producers.bytes_since = 0;
    return WriteProducerSnapshot(
        files_, input_.directory,
        EncodeProducerSnapshot(input_.key, End(), log_.producers.table, log_.producers.ids));
  }

  LogPlace End() const {
    if (segments_.empty()) return {log_.next_offset, log_.next_offset, {}};
    const SegmentView& last = segments_.back();
    return {log_.next_offset, last.base_offset, last.frames_end};
  }

  io::FileSystem& files_;
  const RecoveryInput& input_;
  RecoveredLog& log_;
  const std::vector<SegmentView> segments_;
};

}  // namespace

absl::Status RecoverProducers(io::FileSystem& files, const RecoveryInput& input,
                              RecoveredLog& log) {
  return ProducerRecovery(files, input, log).Run();
}

}  // namespace leat::log
