// What was fetched of one assigned partition and what of it was sent. Pure; used on the stream's
// strand.
//
// Owned by a member's stream, for one assignment of the partition.

#ifndef LEAT_SERVER_RPC_PARTITION_DELIVERY_H_
#define LEAT_SERVER_RPC_PARTITION_DELIVERY_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <variant>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "server/broker/calls.h"
#include "server/rpc/batch_slicer.h"
#include "server/rpc/read_cursor.h"
#include "storage/record/batch.h"
#include "storage/record/ids.h"

namespace leat::rpc {

// What is to be told next of a partition.
struct TrimmedGap {
  record::Offset from;
  record::Offset to;
};
struct RecordsSlice {
  record::BatchHeader header;
  Chunk chunk;
  uint32_t record_count = 0;
  std::shared_ptr<ReadHold> hold;  // Of their memory.
};
using Delivery = std::variant<TrimmedGap, RecordsSlice>;

class PartitionDelivery {
 public:
  explicit PartitionDelivery(record::Offset start) : next_(start), fetch_from_(start) {}

  // First offset not sent yet.
  record::Offset next_offset() const { return next_; }
  record::Offset fetch_from() const { return fetch_from_; }
  // As far as is known; nothing is at first.
  record::Offset high_watermark() const { return high_watermark_.value_or(next_); }
  // Whether there is nothing to fetch yet, as far as is known: a fetch would wait.
  bool caught_up() const { return high_watermark_.has_value() && fetch_from_ >= *high_watermark_; }
  // Whether the next delivery begins another batch.
  bool between_batches() const { return !open_.has_value(); }

  // Takes over what a fetch from `fetch_from` found.
  void Add(broker::FetchResult fetched, const std::shared_ptr<ReadHold>& hold);
  // Takes the high watermark only.
  void Learn(record::Offset high_watermark);
  // Goes on at the log start, if the error of a fetch says that records before it are gone; else
  // false.
  bool SkipIfTrimmed(const absl::Status& error);
  // Lets go of what was fetched and not sent; it is to be fetched again.
  void DropFetched();

  // The next delivery, with at most so much, but at least one record; nullopt when there is nothing
  // to send now. kLogCorrupt.
  absl::StatusOr<std::optional<Delivery>> Next(size_t max_bytes, uint32_t max_records);

 private:
  struct Fetched {
    record::Batch batch;
    std::shared_ptr<ReadHold> hold;
  };
  struct OpenBatch {
    BatchSlicer slicer;
    std::shared_ptr<ReadHold> hold;
  };

  absl::Status Open(const Fetched& fetched);

  record::Offset next_;
  record::Offset fetch_from_;
  std::optional<record::Offset> high_watermark_;
  std::deque<std::variant<TrimmedGap, Fetched>> pending_;
  std::optional<OpenBatch> open_;
};

}  // namespace leat::rpc

#endif  // LEAT_SERVER_RPC_PARTITION_DELIVERY_H_
