// What the application gets of a member's partitions, asks for, and what is sent in its name.

#include <algorithm>
#include <utility>

#include "client/member_state.h"

namespace leat::client {

// --- What the application gets ---

std::optional<Notice> MemberState::TakeNotice(absl::Time now) {
  while (!notices_.empty()) {
    Notice notice = std::move(notices_.front());
    notices_.pop_front();
    // What went before anybody heard of it is not worth a word.
    const bool lost = notice.kind == Notice::Kind::kLost;
    std::erase_if(notice.owners, [lost](const Owner& o) { return lost ? !o->told : o->gone; });
    for (const Owner& owner : notice.owners) owner->told = true;
    if (!notice.owners.empty()) return notice;
  }
  for (auto it = revocations_.begin(); it != revocations_.end(); ++it) {
    std::vector<Owner>& owners = it->notice.owners;
    std::erase_if(owners, [](const Owner& owner) { return owner->gone; });
    if (now >= it->drop_at) {
      for (const Owner& owner : owners) owner->dropping = true;
      DropUnwanted();
    }
    const bool finished = std::all_of(owners.begin(), owners.end(),
                                      [](const Owner& owner) { return owner->buffered == 0; });
    if (!finished) continue;
    Notice notice = std::move(it->notice);
    revocations_.erase(it);
    for (const Owner& owner : notice.owners) owner->told_going = true;
    return notice;
  }
  return std::nullopt;
}

std::optional<OwnedDelivery> MemberState::TakeDelivery() {
  while (!deliveries_.empty()) {
    OwnedDelivery taken = std::move(deliveries_.front());
    deliveries_.pop_front();
    if (taken.wanted()) return taken;
    Discard(std::move(taken));
  }
  return std::nullopt;
}

void MemberState::Finish(OwnedDelivery taken) {
  --taken.owner->buffered;
  GiveBack(taken.delivery);
}

void MemberState::Discard(OwnedDelivery taken) {
  --taken.owner->buffered;
  GiveBack(taken.delivery);
  OwnedPartition& owner = *taken.owner;
  if (owner.paused && !owner.gone && owner.epoch == taken.delivery.assignment_epoch) {
    owner.held.push_front(std::move(taken.delivery));
  }
}

void MemberState::DropUnwanted() {
  std::erase_if(deliveries_, [this](const OwnedDelivery& d) {
    if (d.wanted()) return false;
    --d.owner->buffered;
    GiveBack(d.delivery);
    return true;
  });
}

void MemberState::GiveBack(const Delivery& delivery) {
  if (delivery.stream != stream_) return;
  credit_bytes_ += delivery.charged_bytes;
  credit_records_ += delivery.charged_records;
}

absl::Time MemberState::NextDeadline() const {
  absl::Time next = absl::InfiniteFuture();
  for (const Revocation& revocation : revocations_) next = std::min(next, revocation.drop_at);
  return next;
}

// --- What the application asks for ---

OwnedPartition* MemberState::Find(const TopicPartition& place) const {
  auto found = partitions_.find(place);
  return found == partitions_.end() ? nullptr : found->second.get();
}

std::vector<Owner> MemberState::Owners() const {
  std::vector<Owner> owners;
  for (const auto& [place, owner] : partitions_) owners.push_back(owner);
  return owners;
}

bool MemberState::Pause(OwnedPartition& partition) {
  if (partition.paused || partition.revoking) return false;
  partition.paused = true;
  const auto others = std::stable_partition(
      deliveries_.begin(), deliveries_.end(),
      [&partition](const OwnedDelivery& d) { return d.owner.get() != &partition; });
  for (auto it = others; it != deliveries_.end(); ++it) {
    --partition.buffered;
    GiveBack(it->delivery);
    partition.held.push_back(std::move(it->delivery));
  }
  deliveries_.erase(others, deliveries_.end());
  return true;
}

bool MemberState::Resume(OwnedPartition& partition) {
  if (!std::exchange(partition.paused, false)) return false;
  const Owner& owner = partitions_.at(partition.place);
  for (; !partition.held.empty(); partition.held.pop_back()) {
    Delivery& delivery = partition.held.back();
    delivery.charged_bytes = 0;  // Given back when it was held.
    delivery.charged_records = 0;
    ++partition.buffered;
    deliveries_.push_front({std::move(delivery), owner});
  }
  return true;
}

// --- What is to be sent ---

bool MemberState::HasUncommitted() const {
  return std::any_of(partitions_.begin(), partitions_.end(), [](const auto& entry) {
    return !entry.second->released && entry.second->handled > entry.second->requested;
  });
}

std::vector<MemberPosition> MemberState::RequestHandled() {
  std::vector<MemberPosition> positions;
  for (const auto& [place, owner] : partitions_) {
    if (owner->released || owner->handled <= owner->committed) continue;
    owner->requested = std::max(owner->requested, owner->handled);
    positions.push_back({place, owner->handled, owner->epoch});
  }
  return positions;
}

std::vector<v1::PartitionPosition> MemberState::ResumePositions() const {
  std::vector<v1::PartitionPosition> positions;
  for (const auto& [place, owner] : partitions_) {
    // Those not named go on at their committed offset.
    if (owner->requested <= owner->committed) continue;
    positions.push_back(ToProto(*owner, owner->requested));
  }
  return positions;
}

v1::Release MemberState::Release(const Notice& revoked, uint64_t request_id) {
  v1::Release release;
  for (const Owner& owner : revoked.owners) {
    if (owner->gone) continue;
    owner->released = true;
    *release.add_positions() = ToProto(*owner, owner->requested);
    releases_[request_id].push_back(owner);
  }
  return release;
}

std::optional<v1::Credit> MemberState::TakeCredit(int64_t at_least_bytes,
                                                  int64_t at_least_records) {
  if (credit_bytes_ < at_least_bytes && credit_records_ < at_least_records) return std::nullopt;
  v1::Credit credit;
  credit.set_bytes(std::exchange(credit_bytes_, 0));
  credit.set_records(std::exchange(credit_records_, 0));
  return credit;
}

}  // namespace leat::client
