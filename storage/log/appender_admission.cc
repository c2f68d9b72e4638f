// What an appender does with a batch before it is queued: whether it may be, whether it is there
// already; and what is told of that, once what it was seen against is durable.

#include <algorithm>
#include <memory>
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

// Whether the records that are in the log already can be left out of a batch.
absl::Status CheckCut(const record::BatchHeader& header, const RecordPlaces* places) {
  if (places == nullptr) return absl::OkStatus();
  const bool sequenced = header.producer_id != record::kNoProducer;
  const bool compressed = header.codec != record::Codec::kNone && !places->all_duplicates();
  if (!sequenced && !compressed) return absl::OkStatus();
  const auto first = std::find(places->duplicates.begin(), places->duplicates.end(), true);
  const size_t index = first - places->duplicates.begin();
  return MakeError(
      Reason::kDuplicatesNotSeparable,
      fmt::format("{} of {} records are in the log already, and cannot be left out of what {}",
                  places->duplicate_count, places->offsets.size(),
                  sequenced ? "has a sequence" : "is compressed"),
      {{"duplicates", fmt::to_string(places->duplicate_count)},
       {"index", fmt::to_string(index)},
       {"offset", fmt::to_string(places->offsets[index].value)}});
}

AppendResult KnownAlready(std::shared_ptr<const RecordPlaces> places) {
  AppendResult result{.base_offset = places->offsets.front(),
                      .append_timestamp_ms = places->append_timestamp_ms,
                      .duplicate = true};
  result.places = std::move(places);
  return result;
}

// Tells with the result where the records are.
AppendCallback Telling(std::shared_ptr<const RecordPlaces> places, AppendCallback done) {
  return [places = std::move(places),
          done = std::move(done)](absl::StatusOr<AppendResult> result) mutable {
    if (result.ok()) result->places = std::move(places);
    std::move(done)(std::move(result));
  };
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
  const std::shared_ptr<const RecordPlaces> places = FindDuplicates(conditions);
  absl::Status fits = known.ok() ? CheckCut(batch.header, places.get()) : known.status();
  if (fits.ok() && places != nullptr && places->all_duplicates()) {
    AnswerLater(KnownAlready(places), places->next_offset(), std::move(done));
    return true;
  }
  if (fits.ok()) fits = CheckEnd(conditions);
  if (fits.ok()) fits = CheckKeys(conditions, places.get());
  if (!fits.ok()) {
    AnswerLater(std::move(fits), log_end(), std::move(done));
    return false;
  }
  if (places != nullptr) {
    batch = record::LeaveOut(batch, *conditions.records, places->duplicates);
    done = Telling(places, std::move(done));
  }
  Queue(std::move(batch), conditions, places.get(), std::move(done));
  return true;
}

void Appender::Queue(record::Batch batch, const AppendConditions& conditions,
                     const RecordPlaces* places, AppendCallback done) {
  const record::BatchHeader& header =
      queue_.Add(std::move(batch), environment_.loop->clock().WallMillis(), std::move(done));
  sequencer_.Queue(header, conditions.producer_grant);
  if (ids_.on() && conditions.records != nullptr) {
    ids_.Add(*conditions.records, places, header, environment_.loop->clock().Monotonic());
  }
  if (conditions.keys != nullptr) {
    keys_.Add({*conditions.keys, places}, header);
  } else {
    keys_.BeginAt(header.next_offset());
  }
  mark_timer_->Touch();
  SchedulePump();
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

absl::Status Appender::CheckKeys(const AppendConditions& conditions,
                                 const RecordPlaces* places) const {
  if (!conditions.expected_key_offset.has_value()) return absl::OkStatus();
  return keys_.Check({*conditions.keys, places}, *conditions.expected_key_offset, log_end());
}

std::shared_ptr<const RecordPlaces> Appender::FindDuplicates(const AppendConditions& conditions) {
  if (!ids_.on() || conditions.records == nullptr) return nullptr;
  ids_.Forget(environment_.loop->clock().Monotonic(), log_->high_watermark());
  return ids_.Place(*conditions.records, log_end());
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
