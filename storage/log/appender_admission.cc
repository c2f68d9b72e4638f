// What an appender does with a batch before it is queued: whether it may be, whether it is there
// already; and what is told of that, once what it was seen against is durable.

#include <utility>

#include "fmt/format.h"
#include "storage/log/appender.h"
#include "storage/record/error.h"

namespace leat::log {
namespace {

using record::MakeError;
using record::Reason;

// What `status` means for a batch that was not appended in any case.
absl::Status NotAppended(const absl::Status& status) {
  if (!absl::IsUnknown(status)) return status;
  const std::string detail(status.message());
  return MakeError(Reason::kPartitionOffline, fmt::format("nothing was appended: {}", detail),
                   {{"detail", detail}});
}

}  // namespace

bool Appender::Append(record::Batch batch, const AppendConditions& conditions,
                      AppendCallback done) {
  if (absl::Status refusal = Refusal(); !refusal.ok()) {
    AnswerLater(std::move(refusal), {}, std::move(done));
    return false;
  }
  absl::StatusOr<std::optional<ProducerBatch>> known =
      sequencer_.Check(batch.header, conditions.producer_grant);
  if (known.ok() && known->has_value()) {
    AnswerLater(AppendResult{.base_offset = (*known)->base_offset,
                             .append_timestamp_ms = (*known)->append_timestamp_ms,
                             .duplicate = true},
                (*known)->next_offset(), std::move(done));
    return true;
  }
  absl::Status fits = known.ok() ? CheckEnd(conditions) : known.status();
  if (!fits.ok()) {
    AnswerLater(std::move(fits), log_end(), std::move(done));
    return false;
  }
  sequencer_.Queue(
      queue_.Add(std::move(batch), environment_.loop->clock().WallMillis(), std::move(done)),
      conditions.producer_grant);
  mark_timer_->Touch();
  SchedulePump();
  return true;
}

absl::Status Appender::Refusal() const {
  if (closing_) return MakeError(Reason::kServerStopping, "the log is being closed");
  return state_detail_;
}

absl::Status Appender::CheckEnd(const AppendConditions& conditions) const {
  const record::Offset expected = conditions.expected_offset.value_or(log_end());
  if (expected == log_end()) return absl::OkStatus();
  return MakeError(
      Reason::kOffsetConflict,
      fmt::format("the log ends at offset {}, not at {}", log_end().value, expected.value),
      {{"actual", fmt::to_string(log_end().value)}, {"expected", fmt::to_string(expected.value)}});
}

void Appender::AnswerLater(absl::StatusOr<AppendResult> answer, record::Offset until,
                           AppendCallback done) {
  AfterDurable(until, [answer = std::move(answer),
                       done = std::move(done)](const absl::Status& status) mutable {
    if (status.ok()) return std::move(done)(std::move(answer));
    std::move(done)(answer.ok() ? status : NotAppended(status));
  });
}

void Appender::FindProducer(int64_t producer_id, uint64_t grant, ProducerCallback done) {
  if (absl::Status refusal = Refusal(); !refusal.ok()) {
    return AfterDurable(
        {}, [refusal = std::move(refusal), done = std::move(done)](const absl::Status&) mutable {
          std::move(done)(std::move(refusal));
        });
  }
  AfterDurable(log_end(), [this, producer_id, grant,
                           done = std::move(done)](const absl::Status& status) mutable {
    if (absl::IsUnknown(status)) return std::move(done)(NotAppended(status));
    // What was refused may have left something of the producer's in flight.
    if (!status.ok()) return FindProducer(producer_id, grant, std::move(done));
    const ProducerEntry* const entry = sequencer_.Renew(producer_id, grant);
    std::move(done)(entry == nullptr ? std::nullopt : std::make_optional(entry->last()));
  });
}

// Never at once: callbacks do not run inside the call that gave them.
void Appender::AfterDurable(record::Offset until, DurableWaiter waiter) {
  if (until > log_->high_watermark()) return waiters_.Add(until, std::move(waiter));
  environment_.loop->Post([self = shared_from_this(), waiter = std::move(waiter)]() mutable {
    if (!self->abandoned_) std::move(waiter)(absl::OkStatus());
  });
}

void Appender::Tell(std::vector<DurableWaiter> waiters, const absl::Status& status) {
  for (DurableWaiter& waiter : waiters) {
    // One of them may have destroyed the log.
    if (abandoned_) return;
    std::move(waiter)(status);
  }
}

}  // namespace leat::log
