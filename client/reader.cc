#include "client/reader.h"

#include <algorithm>
#include <atomic>
#include <deque>
#include <limits>
#include <utility>

#include "client/admin.h"
#include "client/monotonic_clock.h"
#include "client/raw_call.h"
#include "client/read_plan.h"
#include "client/status.h"
#include "client/wakeup.h"
#include "leat/v1/log.pb.h"
#include "storage/record/error.h"

namespace leat::client {
namespace {

constexpr char kMethod[] = "/leat.v1.LogService/Read";
constexpr absl::Duration kRetryPause = absl::Milliseconds(200);

v1::ReadRequest RequestFor(const ReadOptions& options, const ReadPlan& plan, bool resuming,
                           int max_receive_bytes) {
  v1::ReadRequest request;
  request.set_topic(options.topic);
  request.set_topic_id(plan.topic_id);
  request.set_max_chunk_bytes(options.max_chunk_bytes);
  request.set_skip_to_log_start(resuming || !plan.exact_start);
  if (options.whole_batches) {
    request.mutable_accept_batches()->add_codecs(v1::CODEC_ZSTD);
    request.mutable_accept_batches()->add_codecs(v1::CODEC_LZ4);
    request.mutable_accept_batches()->set_max_message_bytes(max_receive_bytes);
  }
  for (const PlannedPartition& planned : plan.partitions) {
    if (planned.ended) continue;
    v1::PartitionRead* read = request.add_partitions();
    read->set_partition(planned.partition);
    read->mutable_start()->set_offset(planned.next_offset);
    if (planned.end_offset.has_value()) read->mutable_end()->set_offset(*planned.end_offset);
  }
  return request;
}

}  // namespace

class Reader::Impl {
 public:
  Impl(Client client, ReadOptions options)
      : client_(std::move(client)), options_(std::move(options)) {}

  absl::StatusOr<std::optional<ReadEvent>> Next(absl::Duration timeout);
  bool HasRecords() const { return next_record_ < records_.size(); }
  int64_t records_left() const;

  void Stop() {
    stopped_ = true;
    wakeup_->Raise();
  }

 private:
  // Where the reader is. Each step does one thing, and returns false when there is nothing to do
  // but wait.
  absl::StatusOr<bool> Step(absl::Time now);
  absl::Status Begin();
  void StartCall();
  absl::Status Handle(std::string bytes);
  absl::Status HandleRecords(const ReadMessage& message, int64_t from_offset, int64_t to_offset);
  // The call ended: OK when it is to be made again, at `retry_at_`.
  absl::Status HandleEnd(absl::Status status, absl::Time now);
  // Whether `status` is about a partition that cannot be read on, and the others can.
  bool HandleDamage(const absl::Status& status);
  void ForgetDamage(PlannedPartition& planned);
  void EndPartition(PlannedPartition& planned);
  PlannedPartition* Find(uint32_t partition);
  bool AllDone() const;

  const Client client_;
  const ReadOptions options_;
  const std::shared_ptr<Wakeup> wakeup_ = std::make_shared<Wakeup>();
  std::atomic<bool> stopped_ = false;

  std::optional<ReadPlan> plan_;
  absl::Status error_;
  std::unique_ptr<RawCall> call_;
  bool resuming_ = false;
  absl::Time retry_at_ = absl::InfinitePast();
  // When the first of the calls ended that brought nothing; unset while something comes.
  std::optional<absl::Time> lost_at_;

