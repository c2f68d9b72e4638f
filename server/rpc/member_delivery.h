// The partitions of a member, and the records of them that it is sent, as far as its credit goes.
//
// Part of a member's stream; used on its strand. Partitions take turns, by bytes; one fetch of each
// is under way at a time. Memory is bounded as that of a read stream, however slow the member:
// where the budget for reads is used up a stream that holds nothing still gets small fetches.

#ifndef LEAT_SERVER_RPC_MEMBER_DELIVERY_H_
#define LEAT_SERVER_RPC_MEMBER_DELIVERY_H_

#include <atomic>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "server/group/member_channel.h"
#include "server/rpc/consume_encoder.h"
#include "server/rpc/member_credit.h"
#include "server/rpc/partition_delivery.h"
#include "server/rpc/read_allowance.h"
#include "server/rpc/rpc_context.h"
#include "server/rpc/stream_outbox.h"
#include "server/rpc/stream_strand.h"
#include "storage/io/clock.h"

namespace leat::rpc {

// A partition under one assignment.
struct OwnedPartition {
  broker::TopicHandle topic;
  std::string topic_id;
  group::Assignment assignment;
  PartitionDelivery delivery;
  ChargeLedger charges;
  record::Offset handled;      // As far as the member said.
  record::Offset records_end;  // Of the last records sent.
  bool paused = false;
  bool revoking = false;  // To be released; nothing is sent any more.

  // Of the fetch under way, if any: its answer is dropped unless it brings `fetch_id`.
  uint64_t fetch_id = 0;
  uint64_t fetch_ticket = 0;
  absl::Status damage;    // Why no more can be fetched, if so.
  bool sendable = false;  // In the queue of those that have something to send.
  bool hungry = false;    // In the queue of those that have more to fetch at once.

  bool holds_records() const { return records_end > handled; }
  MemberPlace place() const {
    return {topic->name, topic_id, assignment.partition.partition, assignment.epoch,
            delivery.next_offset()};
  }
};

// The same error, saying which of the stream's partitions it is about.
absl::Status WithPlace(const OwnedPartition& partition, const absl::Status& status);

class MemberDelivery {
 public:
  // What ends the stream: what passes by itself, such as too many open files.
  using OnError = absl::AnyInvocable<void(const absl::Status&)>;

  // All but `on_error` outlive it; `on_error` is called from answers to fetches.
  MemberDelivery(RpcContext& context, StreamOutbox& outbox, StreamStrand& strand, OnError on_error)
      : context_(context),
        outbox_(outbox),
        strand_(strand),
        on_error_(std::move(on_error)),
        allowance_(context.read_budget) {}

  // Before anything else: what the member asked for.
  void Configure(const MemberCredit& credit, size_t max_chunk_bytes);

  MemberCredit& credit() { return credit_; }

  // From now on the member's, from `start` on; begins anew when it is already.
  void Assign(broker::TopicHandle topic, const group::Assignment& assignment, record::Offset start);
  // nullptr when the member has not, or not any more, this assignment. The result holds until it is
  // removed.
  OwnedPartition* Find(const group::Assignment& assignment);
  // As named by the member: kFencedMemberEpoch, kTopicNotFound, kTopicRecreated.
  absl::StatusOr<OwnedPartition*> Find(std::string_view topic, std::string_view topic_id,
                                       uint32_t partition, uint64_t assignment_epoch);
  // It cannot be read on, because of `why`: the member is told when it was sent what comes before.
  void MarkDamaged(OwnedPartition& partition, const absl::Status& why);
  // Sends no more of it; what is to be released is kept in mind.
  void Revoke(OwnedPartition& partition);
  void Remove(const group::Assignment& assignment);

  void Pause(OwnedPartition& partition);
  void Resume(OwnedPartition& partition);
  // Everything before `position` is handled: gives back what it was charged.
  void Handled(OwnedPartition& partition, record::Offset position);

  // Sends and fetches what can be. To be called whenever something has changed.
  void Pump();
  // From the thread that ends a write: whether `Pump` is to be called.
  bool WantsRoom();
  // Sends and fetches no more.
  void Stop();

  // Since when the member has had records that it has not handled; nullopt when it has none.
  std::optional<io::MonotonicTime> holding_since() const {
    return holding_ > 0 ? std::optional(holding_since_) : std::nullopt;
  }

 private:
  void SendMore();
  bool SendNext(OwnedPartition& partition);
  void Send(OwnedPartition& partition, Delivery delivery);
  void FetchMore();
  void GoOnFetching(OwnedPartition& partition);
  void Fetch(OwnedPartition& partition, size_t max_bytes, std::shared_ptr<ReadHold> hold);
  void OnFetched(const group::Assignment& assignment, uint64_t fetch_id,
                 absl::StatusOr<broker::FetchResult> fetched, std::shared_ptr<ReadHold> hold);
  void TakeIn(OwnedPartition& partition, broker::FetchResult fetched,
              std::shared_ptr<ReadHold> hold);
  void OnFetchFailed(OwnedPartition& partition, const absl::Status& status);
  void StopFetching(OwnedPartition& partition);
  void MarkSendable(OwnedPartition& partition);
  void Forget(OwnedPartition& partition);
  void CountHolding(const OwnedPartition& partition, bool held);
  bool OutboxHasRoom(size_t max_messages) const;

  RpcContext& context_;
  StreamOutbox& outbox_;
  StreamStrand& strand_;
  OnError on_error_;
  ReadAllowance allowance_;
  size_t max_chunk_bytes_ = 1 << 20;
  MemberCredit credit_{MemberCredit::Mode::kWindow, {}};
  std::atomic<bool> wants_room_ = false;  // Whether the end of a write is to pump.

  std::map<group::TopicPartition, OwnedPartition> partitions_;
  std::map<std::pair<std::string, uint32_t>, group::TopicPartition> by_name_;
  // Some of these may be no more.
  std::deque<group::Assignment> sendable_;  // The first has its turn.
  std::deque<group::Assignment> hungry_;
  size_t turn_bytes_ = 0;
  uint64_t last_fetch_id_ = 0;
  size_t holding_ = 0;  // Partitions with records that are not handled.
  io::MonotonicTime holding_since_;
  bool stopped_ = false;
};

}  // namespace leat::rpc

#endif  // LEAT_SERVER_RPC_MEMBER_DELIVERY_H_
