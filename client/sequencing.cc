#include "client/sequencing.h"

#include <utility>

#include "client/status.h"
#include "storage/record/error.h"
#include "storage/record/producer_sequence.h"

namespace leat::client {
namespace {

using record::kLastSequence;

// Of two numbers of one producer, which are never far apart.
bool Before(int32_t a, int32_t b) {
  const uint32_t distance = (static_cast<uint32_t>(b) - static_cast<uint32_t>(a)) & kLastSequence;
  return distance != 0 && distance <= kLastSequence / 2;
}

}  // namespace

void Sequencing::Number(SendBatch& batch) {
  if (!on() || batch.sequence().has_value()) return;
  batch.set_sequence(record::ProducerSequence{producer_id_, producer_epoch_, next_sequence_});
  next_sequence_ = record::SequenceAfter(next_sequence_, batch.record_count());
}

bool Sequencing::MayRetry(SendBatch& batch, const absl::Status& status) {
  if (!batch.sequence().has_value()) return MayRetryAppend(status);
  if (AppendOutcomeOf(status) == AppendOutcome::kUnknown) {
    batch.set_maybe_appended(true);
    return true;
  }
  const std::optional<record::Reason> reason = record::ReasonOf(status);
  if (reason == record::Reason::kOutOfOrderSequence || reason == record::Reason::kProducerExpired) {
    Break();
    return true;
  }
  if (MayRetryAppend(status)) return true;
  // Whoever was fenced does not come back: that would fence the other.
  if (reason != record::Reason::kProducerFenced) Break();
  return false;
}

AppendOutcome Sequencing::OutcomeOf(const SendBatch& batch, const absl::Status& status) {
  return batch.maybe_appended() ? AppendOutcome::kUnknown : AppendOutcomeOf(status);
}

std::vector<std::unique_ptr<SendBatch>> Sequencing::Renew(
    const ProducerIdentity& identity, uint32_t partition,
    std::deque<std::unique_ptr<SendBatch>>& waiting) {
  const bool same = identity.producer_id == producer_id_;
  const auto told = identity.next_sequences.find(partition);
  // Where nobody can tell, only numbers that were never used are safe: this producer's own, or any
  // if it is the first one ever.
  const bool known = !identity.unknown.contains(partition);
  if (known || !same) next_sequence_ = told == identity.next_sequences.end() ? 0 : told->second;
  broken_ = !known && !same && identity.producer_epoch > 0;
  // A partition that knows nothing of this producer may have forgotten it.
  const bool forgotten = known && told == identity.next_sequences.end();
  producer_id_ = identity.producer_id;
  producer_epoch_ = identity.producer_epoch;
  std::vector<std::unique_ptr<SendBatch>> lost;
  for (std::unique_ptr<SendBatch>& batch : waiting) {
    if (!batch->sequence().has_value()) continue;
    const int32_t base = batch->sequence()->base_sequence;
    if (batch->maybe_appended() && (!same || forgotten)) {
      lost.push_back(std::move(batch));
    } else if (batch->maybe_appended() && Before(base, next_sequence_)) {
      batch->set_sequence(record::ProducerSequence{producer_id_, producer_epoch_, base});
    } else {
      batch->set_maybe_appended(false);
      batch->set_sequence(std::nullopt);
    }
  }
  std::erase(waiting, nullptr);
  return lost;
}

}  // namespace leat::client
