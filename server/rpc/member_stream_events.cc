// What a group tells its member, and how it is passed on.

#include <algorithm>
#include <utility>
#include <variant>

#include "server/rpc/consume_encoder.h"
#include "server/rpc/member_stream.h"
#include "storage/record/error.h"

namespace leat::rpc {
namespace {

// A member that leaves more unread loses its stream.
constexpr size_t kMaxMessagesUnread = 4'096;
constexpr size_t kMaxBytesUnread = 64 << 20;

// So many partitions are told of in one message, which stays far below what clients refuse.
constexpr int kMaxPositions = 2'000;

}  // namespace

void MemberStream::OnEvent(group::MemberEvent event) {
  strand_.Post([this, event = std::move(event), at = Now()]() mutable {
    const auto* joined = std::get_if<group::event::Joined>(&event);
    if (joined != nullptr) member_ = {group_, joined->member_id, joined->member_epoch};
    if (!over_) {
      events_.push_back({std::move(event), at});
      HandleEvents();
    } else if (joined != nullptr) {
      groups_.StreamLost(*member_);
    }
  });
}

void MemberStream::HandleEvents() {
  while (!events_.empty() && !starting_ && !over_) {
    const Arrived next = std::move(events_.front());
    events_.pop_front();
    if (const auto* joined = std::get_if<group::event::Joined>(&next.event)) {
      Tell(*joined);
    } else if (const auto* assigned = std::get_if<group::event::Assigned>(&next.event)) {
      Tell(*assigned);
    } else if (const auto* revoked = std::get_if<group::event::Revoked>(&next.event)) {
      Tell(*revoked, next.at);
    } else {
      closed_ = true;
      End(std::get<group::event::Closed>(next.event).status);
    }
  }
}

void MemberStream::Tell(const group::event::Joined& joined) {
  v1::ConsumeResponse response;
  joined_.set_member_id(joined.member_id);
  joined_.set_member_epoch(joined.member_epoch);
  joined_.set_resumed(joined.resumed);
  *response.mutable_joined() = joined_;
  Send(response);
  commands_.Begin(*member_);
  StartTimer(liveness_->UntilNextCheck(std::nullopt, Now()));
  EndIfIdle();
}

void MemberStream::Tell(const group::event::Assigned& assigned) {
  starting_ = true;
  FindStarts(context_, groups_, *member_, assigned.partitions,
             strand_.Callback<absl::StatusOr<std::vector<StartedPartition>>>(
                 [this, assigned](absl::StatusOr<std::vector<StartedPartition>> started) {
                   OnStarted(assigned, std::move(started));
                 }));
}

void MemberStream::OnStarted(const group::event::Assigned& assigned,
                             absl::StatusOr<std::vector<StartedPartition>> started) {
  starting_ = false;
  if (over_) return;
  if (!started.ok()) return End(started.status());
  v1::ConsumeResponse response;
  v1::Assigned& told = *response.mutable_assigned();
  told.set_reason(static_cast<v1::ChangeReason>(assigned.reason));
  told.set_group_epoch(assigned.group_epoch);
  told.set_member_epoch(assigned.member_epoch);
  for (StartedPartition& partition : *started) {
    delivery_.Assign(partition.topic, partition.assignment, partition.start);
    OwnedPartition& owned = *delivery_.Find(partition.assignment);
    if (!partition.damage.ok()) delivery_.MarkDamaged(owned, partition.damage);
    *told.add_positions() = ToProto(owned.place());
    if (told.positions_size() >= kMaxPositions) {
      Send(response);
      told.clear_positions();
    }
  }
  if (!told.positions().empty()) Send(response);
  delivery_.Pump();
  HandleEvents();
}

void MemberStream::Tell(const group::event::Revoked& revoked, io::MonotonicTime since) {
  v1::ConsumeResponse response;
  v1::Revoked& told = *response.mutable_revoked();
  told.set_reason(static_cast<v1::ChangeReason>(revoked.reason));
  told.set_group_epoch(revoked.group_epoch);
  told.set_member_epoch(revoked.member_epoch);
  if (revoked.deadline_ms > 0) {
    const int64_t waited = absl::ToInt64Milliseconds(Now() - since);
    told.set_deadline_ms(static_cast<uint32_t>(std::max<int64_t>(1, revoked.deadline_ms - waited)));
  }
  for (const group::Assignment& assignment : revoked.partitions) {
    OwnedPartition* owned = delivery_.Find(assignment);
    if (owned == nullptr) continue;  // Was never told.
    *told.add_positions() = ToProto(owned->place());
    revoked.deadline_ms > 0 ? delivery_.Revoke(*owned) : delivery_.Remove(assignment);
    if (told.positions_size() >= kMaxPositions) {
      Send(response);
      told.clear_positions();
    }
  }
  if (!told.positions().empty()) Send(response);
  delivery_.Pump();
}

void MemberStream::Send(const v1::ConsumeResponse& response) {
  outbox_.Send(Encode(response));
  const StreamOutbox::Load unread = outbox_.load();
  if (unread.messages <= kMaxMessagesUnread && unread.bytes <= kMaxBytesUnread) return;
  Abort(
      record::MakeError(record::Reason::kBacklogFull, "the client does not read what it is sent"));
}

}  // namespace leat::rpc
