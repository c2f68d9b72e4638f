#include "server/rpc/batch_slicer.h"

#include <algorithm>
#include <utility>

#include "server/rpc/byte_buffer.h"
#include "storage/record/record_set.h"

namespace leat::rpc {

using record::Offset;

absl::StatusOr<BatchSlicer> BatchSlicer::Open(const record::Batch& batch, Offset from) {
  auto set = RecordsOf(batch);
  if (!set.ok()) return set.status();
  return BatchSlicer(batch.header, *std::move(set), std::max(from, batch.header.base_offset));
}

absl::StatusOr<std::optional<BatchSlicer::Slice>> BatchSlicer::Next(size_t max_bytes,
                                                                    uint32_t max_records) {
  const Offset end = header_.next_offset();
  if (next_ >= end || header_.record_count == 0) return std::nullopt;
  if (FitsWhole(max_bytes, max_records)) {
    next_ = end;
    return Slice{{header_.base_offset, end, set_}, header_.record_count};
  }
  if (!index_.has_value()) {
    auto index = record::RecordSetIndex::Build(FlatView(set_));
    if (!index.ok()) return CorruptBatch(header_, index.status());
    index_ = *std::move(index);
  }
  const uint32_t first = index_->LowerBound(static_cast<uint32_t>(next_ - header_.base_offset));
  if (first >= index_->record_count()) return std::nullopt;
  absl::StatusOr<Slice> slice = index_->sparse() ? CutSparse(first, max_bytes, max_records)
                                                 : CutDense(first, max_bytes, max_records);
  if (!slice.ok()) return CorruptBatch(header_, slice.status());
  next_ = slice->chunk.next_offset;
  return *std::move(slice);
}

bool BatchSlicer::FitsWhole(size_t max_bytes, uint32_t max_records) const {
  return next_ == header_.base_offset && set_.size() <= max_bytes &&
         header_.record_count <= max_records;
}

BatchSlicer::Slice BatchSlicer::CutDense(uint32_t first, size_t max_bytes,
                                         uint32_t max_records) const {
  const uint32_t begin = index_->begin(first);
  const uint32_t limit =
      first + std::min(index_->record_count() - first, std::max(1u, max_records));
  uint32_t last = first;
  while (last + 1 < limit && index_->end(last + 1) - begin <= max_bytes) ++last;
  const uint32_t count = last - first + 1;
  const Offset base = header_.base_offset + first;
  return {{base, base + count, set_.Subcord(begin, index_->end(last) - begin)}, count};
}

absl::StatusOr<BatchSlicer::Slice> BatchSlicer::CutSparse(uint32_t first, size_t max_bytes,
                                                          uint32_t max_records) const {
  const uint32_t left = index_->record_count() - first;
  const uint32_t end_delta = max_records < left
                                 ? index_->offset_delta(first + std::max(1u, max_records))
                                 : header_.last_offset_delta + 1;
  auto cut = record::SliceRecordSet(set_, index_->offset_delta(first), end_delta, max_bytes,
                                    header_.last_offset_delta);
  if (!cut.ok()) return cut.status();
  record::RecordSetSlice& slice = **cut;
  return Slice{{header_.base_offset + slice.first_offset_delta,
                header_.base_offset + slice.next_offset_delta, std::move(slice.records)},
               slice.record_count};
}

}  // namespace leat::rpc