  // What `records_` point into.
  std::string message_;
  std::string decompressed_;
  uint32_t records_partition_ = 0;
  std::vector<ReadRecord> records_;
  size_t next_record_ = 0;
  // Gaps and ends, delivered after the records at hand.
  std::deque<ReadEvent> events_;
};

absl::StatusOr<std::optional<ReadEvent>> Reader::Impl::Next(absl::Duration timeout) {
  const absl::Time deadline = MonotonicNow() + timeout;
  while (true) {
    if (stopped_) return absl::CancelledError("the reader was stopped");
    if (HasRecords()) {
      return ReadEvent{.partition = records_partition_,
                       .record = std::move(records_[next_record_++])};
    }
    if (!events_.empty()) {
      ReadEvent event = std::move(events_.front());
      events_.pop_front();
      return event;
    }
    if (!error_.ok()) return error_;
    if (plan_.has_value() && AllDone()) return std::nullopt;
    const absl::Time now = MonotonicNow();
    const absl::StatusOr<bool> worked = Step(now);
    if (!worked.ok()) {
      error_ = worked.status();
    } else if (!*worked) {
      if (now >= deadline) return absl::DeadlineExceededError("no record came in time");
      wakeup_->WaitUntil(call_ == nullptr ? std::min(deadline, retry_at_) : deadline);
    }
  }
}

absl::StatusOr<bool> Reader::Impl::Step(absl::Time now) {
  if (!plan_.has_value()) {
    if (absl::Status status = Begin(); !status.ok()) return status;
    return true;
  }
  if (call_ == nullptr) {
    if (now < retry_at_) return false;
    StartCall();
    return true;
  }
  if (std::optional<std::string> bytes = call_->Read()) {
    if (absl::Status status = Handle(*std::move(bytes)); !status.ok()) return status;
    return true;
  }
  if (std::optional<absl::Status> end = call_->Ended()) {
    if (absl::Status status = HandleEnd(*std::move(end), now); !status.ok()) return status;
    return true;
  }
  return false;
}

absl::Status Reader::Impl::Begin() {
  absl::StatusOr<ReadPlan> plan =
      PlanRead(Admin(client_), options_.topic, options_.partitions, options_.start, options_.end);
  if (!plan.ok()) return std::move(plan).status();
  plan_ = *std::move(plan);
  for (PlannedPartition& planned : plan_->partitions) {
    if (planned.done()) EndPartition(planned);
  }
  return absl::OkStatus();
}

void Reader::Impl::StartCall() {
  call_ = std::make_unique<RawCall>(client_.connection(), kMethod, wakeup_);
  call_->WriteLast({RequestFor(options_, *plan_, resuming_, client_.options().max_receive_bytes)
                        .SerializeAsString(),
                    nullptr});
}

absl::Status Reader::Impl::Handle(std::string bytes) {
  lost_at_.reset();
  message_ = std::move(bytes);
  const absl::StatusOr<ReadMessage> message = DecodeReadMessage(message_);
  if (!message.ok()) return message.status();
  PlannedPartition* planned = Find(message->partition);
  if (planned == nullptr)
    return absl::InternalError("the server sent a partition that was not asked for");
  const int64_t from_offset = planned->next_offset;
  planned->next_offset = std::max(planned->next_offset, message->next_offset);
  planned->high_watermark = message->high_watermark;
  if (message->kind == ReadMessage::Kind::kRecords) {
    const int64_t to_offset = planned->end_offset.value_or(std::numeric_limits<int64_t>::max());
    absl::Status status = HandleRecords(*message, from_offset, to_offset);
    if (!status.ok()) return status;
  } else if (message->kind == ReadMessage::Kind::kGap) {
    events_.push_back({.kind = ReadEvent::Kind::kGap,
                       .partition = message->partition,
                       .record = {},
                       .gap_from = message->gap_from,
                       .gap_to = message->gap_to});
    if (!planned->damage.ok() && message->gap_to > *planned->end_offset) ForgetDamage(*planned);
  }
  if (message->kind == ReadMessage::Kind::kEndOfRange || planned->done()) EndPartition(*planned);
  return absl::OkStatus();
}

absl::Status Reader::Impl::HandleRecords(const ReadMessage& message, int64_t from_offset,
                                         int64_t to_offset) {
  auto records = DecodeRecords(message, from_offset, to_offset, &decompressed_);
  if (!records.ok()) return std::move(records).status();
  records_partition_ = message.partition;
  records_ = *std::move(records);
  next_record_ = 0;
  return absl::OkStatus();
}

absl::Status Reader::Impl::HandleEnd(absl::Status status, absl::Time now) {
  call_.reset();
  resuming_ = true;
  if (HandleDamage(status)) return absl::OkStatus();
  if (status.ok()) status = absl::UnavailableError("the server ended the read before its end");
  if (!lost_at_.has_value()) lost_at_ = now;
  if (!MayRetryRead(status) || now >= *lost_at_ + options_.retry_timeout) return status;
  retry_at_ = now + RetryDelayOf(status).value_or(kRetryPause);
  return absl::OkStatus();
}

// gRPC lets go of messages that were not taken yet when a call ends with an error: so the partition
// is read on up to the damage, where a call ends well, before that is told.
bool Reader::Impl::HandleDamage(const absl::Status& status) {
  if (record::ReasonOf(status) != record::Reason::kLogCorrupt) return false;
  const std::optional<int64_t> partition = MetadataNumber(status, "partition");
  PlannedPartition* planned =
      partition.has_value() ? Find(static_cast<uint32_t>(*partition)) : nullptr;
  if (planned == nullptr || planned->ended) return false;
  const int64_t damaged_from = MetadataNumber(status, "offset").value_or(planned->next_offset);
  const bool ends_before = planned->end_offset.has_value() && *planned->end_offset <= damaged_from;
  if (planned->damage.ok()) planned->asked_end_offset = planned->end_offset;
  planned->end_offset = ends_before ? planned->next_offset : damaged_from;
  planned->damage = status;
  if (planned->done()) EndPartition(*planned);
  return true;
}

// What was damaged was trimmed away: another call goes on to where the read was to end.
void Reader::Impl::ForgetDamage(PlannedPartition& planned) {
  planned.damage = absl::OkStatus();
  planned.end_offset = planned.asked_end_offset;
  call_.reset();
  resuming_ = true;
}

void Reader::Impl::EndPartition(PlannedPartition& planned) {
  if (std::exchange(planned.ended, true)) return;
  planned.end_offset = planned.next_offset;
  events_.push_back(
      {.kind = planned.damage.ok() ? ReadEvent::Kind::kEndOfPartition : ReadEvent::Kind::kDamage,
       .partition = planned.partition,
       .damage = planned.damage});
}

PlannedPartition* Reader::Impl::Find(uint32_t partition) {
  auto& all = plan_->partitions;
  const auto found = std::find_if(all.begin(), all.end(), [partition](const PlannedPartition& p) {
    return p.partition == partition;
  });
  return found == all.end() ? nullptr : &*found;
}

bool Reader::Impl::AllDone() const {
  return std::all_of(plan_->partitions.begin(), plan_->partitions.end(),
                     [](const PlannedPartition& planned) { return planned.ended; });
}

int64_t Reader::Impl::records_left() const {
  if (!plan_.has_value()) return -1;
  int64_t left = static_cast<int64_t>(records_.size() - next_record_);
  for (const PlannedPartition& planned : plan_->partitions) {
    const int64_t end =
        std::min(planned.high_watermark, planned.end_offset.value_or(planned.high_watermark));
    left += std::max<int64_t>(0, end - planned.next_offset);
  }
  return left;
}

Reader::Reader(Client client, ReadOptions options)
    : impl_(std::make_unique<Impl>(std::move(client), std::move(options))) {}

Reader::~Reader() = default;

absl::StatusOr<std::optional<ReadEvent>> Reader::Next(absl::Duration timeout) {
  return impl_->Next(timeout);
}

bool Reader::HasRecords() const { return impl_->HasRecords(); }

int64_t Reader::records_left() const { return impl_->records_left(); }

void Reader::Stop() { impl_->Stop(); }

}  // namespace leat::client
