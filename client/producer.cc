#include "client/producer.h"

#include <algorithm>
#include <atomic>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "absl/random/random.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/notification.h"
#include "client/admin.h"
#include "client/delay_watch.h"
#include "client/initialisation.h"
#include "client/monotonic_clock.h"
#include "client/outbox.h"
#include "client/produce_stream.h"
#include "client/status.h"
#include "client/wakeup.h"
#include "storage/record/error.h"

namespace leat::client {
namespace {

// Of topics at a time.
constexpr size_t kMaxInitialisations = 16;

absl::Status NoWaitingInCallbacks() {
  return absl::FailedPreconditionError("a producer's callback cannot wait for the producer");
}

ProducerOptions WithName(ProducerOptions options) {
  absl::BitGen random;
  if (options.name.empty()) {
    options.name = absl::StrCat("producer-", absl::Hex(random(), absl::kZeroPad16),
                                absl::Hex(random(), absl::kZeroPad16));
  }
  return options;
}

// A name that was made up is nobody else's: an InitProducer of this very producer, given up long
// ago, reached the server after the next one. So what it has is merely out of date.
void ForgiveFence(absl::Status& status) {
  if (record::ReasonOf(status) != record::Reason::kProducerFenced) return;
  const absl::string_view message = status.message();
  status = record::MakeError(record::Reason::kProducerExpired, {message.data(), message.size()});
}

bool RemembersIds(const v1::TopicConfig& config) {
  return config.deduplication_time().seconds() > 0 || config.deduplication_time().nanos() > 0;
}

}  // namespace

class Producer::Impl {
 public:
  Impl(const Client& client, const ProducerOptions& options)
      : named_(!options.name.empty()),
        options_(WithName(options)),
        admin_(client),
        connection_(client.connection()),
        outbox_(options_),
        stream_(connection_, wakeup_, options_.durability),
        thread_([this] { Run(); }) {}

  ~Impl() {
    Cancel();
    thread_.join();
  }

  absl::StatusOr<uint64_t> Add(std::string_view topic, const OutgoingRecord& record,
                               SendCallback callback);
  absl::Status Flush(uint64_t batch_id, absl::Duration timeout);
  void SendNow(uint64_t batch_id);
  void Cancel();
  uint64_t last_batch_id() const { return outbox_.last_batch_id(); }
  // Whether a callback is calling.
  bool OnOwnThread() const { return std::this_thread::get_id() == thread_.get_id(); }

 private:
  absl::Status LearnTopic(std::string_view topic);

  // --- On the producer's thread ---

  void Run();
  void HandleAnswers(absl::Time now, std::vector<CompletedBatch>* completed);
  void Initialise(absl::Time now, std::vector<CompletedBatch>* completed);
  bool MayInitialise(absl::Time now) const;
  void SendBatches(absl::Time now);
  void Deliver(std::vector<CompletedBatch> completed);
  void TellDelay(absl::Time now);
  absl::Time NextDeadline(absl::Time now) const;

