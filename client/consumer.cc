#include "client/consumer.h"

#include <algorithm>
#include <atomic>
#include <optional>
#include <utility>

#include "absl/functional/function_ref.h"
#include "client/delivery_cursor.h"
#include "client/member_session.h"
#include "client/member_state.h"
#include "client/monotonic_clock.h"
#include "client/position_proto.h"
#include "client/wakeup.h"
#include "storage/record/error.h"

namespace leat::client {
namespace {

ConsumerOptions Completed(ConsumerOptions options) {
  if (options.window_bytes <= 0) options.window_bytes = ConsumerOptions().window_bytes;
  return options;
}

absl::Status NotOwned() {
  return record::MakeError(record::Reason::kFencedMemberEpoch,
                           "the partition is not, or not any more, this member's");
}

}  // namespace

class Consumer::Impl {
 public:
  Impl(const Client& client, ConsumerOptions options, AssignmentListener* listener)
      : options_(Completed(std::move(options))),
        listener_(listener != nullptr ? *listener : no_listener_),
        state_(options_.hand_over),
        session_(client, options_, state_, wakeup_) {}

  absl::StatusOr<ConsumeEvent> Next(absl::Duration timeout);
  bool HasRecords() const { return cursor_.HasRecords() || state_.has_deliveries(); }
  void Commit(const std::vector<MemberPosition>* positions, CommitCallback callback);
  CommitResult CommitAndWait(const std::vector<MemberPosition>* positions, absl::Duration timeout);
  void Pause(const std::vector<TopicPartition>& places);
  void Resume(const std::vector<TopicPartition>& places);
  absl::Status Seek(const TopicPartition& place, Position to, absl::Duration timeout);
  std::vector<MemberPosition> Assignment() const;
  absl::Status Close(Departure departure, absl::Duration timeout);

  void Stop() {
    stopped_ = true;
    wakeup_->Raise();
  }

 private:
  bool auto_commit() const { return options_.commit == ConsumerOptions::CommitMode::kAuto; }
  void TellListener(absl::Time now);
  void Tell(Notice notice, absl::Time now);
  // Exchanges with the server until `done`. DEADLINE_EXCEEDED, or why the session ended.
  absl::Status Await(absl::Time deadline, absl::FunctionRef<bool()> done);
  absl::Status Leave(absl::Time deadline);

