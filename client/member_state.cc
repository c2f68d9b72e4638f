#include "client/member_state.h"

#include <algorithm>
#include <utility>

namespace leat::client {
namespace {

// Of a revocation's time, what delivery may take; the rest is for the release to arrive.
constexpr double kDeliveryShare = 0.8;

TopicPartition PlaceOf(const v1::PartitionPosition& position) {
  return {position.topic(), position.partition()};
}

}  // namespace

v1::PartitionPosition ToProto(const OwnedPartition& partition, int64_t next_offset) {
  v1::PartitionPosition position;
  position.set_topic(partition.place.topic);
  position.set_partition(partition.place.partition);
  position.set_assignment_epoch(partition.epoch);
  position.set_next_offset(next_offset);
  return position;
}

std::vector<MemberPosition> PositionsOf(const std::vector<Owner>& owners) {
  std::vector<MemberPosition> positions;
  for (const Owner& owner : owners) {
    positions.push_back({owner->place, owner->delivered, owner->epoch});
  }
  return positions;
}

// --- What the server says ---

void MemberState::OnJoined() {
  unconfirmed_ = Owners();
  confirming_ = !unconfirmed_.empty();
}

void MemberState::OnAssigned(const v1::Assigned& assigned) {
  Notice notice{.kind = Notice::Kind::kAssigned,
                .owners = {},
                .reason = static_cast<ChangeReason>(assigned.reason())};
  // There may be several of these.
  const bool resuming = !unconfirmed_.empty() && notice.reason == ChangeReason::kResumed;
  if (!resuming) LoseUnconfirmed();
  confirming_ = false;
  for (const v1::PartitionPosition& position : assigned.positions()) {
    if (resuming && Confirm(position)) continue;
    Put(position, /*told=*/false);
    notice.owners.push_back(partitions_.at(PlaceOf(position)));
  }
  if (!notice.owners.empty()) notices_.push_back(std::move(notice));
}

// The member goes on with a partition where it was, unless its committed offset was moved back.
bool MemberState::Confirm(const v1::PartitionPosition& position) {
  OwnedPartition* partition = Find(PlaceOf(position));
  if (partition == nullptr || partition->revoking) return false;
  if (position.next_offset() < partition->requested) return false;
  partition->epoch = position.assignment_epoch();
  partition->committed = position.next_offset();
  partition->requested = std::max(partition->requested, position.next_offset());
  partition->handled = std::max(partition->handled, position.next_offset());
  partition->delivered = std::max(partition->delivered, position.next_offset());
  std::erase_if(unconfirmed_, [&](const Owner& owner) { return owner.get() == partition; });
  return true;
}

void MemberState::Put(const v1::PartitionPosition& position, bool told) {
  const int64_t offset = position.next_offset();
  if (OwnedPartition* before = Find(PlaceOf(position))) Erase(*before);
  std::erase_if(unconfirmed_, [](const Owner& owner) { return owner->gone; });
  partitions_[PlaceOf(position)] =
      std::make_shared<OwnedPartition>(OwnedPartition{.place = PlaceOf(position),
                                                      .epoch = position.assignment_epoch(),
                                                      .first_epoch = position.assignment_epoch(),
                                                      .delivered = offset,
                                                      .handled = offset,
                                                      .requested = offset,
                                                      .committed = offset,
                                                      .told = told});
  DropUnwanted();
}

void MemberState::OnRevoked(const v1::Revoked& revoked, absl::Time now) {
  LoseUnconfirmed();
  std::vector<Owner> owners;
  for (const v1::PartitionPosition& position : revoked.positions()) {
    auto found = partitions_.find(PlaceOf(position));
    if (found == partitions_.end() || found->second->epoch != position.assignment_epoch()) continue;
    owners.push_back(found->second);
  }
  const auto reason = static_cast<ChangeReason>(revoked.reason());
  if (revoked.deadline_ms() == 0) {
    Lose(std::move(owners), reason);
    return;
  }
  const bool drop = hand_over_ == ConsumerOptions::HandOver::kDrop;
  for (const Owner& owner : owners) {
    owner->revoking = true;
    owner->paused = false;  // What was held is left to the next owner.
    owner->held.clear();
    owner->dropping = drop;
  }
  DropUnwanted();
  std::stable_partition(deliveries_.begin(), deliveries_.end(),
                        [](const OwnedDelivery& d) { return d.owner->revoking; });
  const absl::Duration time = absl::Milliseconds(revoked.deadline_ms());
  revocations_.push_back({{.kind = Notice::Kind::kRevoked,
                           .owners = std::move(owners),
                           .reason = reason,
                           .deadline = now + time},
                          now + time * kDeliveryShare});
}

void MemberState::OnDelivery(Delivery delivery) {
  LoseUnconfirmed();
  delivery.stream = stream_;
  auto found = partitions_.find({std::string(delivery.topic), delivery.partition});
  if (found == partitions_.end() || found->second->epoch != delivery.assignment_epoch ||
      found->second->revoking) {
    GiveBack(delivery);
    return;
  }
  const Owner& owner = found->second;
  if (owner->paused) {
    GiveBack(delivery);
    owner->held.push_back(std::move(delivery));
    return;
  }
  ++owner->buffered;
  deliveries_.push_back({std::move(delivery), owner});
}

void MemberState::OnReleased(uint64_t request_id) {
  auto found = releases_.find(request_id);
  if (found == releases_.end()) return;
  for (const Owner& owner : found->second) Erase(*owner);
  releases_.erase(found);
}

void MemberState::OnSeekDone(const v1::PartitionPosition& position) {
  Put(position, /*told=*/true);
}

void MemberState::OnStreamLost() {
  for (const OwnedDelivery& dropped : std::exchange(deliveries_, {})) --dropped.owner->buffered;
  for (const auto& [place, owner] : partitions_) owner->held.clear();
  revocations_.clear();
  releases_.clear();
  unconfirmed_.clear();
  confirming_ = false;
  // The next stream begins with all its credit.
  ++stream_;
  credit_bytes_ = 0;
  credit_records_ = 0;
}

void MemberState::OnMembershipLost() {
  OnStreamLost();
  Lose(Owners(), ChangeReason::kUnspecified);
}

void MemberState::LoseUnconfirmed() {
  confirming_ = false;
  if (!unconfirmed_.empty()) Lose(std::exchange(unconfirmed_, {}), ChangeReason::kUnspecified);
}

void MemberState::Lose(std::vector<Owner> owners, ChangeReason reason) {
  for (const Owner& owner : owners) Erase(*owner);
  // Whoever knows that it goes need not be told again.
  std::erase_if(owners, [](const Owner& owner) { return owner->told_going; });
  DropUnwanted();
  if (owners.empty()) return;
  notices_.push_back({.kind = Notice::Kind::kLost, .owners = std::move(owners), .reason = reason});
}

void MemberState::Erase(OwnedPartition& partition) {
  if (std::exchange(partition.gone, true)) return;
  partition.held.clear();
  partitions_.erase(partitions_.find(partition.place));
}

}  // namespace leat::client
