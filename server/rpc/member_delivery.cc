#include "server/rpc/member_delivery.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <optional>

#include "server/group/group_error.h"
#include "storage/record/error.h"

namespace leat::rpc {
namespace {

using record::Offset;
using record::Reason;

// As for read streams: so many fetches' worth of bytes, and so many messages, may wait to be
// written; at the second number of messages they are refilled.
constexpr size_t kMaxFetchesQueued = 2;
constexpr size_t kMaxQueuedMessages = 64;
constexpr size_t kRefillMessages = 32;

}  // namespace

void MemberDelivery::Configure(const MemberCredit& credit, size_t max_chunk_bytes) {
  credit_ = credit;
  max_chunk_bytes_ = max_chunk_bytes;
  const bool window = credit.mode() == MemberCredit::Mode::kWindow;
  const auto window_bytes = static_cast<size_t>(credit.initial().bytes);
  allowance_.set_fetch_bytes(window ? std::min(window_bytes, max_chunk_bytes) : max_chunk_bytes);
}

// --- Which partitions ---

// NOLINTNEXTLINE(performance-unnecessary-value-param): may be that of the assignment it removes.
void MemberDelivery::Assign(broker::TopicHandle topic, const group::Assignment& assignment,
                            Offset start) {
  const group::TopicPartition& place = assignment.partition;
  if (const auto before = partitions_.find(place); before != partitions_.end()) {
    Remove(before->second.assignment);
  }
  by_name_.insert_or_assign({topic->name, place.partition}, place);
  const auto [added, inserted] =
      partitions_.emplace(place, OwnedPartition{.topic = topic,
                                                .topic_id = broker::FormatUuid(topic->id),
                                                .assignment = assignment,
                                                .delivery = PartitionDelivery(start),
                                                .handled = start,
                                                .records_end = start});
  GoOnFetching(added->second);
}

OwnedPartition* MemberDelivery::Find(const group::Assignment& assignment) {
  const auto found = partitions_.find(assignment.partition);
  if (found == partitions_.end() || found->second.assignment != assignment) return nullptr;
  return &found->second;
}

absl::StatusOr<OwnedPartition*> MemberDelivery::Find(std::string_view topic,
                                                     std::string_view topic_id, uint32_t partition,
                                                     uint64_t assignment_epoch) {
  const auto named = by_name_.find({std::string(topic), partition});
  if (named == by_name_.end()) {
    const auto known = context_.broker.FindTopic(topic, topic_id);
    return known.ok() ? group::Fenced("the partition is not this member's", std::nullopt)
                      : known.status();
  }
  OwnedPartition& owned = partitions_.at(named->second);
  if (!topic_id.empty() && topic_id != owned.topic_id) {
    return record::MakeError(Reason::kTopicRecreated,
                             fmt::format("topic {} has another id", owned.topic->name),
                             {{"topic", owned.topic->name}, {"topicId", owned.topic_id}});
  }
  if (assignment_epoch != owned.assignment.epoch) {
    return group::Fenced("the partition was assigned anew", owned.assignment.epoch);
  }
  return &owned;
}

void MemberDelivery::MarkDamaged(OwnedPartition& partition, const absl::Status& why) {
  partition.damage = WithPlace(partition, why);
  MarkSendable(partition);
}

void MemberDelivery::Revoke(OwnedPartition& partition) {
  partition.revoking = true;
  StopFetching(partition);
}

void MemberDelivery::Remove(const group::Assignment& assignment) {
  OwnedPartition* partition = Find(assignment);
  if (partition == nullptr) return;
  Forget(*partition);
  const auto named = by_name_.find({partition->topic->name, assignment.partition.partition});
  if (named != by_name_.end() && named->second == assignment.partition) by_name_.erase(named);
  partitions_.erase(assignment.partition);
}

void MemberDelivery::Forget(OwnedPartition& partition) {
  StopFetching(partition);
  credit_.GiveBack(partition.charges.TakeAll());
  const bool held = partition.holds_records();
  partition.handled = partition.records_end;
  CountHolding(partition, held);
}

void MemberDelivery::Pause(OwnedPartition& partition) {
  partition.paused = true;
  StopFetching(partition);
}

void MemberDelivery::Resume(OwnedPartition& partition) {
  partition.paused = false;
  GoOnFetching(partition);
}

void MemberDelivery::Handled(OwnedPartition& partition, Offset position) {
  credit_.GiveBack(partition.charges.TakeBefore(position));
  const bool held = partition.holds_records();
  partition.handled = std::max(partition.handled, position);
  CountHolding(partition, held);
}

void MemberDelivery::CountHolding(const OwnedPartition& partition, bool held) {
  if (held == partition.holds_records()) return;
  if (holding_ == 0) holding_since_ = context_.broker.clock().Monotonic();
  held ? --holding_ : ++holding_;
}

void MemberDelivery::Stop() {
  stopped_ = true;
  for (auto& [place, partition] : partitions_) StopFetching(partition);
  sendable_.clear();
  hungry_.clear();
}

// --- Sending ---

// As in a read stream: set before anything is looked at, so that a write that ends meanwhile pumps
// again.
void MemberDelivery::Pump() {
  if (stopped_) return;
  wants_room_ = true;
  SendMore();
  if (stopped_) return;
  FetchMore();
  if ((sendable_.empty() && hungry_.empty()) || credit_.exhausted()) wants_room_ = false;
}

bool MemberDelivery::WantsRoom() {
  return OutboxHasRoom(kRefillMessages) && wants_room_.exchange(false);
}

bool MemberDelivery::OutboxHasRoom(size_t max_messages) const {
  const StreamOutbox::Load load = outbox_.load();
  return load.messages < max_messages && load.bytes < kMaxFetchesQueued * allowance_.fetch_bytes();
}

// Partitions take turns: each for a chunk's worth of bytes, or longer until no batch of it lies
// open.
void MemberDelivery::SendMore() {
  while (!sendable_.empty() && !credit_.exhausted() && OutboxHasRoom(kMaxQueuedMessages)) {
    OwnedPartition* partition = Find(sendable_.front());
    if (partition != nullptr && SendNext(*partition)) {
      if (turn_bytes_ < max_chunk_bytes_ || !partition->delivery.between_batches()) continue;
      sendable_.push_back(sendable_.front());
    } else if (partition != nullptr) {
      partition->sendable = false;
    }
    sendable_.pop_front();
    turn_bytes_ = 0;
  }
}

// False when there is nothing more to send for now.
bool MemberDelivery::SendNext(OwnedPartition& partition) {
  const Amount& left = credit_.left();
  auto delivery =
      partition.delivery.Next(std::min(max_chunk_bytes_, static_cast<size_t>(left.bytes)),
                              static_cast<uint32_t>(std::min<int64_t>(left.records, UINT32_MAX)));
  if (delivery.ok() && delivery->has_value()) {
    Send(partition, **std::move(delivery));
    return true;
  }
  if (!delivery.ok()) {
    StopFetching(partition);  // What follows the damage must not be sent.
    partition.damage = WithPlace(partition, delivery.status());
  }
  if (!partition.damage.ok()) {
    outbox_.Send(EncodeDeliveredDamage(partition.place(), partition.damage));
  }
  return false;
}

void MemberDelivery::Send(OwnedPartition& partition, Delivery delivery) {
  if (const auto* gap = std::get_if<TrimmedGap>(&delivery)) {
    return outbox_.Send(EncodeDeliveredGap(partition.place(), gap->from));
  }
  auto& records = std::get<RecordsSlice>(delivery);
  const Amount charge{static_cast<int64_t>(records.chunk.records.size()), records.record_count};
  credit_.Charge(charge);
  if (credit_.mode() == MemberCredit::Mode::kWindow) {
    partition.charges.Add(records.chunk.next_offset, charge, credit_.initial());
  }
  const bool held = partition.holds_records();
  partition.records_end = records.chunk.next_offset;
  CountHolding(partition, held);
  const absl::Cord message =
      EncodeDeliveredRecords(partition.place(), partition.delivery.high_watermark(), charge,
                             records.header, records.chunk);
  turn_bytes_ += message.size();
  outbox_.Send(message, std::move(records.hold));
}

void MemberDelivery::MarkSendable(OwnedPartition& partition) {
  if (!std::exchange(partition.sendable, true)) sendable_.push_back(partition.assignment);
}

}  // namespace leat::rpc
