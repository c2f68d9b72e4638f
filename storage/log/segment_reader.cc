#include "storage/log/segment_reader.h"

#include <algorithm>
#include <cstring>
#include <string>
#include <string_view>
#include <utility>

#include "absl/strings/str_cat.h"
#include "storage/io/check.h"
#include "storage/log/segment_tasks.h"
#include "storage/record/error.h"

namespace leat::log {
SegmentReader::SegmentReader(const LogEnvironment& environment, std::shared_ptr<Segment> segment,
                             const IndexEntry& start, record::Offset from, PayloadCheck payloads)
    : environment_(environment),
      segment_(std::move(segment)),
      from_(from),
      payloads_(payloads),
      file_(segment_->file()),
      position_(start.position),
      next_offset_(start.first_offset),
      max_timestamp_ms_(start.max_timestamp_ms) {}

absl::StatusOr<const ParsedFrame*> SegmentReader::Frame() {
  if (frame_.has_value()) return &*frame_;
  if (readable_from_.has_value()) return DamageUpTo(*readable_from_);
  while (bytes_ahead() > 0) {
    absl::StatusOr<std::optional<ParsedFrame>> frame = Look();
    if (!frame.ok()) {
      SearchOn(std::move(frame).status());
      continue;
    }
    if (!frame->has_value()) return nullptr;
    const record::Offset first = (*frame)->header.first_offset;
    if (searching_ && first > wanted()) return DamageUpTo(first);
    TakeIn(**std::move(frame));
    return &*frame_;
  }
  const bool to_the_end = searching_ && position_ == segment_->frames_end();
  if (to_the_end && next_offset_ < segment_->next_offset()) return damage_;
  return nullptr;
}

// The frame that begins at `position_`; nullopt when not all of it is in memory.
absl::StatusOr<std::optional<ParsedFrame>> SegmentReader::Look() {
  const std::string_view bytes(buffer_->data() + (position_ - buffer_begin_), bytes_ahead());
  const absl::StatusOr<FrameHeader> header = DecodeFrameHeader(bytes);
  if (!header.ok()) return Corrupt(header.status().message());
  if (absl::Status fits = CheckFits(*header); !fits.ok()) return fits;
  frame_bytes_ = header->padded_bytes;
  if (bytes.size() < frame_bytes_) return std::nullopt;
  absl::StatusOr<ParsedFrame> frame = Parse(bytes.substr(0, frame_bytes_));
  if (!frame.ok()) return Corrupt(frame.status().message());
  return std::optional(*std::move(frame));
}

void SegmentReader::SearchOn(absl::Status damage) {
  if (!std::exchange(searching_, true)) damage_ = std::move(damage);
  previous_crc_.reset();
  frame_bytes_ = io::kBlockBytes;
  position_ = position_ + io::kBlockBytes;
}

void SegmentReader::TakeIn(ParsedFrame frame) {
  if (std::exchange(searching_, false)) next_offset_ = frame.header.first_offset;
  // What times there are in damaged frames is not known.
  if (!frame.batches.empty() && damage_.ok()) {
    segment_->Learn({next_offset_, position_, max_timestamp_ms_});
  }
  for (const record::Batch& batch : frame.batches) {
    max_timestamp_ms_ = std::max(max_timestamp_ms_, batch.header.max_timestamp_ms);
  }
  frame_ = std::move(frame);
  frame_memory_ = buffer_;
  position_ = position_ + frame_bytes_;
  next_offset_ = frame_->next_offset();
  previous_crc_ = frame_->header.crc;
  searching_ = std::exchange(cut_, false);
}

// So that whoever was told of damage can read on behind it.
absl::StatusOr<ParsedFrame> SegmentReader::Parse(std::string_view bytes) {
  if (next_offset_ < from_) {
    absl::StatusOr<ParsedFrame> passed = ParseFrame(bytes, buffer_, PayloadCheck::kSkip);
    if (!passed.ok() || passed->next_offset() <= from_) return passed;
  }
  absl::StatusOr<ParsedFrame> whole = ParseFrame(bytes, buffer_, payloads_);
  if (whole.ok()) return whole;
  absl::StatusOr<ParsedFrame> headers = ParseFrame(bytes, buffer_, PayloadCheck::kSkip);
  if (!headers.ok()) return headers;
  return Salvage(*std::move(headers), whole.status());
}

// Of a frame with sound headers in which something is damaged: the batches up to the first one of
// interest whose payload is.
absl::StatusOr<ParsedFrame> SegmentReader::Salvage(ParsedFrame frame, absl::Status damage) {
  std::vector<record::Batch>& batches = frame.batches;
  const auto check = [&frame](const record::Batch& batch) {
    return CheckPayload(frame.header, batch);
  };
  const auto sound = [&check](const record::Batch& batch) { return check(batch).ok(); };
  auto damaged = std::find_if_not(batches.begin(), batches.end(), sound);
  if (damaged == batches.end()) return frame;  // The padding: no record's.
  if (searching_ && frame.header.first_offset > wanted()) {
    // It shows no more than where the damage before it ends.
    const auto first_sound = std::find_if(batches.begin(), batches.end(), sound);
    if (first_sound == batches.end()) return damage;
    frame.header.first_offset = first_sound->header.base_offset;
    return frame;
  }
  damaged = std::find_if(damaged, batches.end(), [&](const record::Batch& batch) {
    return batch.header.next_offset() > from_ && !sound(batch);
  });
  if (damaged == batches.end()) return frame;
  const auto next_sound = std::find_if(damaged, batches.end(), sound);
  if (next_sound != batches.end()) readable_from_ = next_sound->header.base_offset;
  damage_ = Corrupt(check(*damaged).message(), damaged->header.base_offset);
  cut_ = true;
  batches.erase(damaged, batches.end());
  return frame;
}

absl::Status SegmentReader::CheckFits(const FrameHeader& header) const {
  if (header.segment_id != segment_->header().segment_id) {
    return Corrupt("frame of another segment");
  }
  const bool fits =
      searching_ ? header.first_offset >= next_offset_ : header.first_offset == next_offset_;
  if (!fits) return Corrupt("frame of another offset");
  if (previous_crc_.has_value() && header.previous_crc != *previous_crc_) {
    return Corrupt("frame does not follow on the one before");
  }
  if (header.padded_bytes > segment_->frames_end() - position_) {
    return Corrupt("frame passes the end of the segment");
  }
  return absl::OkStatus();
}

absl::Status SegmentReader::DamageUpTo(record::Offset end) const {
  return record::MakeError(
      record::Reason::kLogCorrupt,
      absl::StrCat(std::string(damage_.message()), "; readable again from offset ", end.value),
      {{"file", segment_->path()},
       {"offset", absl::StrCat(next_offset_.value)},
       {"nextOffset", absl::StrCat(end.value)}});
}

absl::Status SegmentReader::Corrupt(absl::string_view what, record::Offset from) const {
  return record::MakeError(record::Reason::kLogCorrupt,
                           absl::StrCat(segment_->path(), " at byte ", position_.bytes, ": ", what),
                           {{"file", segment_->path()}, {"offset", absl::StrCat(from.value)}});
}

uint64_t SegmentReader::memory_bytes(uint64_t fill_bytes) const {
  const uint64_t held = buffer_ == nullptr ? 0 : buffer_->size();
  return held + std::max({2 * io::RoundUpToBlock(fill_bytes), kFirstStepBytes, frame_bytes_});
}

void SegmentReader::Fill(uint64_t bytes, io::IoCallback done) {
  LEAT_CHECK(fill_done_ == nullptr && !AtEnd());
  fill_done_ = std::move(done);
  if (filling_) return;
  filling_ = true;
  wanted_bytes_ = bytes;
  if (file_ == nullptr) file_ = segment_->file();
  if (file_ == nullptr) return Open();
  ReadChunk();
}

void SegmentReader::Open() {
  OpenInBackground(environment_, segment_->path(),
                   [weak = weak_from_this()](absl::StatusOr<std::shared_ptr<io::File>> file) {
                     const std::shared_ptr<SegmentReader> self = weak.lock();
                     if (self == nullptr) return;
                     // What lies at the path may have been replaced while it was opened.
                     self->file_ = self->segment_->file();
                     if (self->file_ == nullptr) {
                       if (!file.ok()) return self->EndFill(file.status());
                       self->file_ = *std::move(file);
                     }
                     self->ReadChunk();
                   });
}

// Into a new buffer, which begins with what is left of the old one: frames handed out share the old
// memory.
void SegmentReader::ReadChunk() {
  const uint64_t kept = bytes_ahead();
  const io::FilePosition chunk_begin = position_ + kept;
  const uint64_t missing = frame_bytes_ - std::min(kept, frame_bytes_);
  const uint64_t wanted = io::RoundUpToBlock(wanted_bytes_);
  // A search keeps nothing of what it reads.
  const uint64_t step_max =
      payloads_ == PayloadCheck::kSkip ? kMaxStepBytes : std::max(2 * wanted, kFirstStepBytes);
  const uint64_t step = std::min(step_bytes_, step_max);
  const uint64_t chunk =
      std::min(std::max({wanted, step, missing}), segment_->frames_end() - chunk_begin);
  step_bytes_ = std::min(2 * step_bytes_, kMaxStepBytes);
  auto buffer = std::make_shared<io::AlignedBuffer>(kept + chunk);
  if (kept > 0) {
    std::memcpy(buffer->data(), buffer_->data() + (position_ - buffer_begin_), kept);
  }
  const absl::Span<char> target = buffer->span().subspan(kept);
  // The callback holds file and buffer: the read needs them even when the reader is gone.
  environment_.loop->Read(*file_, chunk_begin, target,
                          [weak = weak_from_this(), file = file_, buffer = std::move(buffer),
                           begin = position_](absl::Status status) mutable {
                            const std::shared_ptr<SegmentReader> self = weak.lock();
                            if (self != nullptr)
                              self->OnRead(std::move(buffer), begin, std::move(status));
                          });
}

void SegmentReader::OnRead(std::shared_ptr<io::AlignedBuffer> buffer, io::FilePosition begin,
                           absl::Status status) {
  if (status.ok()) {
    buffer_begin_ = begin;
    buffer_end_ = begin + buffer->size();
    buffer_ = std::move(buffer);
  }
  EndFill(std::move(status));
}

void SegmentReader::EndFill(absl::Status status) {
  filling_ = false;
  // A file that is gone, too short, or cannot be read.
  if (absl::IsNotFound(status) || absl::IsOutOfRange(status) || absl::IsDataLoss(status)) {
    status = Corrupt(status.message());
  }
  io::IoCallback done = std::exchange(fill_done_, nullptr);
  if (done != nullptr) std::move(done)(std::move(status));
}

}  // namespace leat::log
