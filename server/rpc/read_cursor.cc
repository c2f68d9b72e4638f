#include "server/rpc/read_cursor.h"

#include <algorithm>
#include <utility>

#include "absl/strings/numbers.h"
#include "storage/record/error.h"

namespace leat::rpc {

using record::Offset;

ReadHold::ReadHold(ByteBudget::Charge charge, std::shared_ptr<std::atomic<size_t>> total)
    : charge_(std::move(charge)), total_(std::move(total)) {
  *total_ += charge_.bytes();
}

void ReadHold::Resize(size_t bytes) {
  const size_t before = charge_.bytes();
  charge_.Resize(bytes);
  *total_ += charge_.bytes() - before;
}

size_t PayloadBytes(const broker::FetchResult& fetched) {
  size_t bytes = 0;
  for (const record::Batch& batch : fetched.batches) bytes += batch.payload.size();
  return bytes;
}

std::optional<Offset> TrimmedTo(const absl::Status& error, Offset from) {
  if (record::ReasonOf(error) != record::Reason::kOffsetOutOfRange) return std::nullopt;
  for (const auto& [key, value] : record::MetadataOf(error)) {
    int64_t log_start = 0;
    if (key != "logStartOffset" || !absl::SimpleAtoi(absl::string_view(value), &log_start))
      continue;
    return log_start > from.value ? std::optional(Offset{log_start}) : std::nullopt;
  }
  return std::nullopt;
}

void ReadCursor::Add(broker::FetchResult fetched, const std::shared_ptr<ReadHold>& hold) {
  for (record::Batch& batch : fetched.batches) {
    pending_.push_back(Fetched{std::move(batch), hold});
  }
  fetch_from_ = fetched.next_offset;
  high_watermark_ = fetched.high_watermark;
}

void ReadCursor::SkipTo(Offset log_start) {
  pending_.push_back(Gap{log_start});
  fetch_from_ = log_start;
  high_watermark_ = std::max(high_watermark_, log_start);
}

bool ReadCursor::SkipIfTrimmed(const absl::Status& error) {
  const auto log_start = TrimmedTo(error, fetch_from_);
  if (log_start.has_value()) SkipTo(*log_start);
  return log_start.has_value();
}

absl::StatusOr<std::optional<OutgoingEvent>> ReadCursor::Next(const ReadFormat& format) {
  while (ready_.empty() && !pending_.empty()) {
    const auto item = std::move(pending_.front());
    pending_.pop_front();
    if (const Gap* gap = std::get_if<Gap>(&item)) {
      const Offset from = std::exchange(next_, gap->to);
      return OutgoingEvent{EncodeTrimmedGap(Place(format, next_), from, next_), 0, nullptr, next_};
    }
    if (auto status = Open(std::get<Fetched>(item), format); !status.ok()) return status;
  }
  if (!ready_.empty()) {
    OutgoingEvent event = std::move(ready_.front());
    ready_.pop_front();
    next_ = event.next_offset;
    return event;
  }
  if (!fetched_all() || ended_) return std::nullopt;
  ended_ = true;
  return OutgoingEvent{EncodeEndOfRange(Place(format, next_)), 0, nullptr, next_};
}

void ReadCursor::Return(OutgoingEvent event, Offset from) {
  ready_.push_front(std::move(event));
  next_ = from;
}

absl::Status ReadCursor::Open(const Fetched& fetched, const ReadFormat& format) {
  const record::BatchHeader& header = fetched.batch.header;
  const Offset next = std::min(header.next_offset(), end_);
  if (next <= next_) return absl::OkStatus();
  const bool control = (header.attributes & record::kControlBatch) != 0;
  if (control || header.record_count == 0) {
    next_ = next;
    return absl::OkStatus();
  }
  if (format.accept.Takes(header, end_)) {
    ready_.push_back({EncodeBatch(Place(format, next), fetched.batch), header.payload_bytes,
                      fetched.hold, next});
    return absl::OkStatus();
  }
  if (header.codec != record::Codec::kNone) {
    fetched.hold->Resize(fetched.hold->bytes() + header.uncompressed_bytes);
  }
  auto chunks = CutBatch(fetched.batch, next_, end_, format.max_chunk_bytes);
  if (!chunks.ok()) return chunks.status();
  for (const Chunk& chunk : *chunks) {
    ready_.push_back(
        {EncodeChunk(Place(format, chunk.next_offset), header, chunk.base_offset, chunk.records),
         chunk.records.size(), fetched.hold, chunk.next_offset});
  }
  // Of a sparse batch nothing may be left to deliver.
  if (ready_.empty()) next_ = next;
  return absl::OkStatus();
}

absl::Cord ReadCursor::Heartbeat(const ReadFormat& format) const {
  return EncodeHeartbeat(Place(format, next_));
}

EventPlace ReadCursor::Place(const ReadFormat& format, Offset next_offset) const {
  return {format.topic_id, partition_, next_offset, high_watermark_};
}

}  // namespace leat::rpc
