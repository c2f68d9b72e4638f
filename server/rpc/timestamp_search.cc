#include "server/rpc/timestamp_search.h"

#include <memory>
#include <optional>
#include <utility>

#include "server/rpc/byte_buffer.h"
#include "server/rpc/chunk_cutter.h"
#include "storage/record/error.h"
#include "storage/record/record_set.h"

namespace leat::rpc {
namespace {

using record::Offset;

// The first record of `batch` from `from` on that is late enough.
absl::StatusOr<std::optional<Offset>> FindInBatch(const record::Batch& batch, Offset from,
                                                  int64_t timestamp_ms) {
  const record::BatchHeader& header = batch.header;
  if (header.max_timestamp_ms < timestamp_ms) return std::nullopt;
  auto set = RecordsOf(batch);
  if (!set.ok()) return set.status();
  const bool append_time = header.timestamp_type == record::TimestampType::kAppend;
  std::optional<Offset> found;
  const auto status =
      record::ForEachRecord(FlatView(*set), [&](const record::RecordView& record, uint32_t delta) {
        const int64_t timestamp = append_time
                                      ? header.append_timestamp_ms
                                      : header.base_timestamp_ms + record.timestamp_delta_ms;
        const Offset offset = header.base_offset + delta;
        if (offset >= from && timestamp >= timestamp_ms) found = offset;
        return !found.has_value();
      });
  if (!status.ok()) return status;
  return found;
}

class Search : public std::enable_shared_from_this<Search> {
 public:
  Search(RpcContext& context, broker::TopicHandle topic, uint32_t partition, int64_t timestamp_ms,
         TimestampFound done)
      : context_(context),
        topic_(std::move(topic)),
        partition_(partition),
        timestamp_ms_(timestamp_ms),
        done_(std::move(done)) {}

  void Start() {
    context_.broker.FindTimestamp(topic_, partition_, timestamp_ms_,
                                  [self = shared_from_this()](absl::StatusOr<Offset> batch) {
                                    if (!batch.ok()) return self->Finish(batch.status());
                                    self->FetchFrom(*batch);
                                  });
  }

 private:
  // One batch. The one that the log named holds the record, unless that lies before the log start:
  // then it is in a later one.
  void FetchFrom(Offset from) {
    context_.broker.Fetch(
        {.topic = topic_, .partition = partition_, .from = from, .max_bytes = 1},
        [self = shared_from_this(), from](absl::StatusOr<broker::FetchResult> fetched) {
          // Trimmed meanwhile: the log knows where to go on.
          if (record::ReasonOf(fetched.status()) == record::Reason::kOffsetOutOfRange) {
            return self->Start();
          }
          if (!fetched.ok()) return self->Finish(fetched.status());
          if (fetched->batches.empty()) return self->Finish(fetched->high_watermark);
          RpcContext& context = self->context_;
          context.pool.Run(
              [self, from, fetched = *std::move(fetched)] { self->LookThrough(from, fetched); });
        });
  }

  void LookThrough(Offset from, const broker::FetchResult& fetched) {
    for (const record::Batch& batch : fetched.batches) {
      const auto found = FindInBatch(batch, from, timestamp_ms_);
      if (!found.ok()) return Finish(found.status());
      if (found->has_value()) return Finish(**found);
    }
    FetchFrom(fetched.next_offset);
  }

  void Finish(absl::StatusOr<Offset> result) { std::move(done_)(std::move(result)); }

  RpcContext& context_;
  const broker::TopicHandle topic_;
  const uint32_t partition_;
  const int64_t timestamp_ms_;
  TimestampFound done_;
};

}  // namespace

void SearchTimestamp(RpcContext& context, broker::TopicHandle topic, uint32_t partition,
                     int64_t timestamp_ms, TimestampFound done) {
  std::make_shared<Search>(context, std::move(topic), partition, timestamp_ms, std::move(done))
      ->Start();
}

}  // namespace leat::rpc
