#include "storage/inspect/footer_check.h"

#include <algorithm>
#include <vector>

namespace leat::inspect {

void FooterCheck::Add(io::FilePosition position, const log::ParsedFrame& frame) {
  CheckIndex(position, frame);
  for (const record::Batch& batch : frame.batches) {
    const record::BatchHeader& header = batch.header;
    if (payload_bytes_ == 0) first_append_timestamp_ms_ = header.append_timestamp_ms;
    last_append_timestamp_ms_ = header.append_timestamp_ms;
    payload_bytes_ += record::BatchHeader::kEncodedBytes + header.payload_bytes;
    max_timestamp_ms_ = std::max(max_timestamp_ms_, header.max_timestamp_ms);
  }
  next_offset_ = frame.next_offset();
  last_frame_crc_ = frame.header.crc;
  empty_ = false;
}

void FooterCheck::CheckIndex(io::FilePosition position, const log::ParsedFrame& frame) {
  const std::vector<log::IndexEntry>& entries = footer_.index.entries();
  if (index_entries_ == entries.size() || entries[index_entries_].position > position) return;
  const log::IndexEntry& entry = entries[index_entries_];
  if (entry.position != position || entry.first_offset != frame.header.first_offset ||
      entry.max_timestamp_ms < max_timestamp_ms_) {
    index_wrong_ = true;
  }
  ++index_entries_;
}

std::string_view FooterCheck::Mistake() const {
  if (empty_) return {};
  if (footer_.next_offset != next_offset_) return "footer ends with another offset than the frames";
  if (footer_.last_frame_crc != last_frame_crc_) return "footer knows of another last frame";
  if (footer_.payload_bytes != payload_bytes_) return "footer counts other payload bytes";
  if (footer_.first_append_timestamp_ms != first_append_timestamp_ms_ ||
      footer_.last_append_timestamp_ms != last_append_timestamp_ms_ ||
      footer_.index.max_timestamp_ms() != max_timestamp_ms_) {
    return "footer has other timestamps than the frames";
  }
  if (index_wrong_ || index_entries_ != footer_.index.entries().size()) {
    return "index does not lead to its frames";
  }
  return {};
}

}  // namespace leat::inspect
