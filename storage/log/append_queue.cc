#include "storage/log/append_queue.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "storage/io/aligned_buffer.h"
#include "storage/io/check.h"
#include "storage/log/format.h"

namespace leat::log {
namespace {

size_t BytesInFrame(const record::Batch& batch) {
  return record::BatchHeader::kEncodedBytes + batch.payload.size();
}

template <typename T>
std::vector<T> TakeFront(std::deque<T>& queue, size_t count) {
  const auto end = queue.begin() + static_cast<ptrdiff_t>(count);
  std::vector<T> taken(std::make_move_iterator(queue.begin()), std::make_move_iterator(end));
  queue.erase(queue.begin(), end);
  return taken;
}

// How many of `batches` make the next frame, and its bytes.
std::pair<size_t, size_t> Fit(const std::deque<record::Batch>& batches, size_t max_frame_bytes) {
  size_t count = 0;
  size_t frame_bytes = FrameHeader::kEncodedBytes;
  for (const record::Batch& batch : batches) {
    const size_t batch_bytes = BytesInFrame(batch);
    if (count > 0 && frame_bytes + batch_bytes > max_frame_bytes) break;
    frame_bytes += batch_bytes;
    ++count;
  }
  return {count, frame_bytes};
}

}  // namespace

AppendQueue::AppendQueue(record::Offset log_end, int64_t last_append_timestamp_ms)
    : log_end_(log_end), last_append_timestamp_ms_(last_append_timestamp_ms) {}

const record::BatchHeader& AppendQueue::Add(record::Batch batch, int64_t wall_ms,
                                            AppendCallback done) {
  record::BatchHeader& header = batch.header;
  LEAT_CHECK(header.payload_bytes == batch.payload.size());
  LEAT_CHECK(batch.payload.size() <= kMaxFrameBytes - io::kBlockBytes);
  last_append_timestamp_ms_ = std::max(last_append_timestamp_ms_, wall_ms);
  header.base_offset = log_end_;
  header.append_timestamp_ms = last_append_timestamp_ms_;
  if (header.timestamp_type == record::TimestampType::kAppend) {
    header.base_timestamp_ms = header.append_timestamp_ms;
    header.max_timestamp_ms = header.append_timestamp_ms;
  }
  log_end_ = header.next_offset();
  batches_.push_back(std::move(batch));
  done_.push_back(std::move(done));
  return batches_.back().header;
}

size_t AppendQueue::NextFrameBytes(size_t max_frame_bytes) const {
  LEAT_CHECK(!empty());
  return Fit(batches_, max_frame_bytes).second;
}

FrameContent AppendQueue::Take(size_t max_frame_bytes) {
  const size_t count = Fit(batches_, max_frame_bytes).first;
  return {.batches = TakeFront(batches_, count), .done = TakeFront(done_, count)};
}

FrameContent AppendQueue::TakeBack() {
  if (!empty()) log_end_ = batches_.front().header.base_offset;
  return {.batches = TakeFront(batches_, batches_.size()), .done = TakeFront(done_, done_.size())};
}

}  // namespace leat::log
