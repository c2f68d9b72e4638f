#include "server/rpc/partition_delivery.h"

#include <algorithm>
#include <utility>

#include "storage/record/error.h"

namespace leat::rpc {

using record::Offset;

void PartitionDelivery::Add(broker::FetchResult fetched, const std::shared_ptr<ReadHold>& hold) {
  for (record::Batch& batch : fetched.batches) pending_.push_back(Fetched{std::move(batch), hold});
  fetch_from_ = fetched.next_offset;
  Learn(fetched.high_watermark);
}

void PartitionDelivery::Learn(Offset high_watermark) {
  high_watermark_ = std::max(high_watermark, high_watermark_.value_or(high_watermark));
}

bool PartitionDelivery::SkipIfTrimmed(const absl::Status& error) {
  const auto log_start = TrimmedTo(error, fetch_from_);
  if (!log_start.has_value()) return false;
  pending_.push_back(TrimmedGap{fetch_from_, *log_start});
  fetch_from_ = *log_start;
  Learn(*log_start);
  return true;
}

void PartitionDelivery::DropFetched() {
  pending_.clear();
  open_.reset();
  fetch_from_ = next_;
}

absl::StatusOr<std::optional<Delivery>> PartitionDelivery::Next(size_t max_bytes,
                                                                uint32_t max_records) {
  for (;;) {
    if (open_.has_value()) {
      auto slice = open_->slicer.Next(max_bytes, max_records);
      if (!slice.ok()) return slice.status();
      if (slice->has_value()) {
        RecordsSlice records{open_->slicer.header(), std::move((*slice)->chunk),
                             (*slice)->record_count, open_->hold};
        next_ = records.chunk.next_offset;
        if (next_ >= records.header.next_offset()) open_.reset();
        return Delivery(std::move(records));
      }
      // Of a sparse batch nothing may be left to deliver.
      next_ = open_->slicer.header().next_offset();
      open_.reset();
    }
    if (pending_.empty()) return std::nullopt;
    const auto item = std::move(pending_.front());
    pending_.pop_front();
    if (const auto* gap = std::get_if<TrimmedGap>(&item)) {
      const Offset from = std::exchange(next_, gap->to);
      return Delivery(TrimmedGap{from, gap->to});
    }
    if (auto status = Open(std::get<Fetched>(item)); !status.ok()) return status;
  }
}

absl::Status PartitionDelivery::Open(const Fetched& fetched) {
  const record::BatchHeader& header = fetched.batch.header;
  if (header.next_offset() <= next_) return absl::OkStatus();
  if ((header.attributes & record::kControlBatch) != 0) {
    next_ = header.next_offset();
    return absl::OkStatus();
  }
  if (header.codec != record::Codec::kNone) {
    fetched.hold->Resize(fetched.hold->bytes() + header.uncompressed_bytes);
  }
  auto slicer = BatchSlicer::Open(fetched.batch, next_);
  if (!slicer.ok()) return slicer.status();
  open_.emplace(OpenBatch{*std::move(slicer), fetched.hold});
  return absl::OkStatus();
}

}  // namespace leat::rpc