  const bool named_;  // By the caller.
  const ProducerOptions options_;
  const Admin admin_;
  const std::shared_ptr<const Connection> connection_;
  const std::shared_ptr<Wakeup> wakeup_ = std::make_shared<Wakeup>();
  std::atomic<bool> stopping_ = false;
  Outbox outbox_;
  ProduceStream stream_;
  std::vector<std::unique_ptr<Initialisation>> initialisations_;  // That are under way.
  DelayWatch delay_watch_;
  std::thread thread_;
};

absl::StatusOr<uint64_t> Producer::Impl::Add(std::string_view topic, const OutgoingRecord& record,
                                             SendCallback callback) {
  absl::Time now = MonotonicNow();
  if (!outbox_.IsFresh(topic, now)) {
    if (absl::Status status = LearnTopic(topic); !status.ok()) return status;
    now = MonotonicNow();
  }
  // A callback that waited for memory would wait for itself.
  const bool may_block = options_.when_full == ProducerOptions::WhenFull::kBlock && !OnOwnThread();
  absl::StatusOr<Outbox::Added> added =
      outbox_.Add(topic, record, std::move(callback),
                  may_block ? options_.delivery_timeout : absl::ZeroDuration(), now);
  if (!added.ok()) return std::move(added).status();
  if (added->changed) wakeup_->Raise();
  return added->batch_id;
}

absl::Status Producer::Impl::LearnTopic(std::string_view topic) {
  const absl::StatusOr<v1::GetTopicResponse> answer = admin_.GetTopic(topic);
  // What is known serves on while the server cannot be asked.
  if (!answer.ok() && MayRetryRead(answer.status()) &&
      outbox_.AskAgainLater(topic, MonotonicNow())) {
    return absl::OkStatus();
  }
  if (!answer.ok()) return answer.status();
  outbox_.Learn(topic,
                {.topic_id = answer->topic().topic_id(),
                 .partition_count = std::max(1u, answer->topic().partition_count()),
                 .max_record_bytes = answer->topic().config().max_record_bytes(),
                 .max_batch_bytes = answer->topic().config().max_batch_bytes(),
                 .remembers_ids = RemembersIds(answer->topic().config())},
                MonotonicNow());
  return absl::OkStatus();
}

absl::Status Producer::Impl::Flush(uint64_t batch_id, absl::Duration timeout) {
  if (OnOwnThread()) return NoWaitingInCallbacks();
  SendNow(batch_id);
  if (outbox_.WaitReleased(batch_id, timeout)) return absl::OkStatus();
  return absl::DeadlineExceededError("not all records were answered in time");
}

void Producer::Impl::SendNow(uint64_t batch_id) {
  outbox_.FlushTo(batch_id);
  wakeup_->Raise();
}

void Producer::Impl::Cancel() {
  stopping_ = true;
  wakeup_->Raise();
}

void Producer::Impl::Run() {
  while (!stopping_) {
    const absl::Time now = MonotonicNow();
    std::vector<CompletedBatch> completed;
    HandleAnswers(now, &completed);
    outbox_.Expire(now, stream_.last_error(), &completed);
    Initialise(now, &completed);
    SendBatches(now);
    Deliver(std::move(completed));
    TellDelay(now);
    wakeup_->WaitUntil(NextDeadline(now));
  }
  std::vector<CompletedBatch> completed;
  HandleAnswers(MonotonicNow(), &completed);
  outbox_.Abandon(absl::CancelledError("the producer was closed"), &completed);
  Deliver(std::move(completed));
}

void Producer::Impl::HandleAnswers(absl::Time now, std::vector<CompletedBatch>* completed) {
  while (true) {
    absl::StatusOr<std::optional<ProduceStream::Answer>> answer = stream_.NextAnswer();
    if (!answer.ok()) {
      stream_.Break(now, answer.status());
      outbox_.OnStreamEnded(answer.status(), now, completed);
      return;
    }
    if (!answer->has_value()) break;
    if (!named_) ForgiveFence((*answer)->result.status);
    const size_t before = completed->size();
    outbox_.OnAnswer((*answer)->request_id, (*answer)->result, now, completed);
    if (completed->size() > before) completed->back().places = std::move((*answer)->places);
  }
  if (const std::optional<absl::Status> end = stream_.TakeEnd(now)) {
    outbox_.OnStreamEnded(*end, now, completed);
  }
}

void Producer::Impl::Initialise(absl::Time now, std::vector<CompletedBatch>* completed) {
  std::erase_if(initialisations_, [&](const std::unique_ptr<Initialisation>& initialisation) {
    const auto identity = initialisation->Take();
    if (!identity.has_value()) return false;
    outbox_.Renew(initialisation->topic(), *identity, now, completed);
    return true;
  });
  while (MayInitialise(now) && stream_.Ready(now)) {
    const TopicName topic = *outbox_.TopicToRenew(now);
    outbox_.BeginRenewal(topic);
    initialisations_.push_back(
        std::make_unique<Initialisation>(connection_, topic, options_.name, wakeup_));
  }
}

bool Producer::Impl::MayInitialise(absl::Time now) const {
  return initialisations_.size() < kMaxInitialisations && outbox_.TopicToRenew(now).has_value();
}

void Producer::Impl::SendBatches(absl::Time now) {
  while (outbox_.HasSendable(now) && stream_.Ready(now)) {
    const std::optional<Outbox::Outgoing> outgoing = outbox_.TakeForSend(now);
    outgoing->batch->Seal(options_.codec);
    stream_.Send(*outgoing->batch, outgoing->request_id, outgoing->resume_after);
  }
}

void Producer::Impl::Deliver(std::vector<CompletedBatch> completed) {
  for (CompletedBatch& done : completed) {
    done.batch->Complete(done.first, done.places);
    outbox_.Release(*done.batch);
  }
}

void Producer::Impl::TellDelay(absl::Time now) {
  const absl::Status obstacle = outbox_.Obstacle(stream_.last_error());
  if (delay_watch_.Look(obstacle, now) && options_.on_delay) options_.on_delay(obstacle);
}

absl::Time Producer::Impl::NextDeadline(absl::Time now) const {
  const absl::Time deadline = outbox_.NextDeadline(now);
  if (!outbox_.HasSendable(now) && !MayInitialise(now)) return deadline;
  return std::min(deadline, stream_.NextTry(now));
}

Producer::Producer(const Client& client, const ProducerOptions& options)
    : impl_(std::make_unique<Impl>(client, options)) {}

Producer::~Producer() = default;

absl::Status Producer::Send(std::string_view topic, const OutgoingRecord& record,
                            SendCallback callback) {
  return impl_->Add(topic, record, std::move(callback)).status();
}

SendResult Producer::SendAndWait(std::string_view topic, const OutgoingRecord& record) {
  SendResult result;
  if (impl_->OnOwnThread()) {
    result.status = NoWaitingInCallbacks();
    return result;
  }
  absl::Notification answered;
  const absl::StatusOr<uint64_t> batch_id =
      impl_->Add(topic, record, [&result, &answered](const SendResult& answer) {
        result = answer;
        answered.Notify();
      });
  if (!batch_id.ok()) {
    result.status = batch_id.status();
    return result;
  }
  impl_->SendNow(*batch_id);
  answered.WaitForNotification();
  return result;
}

absl::Status Producer::Flush(absl::Duration timeout) {
  return impl_->Flush(impl_->last_batch_id(), timeout);
}

void Producer::Cancel() { impl_->Cancel(); }

}  // namespace leat::client
