#include "storage/log/segment.h"

#include <algorithm>
#include <utility>

#include "storage/io/check.h"

namespace leat::log {

Segment::Segment(ActiveSegment active) : content_(std::move(active)) {}

Segment::Segment(SealedSegment sealed) : content_(std::move(sealed)) {}

void Segment::Publish(const BuiltFrame& frame) {
  ActiveSegment& active = std::get<ActiveSegment>(content_);
  LEAT_CHECK(frame.header.first_offset == active.next_offset);
  LEAT_CHECK(frame.header.previous_crc == active.last_frame_crc);
  if (!frame.batches.empty()) {
    active.index.AddFrame(frame.header.first_offset, active.frames_end, frame.max_timestamp_ms);
    if (active.first_append_timestamp_ms == 0) {
      active.first_append_timestamp_ms = frame.batches.front().header.append_timestamp_ms;
    }
    active.last_append_timestamp_ms = frame.batches.back().header.append_timestamp_ms;
  }
  active.last_frame_position = active.frames_end;
  active.frames_end = active.frames_end + frame.header.padded_bytes;
  active.last_frame_crc = frame.header.crc;
  active.next_offset = frame.next_offset();
  active.payload_bytes += frame.header.frame_bytes - FrameHeader::kEncodedBytes;
}

void Segment::SetPreparedEnd(io::FilePosition end) {
  std::get<ActiveSegment>(content_).prepared_end = end;
}

void Segment::Learn(const IndexEntry& frame) {
  SegmentIndex& index = active() ? std::get<ActiveSegment>(content_).index
                                 : std::get<SealedSegment>(content_).footer.index;
  index.Learn(frame);
}

void Segment::Seal(SealedSegment sealed) {
  LEAT_CHECK(active() && sealed.footer.next_offset == next_offset());
  content_ = std::move(sealed);
}

void Segment::HoldFile(std::shared_ptr<io::File> file) {
  LEAT_CHECK(!active());
  held_file_ = std::move(file);
}

std::shared_ptr<io::File> Segment::file() const {
  return active() ? active_segment().file : held_file_;
}

const std::string& Segment::path() const {
  return active() ? active_segment().file->path() : sealed_segment().path;
}

const SegmentHeader& Segment::header() const {
  return active() ? active_segment().header : sealed_segment().header;
}

const SegmentIndex& Segment::index() const {
  return active() ? active_segment().index : sealed_segment().footer.index;
}

record::Offset Segment::next_offset() const {
  return active() ? active_segment().next_offset : sealed_segment().footer.next_offset;
}

io::FilePosition Segment::frames_end() const {
  return active() ? active_segment().frames_end : sealed_segment().footer.frames_end;
}

int64_t Segment::first_append_timestamp_ms() const {
  return active() ? active_segment().first_append_timestamp_ms
                  : sealed_segment().footer.first_append_timestamp_ms;
}

int64_t Segment::last_append_timestamp_ms() const {
  return active() ? active_segment().last_append_timestamp_ms
                  : sealed_segment().footer.last_append_timestamp_ms;
}

uint64_t Segment::file_bytes() const {
  if (!active()) return sealed_segment().file_bytes;
  return std::max(active_segment().prepared_end, active_segment().frames_end).bytes;
}

CheckpointEntry Segment::Checkpoint() const {
  CheckpointEntry entry{
      .segment_base_offset = base_offset(), .durable_end = next_offset(), .position = frames_end()};
  entry.max_timestamp_ms = index().max_timestamp_ms();
  entry.first_append_timestamp_ms = first_append_timestamp_ms();
  entry.last_append_timestamp_ms = last_append_timestamp_ms();
  if (active()) {
    entry.last_frame_crc = active_segment().last_frame_crc;
    entry.last_frame_position = active_segment().last_frame_position;
    entry.payload_bytes = active_segment().payload_bytes;
  } else {
    entry.last_frame_crc = sealed_segment().footer.last_frame_crc;
    entry.payload_bytes = sealed_segment().footer.payload_bytes;
  }
  return entry;
}

}  // namespace leat::log