  const std::shared_ptr<Wakeup> wakeup_ = std::make_shared<Wakeup>();
  const ConsumerOptions options_;
  AssignmentListener no_listener_;
  AssignmentListener& listener_;
  std::atomic<bool> stopped_ = false;
  bool closed_ = false;
  MemberState state_;
  MemberSession session_;
  DeliveryCursor cursor_{state_};
  absl::Status error_;
};

absl::StatusOr<ConsumeEvent> Consumer::Impl::Next(absl::Duration timeout) {
  cursor_.NoteHandled();
  const absl::Time deadline = MonotonicNow() + timeout;
  while (true) {
    if (stopped_) return absl::CancelledError("the consumer was stopped");
    if (closed_) return absl::FailedPreconditionError("the consumer is closed");
    if (std::optional<ConsumeEvent> event = cursor_.Next()) return *std::move(event);
    const absl::Time now = MonotonicNow();
    session_.Exchange(now);
    session_.commits().RunCallbacks();
    TellListener(now);
    if (!error_.ok()) return error_;
    if (std::optional<OwnedDelivery> delivery = state_.TakeDelivery()) {
      absl::StatusOr<std::optional<ConsumeEvent>> event = cursor_.Open(*std::move(delivery));
      if (!event.ok()) return error_ = std::move(event).status();
      if (event->has_value()) return **std::move(event);
      continue;
    }
    if (!session_.error().ok()) return session_.error();
    if (now >= deadline) return absl::DeadlineExceededError("no record came in time");
    session_.GiveBackCredit();
    wakeup_->WaitUntil(std::min({deadline, session_.NextDeadline(), state_.NextDeadline()}));
  }
}

// --- The listener ---

void Consumer::Impl::TellListener(absl::Time now) {
  if (std::optional<absl::Status> why = session_.TakeDisconnection())
    listener_.OnDisconnected(*why);
  if (session_.TakeReconnection()) listener_.OnReconnected();
  while (std::optional<Notice> notice = state_.TakeNotice(now)) Tell(*std::move(notice), now);
}

void Consumer::Impl::Tell(Notice notice, absl::Time now) {
  if (notice.owners.empty()) return;
  const std::vector<MemberPosition> positions = PositionsOf(notice.owners);
  switch (notice.kind) {
    case Notice::Kind::kAssigned:
      listener_.OnAssigned(positions, notice.reason);
      return;
    case Notice::Kind::kLost:
      listener_.OnLost(positions, notice.reason);
      return;
    case Notice::Kind::kRevoked:
      break;
  }
  listener_.OnRevoked(positions, std::max(notice.deadline - now, absl::ZeroDuration()));
  if (auto_commit()) session_.commits().Add(state_.RequestHandled(), nullptr);
  session_.Release(std::move(notice), now);
}

// --- Commands ---

void Consumer::Impl::Commit(const std::vector<MemberPosition>* positions, CommitCallback callback) {
  cursor_.NoteHandled();
  session_.commits().Add(positions != nullptr ? *positions : state_.RequestHandled(),
                         std::move(callback));
  if (closed_ || !session_.error().ok()) {
    session_.commits().Abandon(closed_ ? absl::FailedPreconditionError("the consumer is closed")
                                       : session_.error());
  } else {
    session_.Exchange(MonotonicNow());
  }
  session_.commits().RunCallbacks();
}

CommitResult Consumer::Impl::CommitAndWait(const std::vector<MemberPosition>* positions,
                                           absl::Duration timeout) {
  const absl::Time deadline = MonotonicNow() + timeout;
  // It may come after this function has given up.
  auto answer = std::make_shared<std::optional<CommitResult>>();
  Commit(positions, [answer](const CommitResult& result) { *answer = result; });
  const absl::Status waited = Await(deadline, [&] { return answer->has_value(); });
  return answer->value_or(CommitResult{.status = waited, .partitions = {}});
}

absl::Status Consumer::Impl::Await(absl::Time deadline, absl::FunctionRef<bool()> done) {
  while (true) {
    session_.commits().RunCallbacks();
    if (done()) return absl::OkStatus();
    if (!session_.error().ok()) return session_.error();
    const absl::Time now = MonotonicNow();
    if (now >= deadline) return absl::DeadlineExceededError("the server did not answer in time");
    wakeup_->WaitUntil(std::min(deadline, session_.NextDeadline()));
    session_.Exchange(MonotonicNow());
  }
}

void Consumer::Impl::Pause(const std::vector<TopicPartition>& places) {
  std::vector<OwnedPartition*> paused;
  for (const TopicPartition& place : places) {
    OwnedPartition* partition = state_.Find(place);
    if (partition != nullptr && state_.Pause(*partition)) paused.push_back(partition);
  }
  session_.Pause(paused);
}

void Consumer::Impl::Resume(const std::vector<TopicPartition>& places) {
  std::vector<OwnedPartition*> resumed;
  for (const TopicPartition& place : places) {
    OwnedPartition* partition = state_.Find(place);
    if (partition != nullptr && state_.Resume(*partition)) resumed.push_back(partition);
  }
  session_.Resume(resumed);
}

absl::Status Consumer::Impl::Seek(const TopicPartition& place, Position to,
                                  absl::Duration timeout) {
  const absl::StatusOr<v1::Position> target = ToProto(to);
  if (!target.ok()) return target.status();
  if (state_.Find(place) == nullptr) return NotOwned();
  const absl::Time deadline = MonotonicNow() + timeout;
  absl::Status status = Await(deadline, [this] { return session_.ready(); });
  if (!status.ok()) return status;
  const OwnedPartition* partition = state_.Find(place);
  if (partition == nullptr || partition->revoking) return NotOwned();
  session_.BeginSeek(*partition, *target);
  std::optional<absl::Status> result;
  status = Await(deadline, [&] { return (result = session_.TakeSeekResult()).has_value(); });
  return result.value_or(status);
}

std::vector<MemberPosition> Consumer::Impl::Assignment() const {
  std::vector<MemberPosition> positions;
  for (const Owner& owner : state_.Owners()) {
    if (owner->told && !owner->told_going) {
      positions.push_back({owner->place, owner->handled, owner->epoch});
    }
  }
  return positions;
}

// --- The end ---

absl::Status Consumer::Impl::Close(Departure departure, absl::Duration timeout) {
  if (closed_) return absl::OkStatus();
  const absl::Time deadline = MonotonicNow() + timeout;
  std::vector<Owner> owners = state_.Owners();
  std::erase_if(owners, [](const Owner& owner) { return !owner->told || owner->told_going; });
  if (!owners.empty()) listener_.OnRevoked(PositionsOf(owners), timeout);
  absl::Status status = session_.error();
  if (status.ok()) {
    if (auto_commit()) session_.commits().Add(state_.RequestHandled(), nullptr);
    if (!session_.commits().idle()) session_.Exchange(MonotonicNow());
    status = Await(deadline, [this] { return session_.commits().idle(); });
    if (status.ok() && state_.HasUncommitted() && auto_commit()) {
      status = absl::UnknownError("the server did not take the last commit");
    }
  }
  if (status.ok() && departure == Departure::kLeave && session_.ready()) status = Leave(deadline);
  session_.Abort(absl::CancelledError("the consumer was closed"));
  session_.commits().RunCallbacks();
  closed_ = true;
  return status;
}

absl::Status Consumer::Impl::Leave(absl::Time deadline) {
  session_.BeginLeave();
  const absl::Status status = Await(deadline, [this] { return session_.left().has_value(); });
  return status.ok() ? *session_.left() : status;
}

// --- The public face ---

Consumer::Consumer(const Client& client, ConsumerOptions options, AssignmentListener* listener)
    : impl_(std::make_unique<Impl>(client, std::move(options), listener)) {}

Consumer::~Consumer() = default;

absl::StatusOr<ConsumeEvent> Consumer::Next(absl::Duration timeout) { return impl_->Next(timeout); }

bool Consumer::HasRecords() const { return impl_->HasRecords(); }

void Consumer::Commit(CommitCallback callback) { impl_->Commit(nullptr, std::move(callback)); }

void Consumer::Commit(const std::vector<MemberPosition>& positions, CommitCallback callback) {
  impl_->Commit(&positions, std::move(callback));
}

CommitResult Consumer::CommitAndWait(absl::Duration timeout) {
  return impl_->CommitAndWait(nullptr, timeout);
}

CommitResult Consumer::CommitAndWait(const std::vector<MemberPosition>& positions,
                                     absl::Duration timeout) {
  return impl_->CommitAndWait(&positions, timeout);
}

void Consumer::Pause(const std::vector<TopicPartition>& partitions) { impl_->Pause(partitions); }

void Consumer::Resume(const std::vector<TopicPartition>& partitions) { impl_->Resume(partitions); }

absl::Status Consumer::Seek(const TopicPartition& partition, Position to, absl::Duration timeout) {
  return impl_->Seek(partition, to, timeout);
}

std::vector<MemberPosition> Consumer::Assignment() const { return impl_->Assignment(); }

absl::Status Consumer::Close(Departure departure, absl::Duration timeout) {
  return impl_->Close(departure, timeout);
}

void Consumer::Stop() { impl_->Stop(); }

}  // namespace leat::client
