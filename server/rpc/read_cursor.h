// One partition of a read: what was fetched of it, what was sent, and the messages in between.
//
// Owned by a read stream or a fetch; used on its strand. No I/O.

#ifndef LEAT_SERVER_RPC_READ_CURSOR_H_
#define LEAT_SERVER_RPC_READ_CURSOR_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <variant>

#include "absl/status/statusor.h"
#include "absl/strings/cord.h"
#include "server/broker/broker.h"
#include "server/rpc/byte_budget.h"
#include "server/rpc/chunk_cutter.h"
#include "server/rpc/response_encoder.h"
#include "storage/record/batch.h"
#include "storage/record/ids.h"

namespace leat::rpc {

// What the messages of a read look like.
struct ReadFormat {
  std::string topic_id;  // Empty in the events of a FetchResponse.
  size_t max_chunk_bytes = 1 << 20;
  BatchAcceptance accept;
};

// The memory of one fetch: counted in the budget and in its stream's total until the last message
// made of it is gone.
class ReadHold {
 public:
  ReadHold(ByteBudget::Charge charge, std::shared_ptr<std::atomic<size_t>> total);
  ~ReadHold() { *total_ -= charge_.bytes(); }

  // By one thread at a time.
  void Resize(size_t bytes);
  size_t bytes() const { return charge_.bytes(); }

 private:
  ByteBudget::Charge charge_;
  std::shared_ptr<std::atomic<size_t>> total_;
};

struct OutgoingEvent {
  absl::Cord message;  // A serialized ReadResponse.
  size_t records_bytes = 0;
  std::shared_ptr<ReadHold> hold;
  record::Offset next_offset;
};

// Bytes of the batches as they lie in memory.
size_t PayloadBytes(const broker::FetchResult& fetched);

// The log start, if that is what the error of a fetch says: that records from `from` on are gone.
std::optional<record::Offset> TrimmedTo(const absl::Status& error, record::Offset from);

class ReadCursor {
 public:
  // Reads [`start`, `end`).
  ReadCursor(uint32_t partition, record::Offset start, record::Offset end,
             record::Offset high_watermark)
      : partition_(partition),
        next_(start),
        fetch_from_(start),
        end_(end),
        high_watermark_(high_watermark) {}

  uint32_t partition() const { return partition_; }
  record::Offset fetch_from() const { return fetch_from_; }
  record::Offset next_offset() const { return next_; }
  record::Offset high_watermark() const { return high_watermark_; }

  // Whether everything up to the end was fetched.
  bool fetched_all() const { return fetch_from_ >= end_; }
  // Whether there is nothing to fetch yet, as far as is known.
  bool caught_up() const { return fetch_from_ >= high_watermark_; }
  // Whether the end was reached and told.
  bool ended() const { return ended_; }
  // Whether the next event begins another batch: the only moment at which no batch lies cut open in
  // memory.
  bool between_batches() const { return ready_.empty(); }

  // Takes over what a fetch from `fetch_from` found.
  void Add(broker::FetchResult fetched, const std::shared_ptr<ReadHold>& hold);
  // A fetch was answered with nothing used: only the high watermark is taken.
  void Learn(record::Offset high_watermark) { high_watermark_ = high_watermark; }
  // The records before `log_start` are gone.
  void SkipTo(record::Offset log_start);
  // The same, if that is what the error of a fetch from `fetch_from` says; else false.
  bool SkipIfTrimmed(const absl::Status& error);

  // The next message, the last of all being the end of the range; nullopt when there is nothing to
  // say now.
  absl::StatusOr<std::optional<OutgoingEvent>> Next(const ReadFormat& format);

  // Takes back what `Next` has just given, from `next_offset` as it was before.
  void Return(OutgoingEvent event, record::Offset from);

  absl::Cord Heartbeat(const ReadFormat& format) const;

 private:
  struct Gap {
    record::Offset to;
  };
  struct Fetched {
    record::Batch batch;
    std::shared_ptr<ReadHold> hold;
  };

  absl::Status Open(const Fetched& fetched, const ReadFormat& format);
  EventPlace Place(const ReadFormat& format, record::Offset next_offset) const;

  uint32_t partition_;
  record::Offset next_;        // First offset not yet given to the caller.
  record::Offset fetch_from_;  // First offset not yet fetched.
  record::Offset end_;
  record::Offset high_watermark_;
  std::deque<std::variant<Gap, Fetched>> pending_;
  std::deque<OutgoingEvent> ready_;  // The rest of the batch that is open.
  bool ended_ = false;
};

}  // namespace leat::rpc

#endif  // LEAT_SERVER_RPC_READ_CURSOR_H_
