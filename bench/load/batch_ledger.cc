#include "bench/load/batch_ledger.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "client/status.h"

namespace leat::bench {

BatchLedger::BatchLedger(const LoadSettings& settings, MeasuredTime time, const Schedule& schedule,
                         AnswerOrder order)
    : settings_(settings),
      schedule_(schedule),
      order_(order),
      slots_(settings.window),
      in_flight_(settings.window),
      next_offsets_(settings.partition_count),
      meter_(time),
      tiling_(settings.partition_count) {
  for (uint32_t i = 0; i < settings.window; ++i) {
    slots_[i].slot = i;
    free_.push_back(settings.window - 1 - i);
  }
}

std::optional<BatchLedger::Batch> BatchLedger::Next() {
  if (over() || free_.empty()) return std::nullopt;
  const Nanos now = SteadyNow();
  const Nanos intended = schedule_.At(sent_, now);
  if (intended > now) return std::nullopt;
  Batch& batch = slots_[free_.back()];
  free_.pop_back();
  in_flight_[batch.slot] = true;
  batch.partition = static_cast<uint32_t>(sent_++ % settings_.partition_count);
  batch.intended = intended;
  return batch;
}

absl::Status BatchLedger::Check(const Batch& batch, const v1::ProduceResponse& response) {
  const auto wrong = [&response](const char* what) {
    return absl::DataLossError(
        absl::StrCat("an answer is wrong, ", what, ": ", response.ShortDebugString()));
  };
  if (response.parts_size() != 1) return wrong("not of one partition");
  const v1::ProducedPart& part = response.parts(0);
  if (part.has_error()) return client::FromRpcStatus(part.error());
  if (part.partition() != batch.partition) return wrong("of another partition");
  if (part.record_count() != settings_.records_per_batch) return wrong("not as many records");
  if (part.durability() < settings_.durability) return wrong("not as durable as asked");
  int64_t& least = next_offsets_[batch.partition];
  if (order_ == AnswerOrder::kAsSent && part.base_offset() < least) return wrong("out of order");
  least = part.base_offset() + part.record_count();
  return absl::OkStatus();
}

void BatchLedger::Answer(uint32_t slot, const v1::ProduceResponse& response) {
  const Nanos now = SteadyNow();
  if (slot >= slots_.size() || !in_flight_[slot]) {
    return Fail(absl::DataLossError("an answer is wrong, to no request that is open"));
  }
  const Batch& batch = slots_[slot];
  in_flight_[slot] = false;
  free_.push_back(slot);
  meter_.Count(now, {settings_.records_per_batch,
                     uint64_t{settings_.records_per_batch} * settings_.record_bytes});
  meter_.Time(batch.intended, now);
  if (settings_.checks == Checks::kOff) return;
  if (absl::Status status = Check(batch, response); !status.ok()) return Fail(std::move(status));
  const v1::ProducedPart& part = response.parts(0);
  tiling_.Add(part.partition(), part.base_offset(), part.record_count());
}

void BatchLedger::Fail(absl::Status failure) {
  failure_.Update(std::move(failure));
  stopped_ = true;
}

void BatchLedger::Stop() {
  if (over() || !failure_.ok()) return;
  stopped_ = true;
  if (!schedule_.open()) return;
  const Nanos now = SteadyNow();
  const uint64_t due = std::min(schedule_.CountDue(now), settings_.batches_max);
  for (uint64_t i = sent_; i < due; ++i) meter_.Miss(schedule_.At(i, now), now);
}

}  // namespace leat::bench
