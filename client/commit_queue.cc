#include "client/commit_queue.h"

#include <algorithm>
#include <iterator>

#include "absl/strings/str_cat.h"
#include "client/status.h"
#include "storage/record/error.h"

namespace leat::client {
namespace {

// The server takes a few thousand in one command; more go in several.
constexpr size_t kMaxPositions = 1'000;

absl::Status NotOwned(const TopicPartition& place) {
  return record::MakeError(record::Reason::kFencedMemberEpoch,
                           absl::StrCat("partition ", place.partition, " of ", place.topic,
                                        " is not, or not any more, this member's"));
}

// Of two positions of one partition the later assignment's, then the farther.
void Merge(const MemberPosition& position, std::map<TopicPartition, MemberPosition>& positions) {
  auto [found, added] = positions.try_emplace(position.place, position);
  if (added) return;
  MemberPosition& before = found->second;
  const bool behind = position.assignment_epoch == before.assignment_epoch &&
                      (position.next_offset < before.next_offset ||
                       (position.next_offset == before.next_offset && position.metadata.empty()));
  if (!behind) before = position;
}

// The first so many that have the same metadata, which are those of one command.
std::map<TopicPartition, MemberPosition> TakeAlike(
    std::map<TopicPartition, MemberPosition>& positions) {
  std::map<TopicPartition, MemberPosition> alike;
  if (positions.empty()) return alike;
  const std::string metadata = positions.begin()->second.metadata;
  for (auto next = positions.begin(); next != positions.end() && alike.size() < kMaxPositions;) {
    const auto position = next++;
    if (position->second.metadata == metadata) alike.insert(positions.extract(position));
  }
  return alike;
}

}  // namespace

OwnedPartition* CommitQueue::OwnerOf(const MemberPosition& position) const {
  OwnedPartition* partition = state_.Find(position.place);
  if (partition == nullptr || partition->released) return nullptr;
  const uint64_t epoch = position.assignment_epoch;
  const bool named = epoch == 0 || (epoch >= partition->first_epoch && epoch <= partition->epoch);
  return named ? partition : nullptr;
}

void CommitQueue::Add(const std::vector<MemberPosition>& positions, CommitCallback callback) {
  Waiter waiter{.places = {}, .callback = std::move(callback)};
  for (MemberPosition position : positions) {
    waiter.places.push_back(position.place);
    if (OwnedPartition* partition = OwnerOf(position)) {
      partition->requested = std::max(partition->requested, position.next_offset);
      position.assignment_epoch = partition->epoch;
    }
    Merge(position, gathered_.positions);
  }
  if (waiter.callback != nullptr) gathered_.waiters.push_back(std::move(waiter));
}

std::optional<v1::Commit> CommitQueue::TakeForSend(uint64_t request_id) {
  Batch batch{.positions = TakeAlike(gathered_.positions)};
  if (gathered_.positions.empty()) {
    // Those who wait go with the last part.
    batch.waiters = std::exchange(gathered_.waiters, {});
    batch.results = std::exchange(gathered_.results, {});
  }
  batch.request_id = request_id;
  v1::Commit commit;
  if (!batch.positions.empty()) commit.set_metadata(batch.positions.begin()->second.metadata);
  for (const auto& [place, position] : batch.positions) {
    if (const OwnedPartition* partition = OwnerOf(position)) {
      *commit.add_positions() = ToProto(*partition, position.next_offset);
    } else {
      Note(batch, position, NotOwned(place), 0);
    }
  }
  if (commit.positions().empty()) {
    Complete(std::move(batch));
    return std::nullopt;
  }
  in_flight_ = std::move(batch);
  return commit;
}

bool CommitQueue::OnResult(const v1::CommandResult& result) {
  if (!in_flight_.has_value() || result.request_id() != in_flight_->request_id) return false;
  Batch batch = *std::exchange(in_flight_, std::nullopt);
  if (result.has_error()) {
    const absl::Status status = FromRpcStatus(result.error());
    for (const auto& [place, position] : batch.positions) {
      if (!batch.results.contains(place)) Note(batch, position, status, 0);
    }
  }
  for (const v1::PartitionResult& partition : result.partitions()) {
    const v1::PartitionPosition& position = partition.position();
    Note(batch, {{position.topic(), position.partition()}, position.next_offset(), 0},
         partition.has_error() ? FromRpcStatus(partition.error()) : absl::OkStatus(),
         position.next_offset());
  }
  Complete(std::move(batch));
  return true;
}

void CommitQueue::Note(Batch& batch, const MemberPosition& position, absl::Status status,
                       int64_t committed) {
  if (OwnedPartition* partition = OwnerOf(position)) {
    if (status.ok()) partition->committed = std::max(partition->committed, committed);
    // It is to be asked for again, if anything is.
    if (!status.ok()) partition->requested = partition->committed;
  }
  batch.results[position.place] = {position.place, std::move(status), committed};
}

void CommitQueue::Complete(Batch batch) {
  if (batch.waiters.empty() && !gathered_.empty()) {
    for (auto& [place, result] : batch.results) gathered_.results[place] = std::move(result);
  }
  for (Waiter& waiter : batch.waiters) {
    CommitResult result;
    for (const TopicPartition& place : waiter.places) {
      auto found = batch.results.find(place);
      if (found == batch.results.end()) continue;
      if (result.status.ok()) result.status = found->second.status;
      result.partitions.push_back(found->second);
    }
    answered_.emplace_back(std::move(waiter.callback), std::move(result));
  }
}

void CommitQueue::OnStreamLost() {
  if (!in_flight_.has_value()) return;
  Batch lost = *std::exchange(in_flight_, std::nullopt);
  for (const auto& [place, position] : gathered_.positions) Merge(position, lost.positions);
  lost.waiters.insert(lost.waiters.end(), std::make_move_iterator(gathered_.waiters.begin()),
                      std::make_move_iterator(gathered_.waiters.end()));
  lost.results.merge(gathered_.results);
  gathered_ = std::move(lost);
}

void CommitQueue::Abandon(const absl::Status& status) {
  OnStreamLost();
  Batch batch = std::exchange(gathered_, {});
  for (const auto& [place, position] : batch.positions) Note(batch, position, status, 0);
  Complete(std::move(batch));
}

void CommitQueue::RunCallbacks() {
  while (!answered_.empty()) {
    for (auto& [callback, result] : std::exchange(answered_, {})) std::move(callback)(result);
  }
}

}  // namespace leat::client
