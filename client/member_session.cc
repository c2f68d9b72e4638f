#include "client/member_session.h"

#include <algorithm>
#include <string>
#include <utility>
#include <variant>

#include "client/position_proto.h"
#include "client/status.h"
#include "storage/record/error.h"

namespace leat::client {
namespace {

uint32_t MillisecondsOf(absl::Duration duration) {
  return static_cast<uint32_t>(absl::ToInt64Milliseconds(duration));
}

void AddPartition(const OwnedPartition& partition, v1::OwnedPartition* out) {
  out->set_topic(partition.place.topic);
  out->set_partition(partition.place.partition);
  out->set_assignment_epoch(partition.epoch);
}

}  // namespace

MemberSession::MemberSession(const Client& client, const ConsumerOptions& options,
                             MemberState& state, std::shared_ptr<Wakeup> wakeup)
    : options_(options),
      state_(state),
      commits_(state),
      stream_(client.connection(), std::move(wakeup)) {}

void MemberSession::Exchange(absl::Time now) {
  if (error_.ok() && !stream_.open() && !leaving_ && now >= stream_.next_try()) {
    if (options_.commit == ConsumerOptions::CommitMode::kAuto) state_.RequestHandled();
    stream_.Begin(MakeJoin(), now);
  }
  while (true) {
    absl::StatusOr<std::optional<ConsumeMessage>> message = stream_.Read();
    if (!message.ok()) {
      EndForGood(message.status());
      return;
    }
    if (!message->has_value()) break;
    Handle(**std::move(message), now);
  }
  if (std::optional<absl::Status> end = stream_.TakeEnd()) HandleEnd(*std::move(end), now);
  SendDue(now);
}

absl::Time MemberSession::NextDeadline() const {
  if (!stream_.open()) return stream_.next_try();
  if (!ready()) return absl::InfiniteFuture();
  absl::Time next = stream_.last_sent() + progress_interval_;
  if (options_.commit == ConsumerOptions::CommitMode::kAuto && state_.HasUncommitted()) {
    next = std::min(next, next_auto_commit_);
  }
  return next;
}

v1::Join MemberSession::MakeJoin() const {
  v1::Join join;
  join.set_group(options_.group);
  for (const std::string& topic : options_.topics) join.add_topics(topic);
  for (const std::string& pattern : options_.topic_patterns) join.add_topic_patterns(pattern);
  join.set_instance_id(options_.instance_id);
  join.set_client_name(options_.client_name);
  if (auto start = ToProto(options_.start); start.ok()) *join.mutable_start() = *start;
  join.set_session_timeout_ms(MillisecondsOf(options_.session_timeout));
  join.set_processing_timeout_ms(MillisecondsOf(options_.processing_timeout));
  join.set_max_chunk_bytes(options_.max_chunk_bytes);
  // Given back as records leave this program's hands: commits may be rare.
  join.mutable_initial_credit()->set_bytes(options_.window_bytes);
  join.mutable_initial_credit()->set_records(options_.window_records);
  if (membership_.has_value()) {
    join.mutable_resume()->set_member_id(membership_->member_id);
    join.mutable_resume()->set_member_epoch(membership_->member_epoch);
    for (v1::PartitionPosition& position : state_.ResumePositions()) {
      *join.mutable_resume()->add_positions() = std::move(position);
    }
  }
  return join;
}

// --- What comes ---

void MemberSession::Handle(ConsumeMessage message, absl::Time now) {
  if (Delivery* delivery = std::get_if<Delivery>(&message)) {
    state_.OnDelivery(std::move(*delivery));
    return;
  }
  const auto& response = std::get<v1::ConsumeResponse>(message);
  const bool was_ready = ready();
  switch (response.event_case()) {
    case v1::ConsumeResponse::kJoined:
      HandleJoined(response.joined(), now);
      return;
    case v1::ConsumeResponse::kAssigned:
      state_.OnAssigned(response.assigned());
      break;
    case v1::ConsumeResponse::kRevoked:
      state_.OnRevoked(response.revoked(), now);
      break;
    case v1::ConsumeResponse::kCommandResult:
      HandleResult(response.command_result());
      break;
    case v1::ConsumeResponse::kDraining:
      next_auto_commit_ = now;
      state_.OnOther();
      break;
    default:  // A heartbeat, and what later versions add.
      state_.OnOther();
  }
  if (ready() && !was_ready) SendPauses();
}

void MemberSession::HandleJoined(const v1::Joined& joined, absl::Time now) {
  membership_ = {joined.member_id(), joined.member_epoch()};
  reconnected_ = std::exchange(ever_joined_, true);
  lost_at_.reset();
  next_auto_commit_ = now + options_.auto_commit_interval;
  // Whoever waits is alive, whatever it holds.
  progress_interval_ = absl::Milliseconds(joined.processing_timeout_ms()) / 3;
  if (progress_interval_ == absl::ZeroDuration()) progress_interval_ = absl::InfiniteDuration();
  stream_.OnJoined();
  state_.OnJoined();
}

void MemberSession::HandleResult(const v1::CommandResult& result) {
  if (commits_.OnResult(result)) return;
  if (result.request_id() != seek_id_ || seek_id_ == 0) {
    state_.OnReleased(result.request_id());
    return;
  }
  seek_id_ = 0;
  seek_result_ = absl::OkStatus();
  if (result.has_error()) {
    seek_result_ = FromRpcStatus(result.error());
  } else if (result.partitions_size() > 0 && result.partitions(0).has_error()) {
    seek_result_ = FromRpcStatus(result.partitions(0).error());
  } else if (result.partitions_size() > 0) {
    state_.OnSeekDone(result.partitions(0).position());
  }
}

void MemberSession::HandleEnd(absl::Status why, absl::Time now) {
  if (leaving_) {
    stream_.Break(absl::InfiniteFuture());
    left_ = std::move(why);
    return;
  }
  if (why.ok()) why = absl::UnavailableError("the server ended the stream");
  if (!lost_at_.has_value()) lost_at_ = now;
  // A first connection is not waited for, a server that says that it will be there is.
  const bool unreachable = !ever_joined_ && !record::ReasonOf(why).has_value();
  if (!MayJoinAgain(why) || unreachable || now >= *lost_at_ + options_.retry_timeout) {
    EndForGood(why);
    return;
  }
  if (seek_id_ != 0) seek_result_ = why;
  seek_id_ = 0;
  releases_due_.clear();
  commits_.OnStreamLost();
  if (absl::IsAborted(why) && record::ReasonOf(why).has_value()) {  // Evicted, or fenced.
    membership_.reset();
    state_.OnMembershipLost();
  } else {
    state_.OnStreamLost();
  }
  stream_.Break(now + stream_.NextPause(why));
  disconnected_ = std::move(why);
}

void MemberSession::EndForGood(const absl::Status& why) {
  error_ = why;
  if (seek_id_ != 0) seek_result_ = why;
  seek_id_ = 0;
  stream_.Break(absl::InfiniteFuture());
  state_.OnMembershipLost();
  commits_.Abandon(why);
}

void MemberSession::Abort(const absl::Status& why) {
  leaving_ = true;
  stream_.Break(absl::InfiniteFuture());
  commits_.Abandon(why);
}

// --- What goes ---

v1::ConsumeRequest MemberSession::NewRequest() {
  v1::ConsumeRequest request;
  request.set_request_id(++last_request_id_);
  return request;
}

void MemberSession::SendDue(absl::Time now) {
  stream_.Flush();
  if (!ready()) return;
  if (options_.commit == ConsumerOptions::CommitMode::kAuto && now >= next_auto_commit_ &&
      commits_.idle()) {
    next_auto_commit_ = now + options_.auto_commit_interval;
    commits_.Add(state_.RequestHandled(), nullptr);
  }
  while (commits_.HasSendable()) {
    v1::ConsumeRequest request = NewRequest();
    std::optional<v1::Commit> commit = commits_.TakeForSend(request.request_id());
    if (!commit.has_value()) continue;
    *request.mutable_commit() = *std::move(commit);
    stream_.Send(std::move(request));
  }
  SendReleases();
  const int64_t records = options_.window_records > 0 ? options_.window_records : INT64_MAX;
  std::optional<v1::Credit> credit =
      state_.TakeCredit(options_.window_bytes / 4 + 1, records / 4 + 1);
  if (!credit.has_value() && now >= stream_.last_sent() + progress_interval_) credit.emplace();
  SendCredit(std::move(credit));
}

void MemberSession::GiveBackCredit() {
  if (ready()) SendCredit(state_.TakeCredit(1, 1));
}

void MemberSession::SendCredit(std::optional<v1::Credit> credit) {
  if (!credit.has_value()) return;
  v1::ConsumeRequest request;
  *request.mutable_credit() = *std::move(credit);
  stream_.Send(std::move(request));
}

void MemberSession::Release(Notice revoked, absl::Time now) {
  releases_due_.push_back(std::move(revoked));
  SendDue(now);
}

void MemberSession::SendReleases() {
  std::erase_if(releases_due_, [this](const Notice& revoked) {
    const bool waits = std::any_of(
        revoked.owners.begin(), revoked.owners.end(),
        [this](const Owner& owner) { return !owner->gone && commits_.Concerns(owner->place); });
    if (waits) return false;
    v1::ConsumeRequest request = NewRequest();
    *request.mutable_release() = state_.Release(revoked, request.request_id());
    if (!request.release().positions().empty()) stream_.Send(std::move(request));
    return true;
  });
}

void MemberSession::SendPauses() {
  std::vector<OwnedPartition*> paused;
  for (const Owner& owner : state_.Owners()) {
    if (owner->paused) paused.push_back(owner.get());
  }
  Pause(paused);
}

void MemberSession::Pause(const std::vector<OwnedPartition*>& partitions) {
  v1::ConsumeRequest request;
  for (const OwnedPartition* partition : partitions) {
    AddPartition(*partition, request.mutable_pause()->add_partitions());
  }
  if (!partitions.empty() && ready()) stream_.Send(std::move(request));
}

void MemberSession::Resume(const std::vector<OwnedPartition*>& partitions) {
  v1::ConsumeRequest request;
  for (const OwnedPartition* partition : partitions) {
    AddPartition(*partition, request.mutable_resume()->add_partitions());
  }
  if (!partitions.empty() && ready()) stream_.Send(std::move(request));
}

void MemberSession::BeginSeek(const OwnedPartition& partition, v1::Position to) {
  v1::ConsumeRequest request = NewRequest();
  seek_id_ = request.request_id();
  seek_result_.reset();
  v1::MemberSeek* target = request.mutable_seek()->add_targets();
  AddPartition(partition, target->mutable_partition());
  *target->mutable_to() = std::move(to);
  stream_.Send(std::move(request));
}

void MemberSession::BeginLeave() {
  leaving_ = true;
  v1::ConsumeRequest request;
  request.mutable_leave();
  stream_.Send(std::move(request));
}

}  // namespace leat::client
