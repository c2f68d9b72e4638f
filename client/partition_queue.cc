#include "client/partition_queue.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "absl/strings/cord.h"
#include "absl/strings/str_cat.h"
#include "client/status.h"
#include "storage/record/error.h"

namespace leat::client {
namespace {

constexpr uint32_t kMaxRecordsPerBatch = record::RecordLimits{}.max_records;

CompletedBatch Failed(std::unique_ptr<SendBatch> batch, absl::Status status,
                      AppendOutcome outcome) {
  return {std::move(batch), {.status = std::move(status), .outcome = outcome}, {}};
}

// A record that waited too long, for `reason`. Where that is a refusal by the server, and the
// record was certainly not appended, the error keeps its details.
absl::Status TooLate(absl::Duration timeout, const absl::Status& reason, AppendOutcome outcome) {
  absl::Status status = absl::DeadlineExceededError(
      absl::StrCat("not delivered within ", absl::FormatDuration(timeout), reason.ok() ? "" : ": ",
                   reason.message()));
  if (outcome == AppendOutcome::kNotAppended) {
    reason.ForEachPayload([&status](absl::string_view url, const absl::Cord& bytes) {
      status.SetPayload(url, bytes);
    });
  }
  return status;
}

// The request that an EARLIER_REQUEST_FAILED names: one of another partition where the server
// halted the whole topic.
std::optional<uint64_t> HaltingRequest(const absl::Status& status) {
  if (record::ReasonOf(status) != record::Reason::kEarlierRequestFailed) return std::nullopt;
  return MetadataNumber(status, "requestId");
}

}  // namespace

PartitionQueue::Added PartitionQueue::Add(const OutgoingRecord& record, SendCallback callback,
                                          size_t charge_bytes, uint64_t batch_id,
                                          int64_t wall_clock_ms, absl::Time now) {
  Added added;
  added.closed_batch = CloseIfFull(record);
  if (open_ == nullptr) {
    open_ = std::make_unique<SendBatch>(batch_id, target_, now);
    added.began_batch = true;
  }
  open_->Add(record, record.timestamp_ms.value_or(wall_clock_ms), charge_bytes,
             std::move(callback));
  if (open_->size_bytes() >= options_.batch_bytes) {
    CloseOpenBatch();
    added.closed_batch = true;
  }
  return added;
}

bool PartitionQueue::CloseIfFull(const OutgoingRecord& record) {
  if (open_ == nullptr) return false;
  const bool full = open_->record_count() >= kMaxRecordsPerBatch ||
                    open_->size_bytes() + MaxEncodedBytes(record) > options_.batch_bytes;
  if (full) CloseOpenBatch();
  return full;
}

void PartitionQueue::CloseOpenBatch() { waiting_.push_back(std::move(open_)); }

void PartitionQueue::Renew(const ProducerIdentity& identity,
                           std::vector<CompletedBatch>* completed) {
  const auto unknown = identity.unknown.find(target_->partition);
  if (unknown != identity.unknown.end()) refusal_ = unknown->second;
  for (auto& batch : sequencing_.Renew(identity, target_->partition, waiting_)) {
    completed->push_back(Failed(
        std::move(batch),
        absl::UnknownError("the server forgot this producer: what became of the record is unknown"),
        AppendOutcome::kUnknown));
  }
}

bool PartitionQueue::Sendable(absl::Time now, uint64_t flush_to) const {
  if (sequencing_.broken()) return false;
  if (now < not_before_ || in_flight_.size() >= options_.max_in_flight) return false;
  // After a failure every answer is awaited, so that all that is to be sent again is known.
  if (halted_by_.has_value() && !in_flight_.empty()) return false;
  if (!waiting_.empty()) return true;
  if (open_ == nullptr) return false;
  return now >= open_->created() + options_.linger || open_->id() <= flush_to;
}

PartitionQueue::Outgoing PartitionQueue::TakeForSend(uint64_t request_id) {
  if (waiting_.empty()) CloseOpenBatch();
  sequencing_.Number(*waiting_.front());
  in_flight_.push_back({request_id, std::move(waiting_.front())});
  waiting_.pop_front();
  return {in_flight_.back().batch.get(), std::exchange(halted_by_, std::nullopt)};
}

void PartitionQueue::OnAnswer(uint64_t request_id, const SendResult& answer, absl::Time now,
                              std::vector<CompletedBatch>* completed) {
  const auto found = std::find_if(
      in_flight_.begin(), in_flight_.end(),
      [request_id](const InFlight& request) { return request.request_id == request_id; });
  if (found == in_flight_.end()) return;
  InFlight request = std::move(*found);
  in_flight_.erase(found);
  if (answer.status.ok()) {
    failures_in_a_row_ = 0;
    refusal_ = absl::OkStatus();
    if (request.batch != nullptr) completed->push_back({std::move(request.batch), answer, {}});
  } else {
    OnFailure(std::move(request), answer.status, now, completed);
  }
  RequeueRetries();
}

void PartitionQueue::OnFailure(InFlight request, const absl::Status& status, absl::Time now,
                               std::vector<CompletedBatch>* completed) {
  const bool retry = request.batch == nullptr ? MayRetryAppend(status)
                                              : sequencing_.MayRetry(*request.batch, status);
  if (!halted_by_.has_value()) {
    halted_by_ = HaltingRequest(status).value_or(request.request_id);
    if (retry) not_before_ = now + NextBackoff(status);
  }
  if (retry && record::ReasonOf(status) != record::Reason::kEarlierRequestFailed) refusal_ = status;
  // What was given up cannot be sent again.
  if (request.batch == nullptr) return sequencing_.Break();
  if (retry) {
    retries_.push_back(std::move(request.batch));
  } else {
    const AppendOutcome outcome = Sequencing::OutcomeOf(*request.batch, status);
    completed->push_back(Failed(std::move(request.batch), status, outcome));
  }
}

absl::Duration PartitionQueue::NextBackoff(const absl::Status& status) {
  const int doublings = std::min(failures_in_a_row_++, 10);
  const absl::Duration backoff =
      std::min(options_.min_backoff * (1 << doublings), options_.max_backoff);
  return std::max(backoff, RetryDelayOf(status).value_or(absl::ZeroDuration()));
}

void PartitionQueue::RequeueRetries() {
  if (!in_flight_.empty()) return;
  waiting_.insert(waiting_.begin(), std::make_move_iterator(retries_.begin()),
                  std::make_move_iterator(retries_.end()));
  retries_.clear();
}

void PartitionQueue::OnStreamEnded(const absl::Status& status, absl::Time now,
                                   std::vector<CompletedBatch>* completed) {
  for (InFlight& request : std::exchange(in_flight_, {})) {
    OnFailure(std::move(request), status, now, completed);
  }
  RequeueRetries();
  halted_by_.reset();
}

void PartitionQueue::Expire(absl::Time now, const absl::Status& reason,
                            std::vector<CompletedBatch>* completed) {
  const absl::Time oldest = now - options_.delivery_timeout;
  const absl::Status& why = reason.ok() ? refusal_ : reason;
  const auto late = [&](AppendOutcome outcome, std::unique_ptr<SendBatch>& batch) {
    if (batch == nullptr || batch->created() > oldest) return false;
    if (batch->maybe_appended()) outcome = AppendOutcome::kUnknown;
    completed->push_back(
        Failed(std::move(batch), TooLate(options_.delivery_timeout, why, outcome), outcome));
    return true;
  };
  for (InFlight& request : in_flight_) late(AppendOutcome::kUnknown, request.batch);
  const auto late_with_number = [&](std::unique_ptr<SendBatch>& batch) {
    const bool numbered = batch->sequence().has_value();
    if (!late(AppendOutcome::kNotAppended, batch)) return false;
    if (numbered) sequencing_.Break();
    return true;
  };
  std::erase_if(retries_, late_with_number);
  std::erase_if(waiting_, late_with_number);
  late(AppendOutcome::kNotAppended, open_);
}

void PartitionQueue::Abandon(const absl::Status& status, std::vector<CompletedBatch>* completed) {
  const auto give_up = [&](AppendOutcome outcome, std::unique_ptr<SendBatch> batch) {
    if (batch == nullptr) return;
    if (batch->maybe_appended()) outcome = AppendOutcome::kUnknown;
    completed->push_back(Failed(std::move(batch), status, outcome));
  };
  for (InFlight& request : std::exchange(in_flight_, {})) {
    give_up(AppendOutcome::kUnknown, std::move(request.batch));
  }
  for (auto& batch : std::exchange(retries_, {})) {
    give_up(AppendOutcome::kNotAppended, std::move(batch));
  }
  for (auto& batch : std::exchange(waiting_, {})) {
    give_up(AppendOutcome::kNotAppended, std::move(batch));
  }
  give_up(AppendOutcome::kNotAppended, std::move(open_));
}

absl::Time PartitionQueue::NextDeadline(absl::Time now) const {
  absl::Time next = absl::InfiniteFuture();
  const auto consider = [&](absl::Time time) {
    if (time > now) next = std::min(next, time);
  };
  const auto expires = [&](const std::unique_ptr<SendBatch>& batch) {
    if (batch != nullptr) consider(batch->created() + options_.delivery_timeout);
  };
  for (const InFlight& request : in_flight_) expires(request.batch);
  // The oldest waits in front.
  if (!retries_.empty()) expires(retries_.front());
  if (!waiting_.empty()) expires(waiting_.front());
  expires(open_);
  if (open_ != nullptr) consider(open_->created() + options_.linger);
  consider(not_before_);
  return next;
}

}  // namespace leat::client
