#include "server/rpc/chunk_cutter.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>

#include "server/rpc/byte_buffer.h"
#include "storage/record/compression.h"
#include "storage/record/error.h"
#include "storage/record/record_set.h"

namespace leat::rpc {
namespace {

using record::Batch;
using record::BatchHeader;
using record::Offset;

// Room for the fields around a batch's payload.
constexpr size_t kEnvelopeBytes = 256;
constexpr size_t kDefaultMaxMessageBytes = 4 << 20;

bool IsSparse(const BatchHeader& header) {
  return header.record_count != uint64_t{header.last_offset_delta} + 1;
}

// Cuts a dense set in one pass: each part is a piece of it.
class DenseCutter {
 public:
  DenseCutter(const absl::Cord& set, Offset base, size_t max_bytes)
      : set_(set), base_(base), max_bytes_(max_bytes) {}

  void Add(size_t begin, size_t end, uint32_t delta) {
    if (count_ > 0 && end - begin_ > max_bytes_) Cut();
    if (count_ == 0) {
      begin_ = begin;
      first_delta_ = delta;
    }
    ++count_;
    end_ = end;
  }

  void Cut() {
    if (count_ == 0) return;
    chunks_.push_back(
        {base_ + first_delta_, base_ + first_delta_ + count_, set_.Subcord(begin_, end_ - begin_)});
    count_ = 0;
  }

  std::vector<Chunk> Take() {
    Cut();
    return std::move(chunks_);
  }

 private:
  const absl::Cord& set_;
  const Offset base_;
  const size_t max_bytes_;
  std::vector<Chunk> chunks_;
  size_t begin_ = 0;
  size_t end_ = 0;
  uint32_t first_delta_ = 0;
  int64_t count_ = 0;
};

absl::StatusOr<std::vector<Chunk>> CutDense(absl::Cord set, Offset base, Offset from, Offset end,
                                            size_t max_bytes) {
  const std::string_view bytes = FlatView(set);
  DenseCutter cutter(set, base, max_bytes);
  const auto status =
      record::ForEachRecord(bytes, [&](const record::RecordView& record, uint32_t delta) {
        if (base + delta < from) return true;
        if (base + delta >= end) return false;
        const size_t begin = record.element.data() - bytes.data();
        cutter.Add(begin, begin + record.element.size(), delta);
        return true;
      });
  if (!status.ok()) return status;
  return cutter.Take();
}

absl::StatusOr<std::vector<Chunk>> CutSparse(const absl::Cord& set, const BatchHeader& header,
                                             Offset from, Offset end, size_t max_bytes) {
  std::vector<Chunk> chunks;
  const Offset base = header.base_offset;
  auto next = static_cast<uint32_t>(std::max<int64_t>(from - base, 0));
  const auto to =
      static_cast<uint32_t>(std::min<int64_t>(end - base, int64_t{header.last_offset_delta} + 1));
  while (next < to) {
    auto slice = record::SliceRecordSet(set, next, to, max_bytes, header.last_offset_delta);
    if (!slice.ok()) return slice.status();
    if (!slice->has_value()) break;
    next = (*slice)->next_offset_delta;
    chunks.push_back(
        {base + (*slice)->first_offset_delta, base + next, std::move((*slice)->records)});
  }
  return chunks;
}

}  // namespace

absl::Status CorruptBatch(const BatchHeader& header, const absl::Status& status) {
  return record::MakeError(record::Reason::kLogCorrupt,
                           fmt::format("the batch at offset {}: {}", header.base_offset.value,
                                       std::string(status.message())),
                           {{"offset", std::to_string(header.base_offset.value)}});
}

absl::StatusOr<absl::Cord> RecordsOf(const Batch& batch) {
  if (batch.header.codec == record::Codec::kNone) return batch.payload;
  absl::Cord payload = batch.payload;
  auto set =
      record::Decompress(batch.header.codec, FlatView(payload), batch.header.uncompressed_bytes);
  if (!set.ok()) return CorruptBatch(batch.header, set.status());
  return absl::Cord(*std::move(set));
}

absl::StatusOr<std::vector<Chunk>> CutBatch(const Batch& batch, Offset from, Offset end,
                                            size_t max_bytes) {
  const BatchHeader& header = batch.header;
  if (header.record_count == 0) return std::vector<Chunk>();
  auto set = RecordsOf(batch);
  if (!set.ok()) return set.status();
  if (from <= header.base_offset && end >= header.next_offset() && set->size() <= max_bytes) {
    return std::vector<Chunk>{{header.base_offset, header.next_offset(), *std::move(set)}};
  }
  auto chunks = IsSparse(header)
                    ? CutSparse(*set, header, from, end, max_bytes)
                    : CutDense(*std::move(set), header.base_offset, from, end, max_bytes);
  if (!chunks.ok()) return CorruptBatch(header, chunks.status());
  return chunks;
}

BatchAcceptance::BatchAcceptance(const v1::AcceptBatches& accept, size_t max_bytes)
    : codecs_(1u << static_cast<int>(record::Codec::kNone)) {
  const size_t message_bytes =
      accept.max_message_bytes() == 0 ? kDefaultMaxMessageBytes : accept.max_message_bytes();
  max_payload_bytes_ = std::min(max_bytes, message_bytes - std::min(message_bytes, kEnvelopeBytes));
  for (const int codec : accept.codecs()) codecs_ |= 1u << codec;
}

bool BatchAcceptance::Takes(const BatchHeader& header, Offset end) const {
  return (codecs_ & 1u << static_cast<int>(header.codec)) != 0 && header.next_offset() <= end &&
         header.payload_bytes <= max_payload_bytes_;
}

}  // namespace leat::rpc
