// The partitions of a member, what it was sent of them, and what its owner is to be told: a pure
// state machine. Time is an argument (monotonic), nothing is sent here. Internal; owned by a
// consumer, its thread only.
//
// A partition under one assignment is one `OwnedPartition`; when it is assigned anew a new object
// takes its place, and the old one is `gone`. Only the resumption of a membership keeps the object,
// under a new epoch: what was handled stays handled.

#ifndef LEAT_CLIENT_MEMBER_STATE_H_
#define LEAT_CLIENT_MEMBER_STATE_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "client/consume_event.h"
#include "client/consume_message.h"
#include "client/consumer.h"
#include "leat/v1/group.pb.h"

namespace leat::client {

struct OwnedPartition {
  TopicPartition place;
  uint64_t epoch = 0;
  uint64_t first_epoch = 0;  // Of the same assignment, before its stream was lost.
  // First offset not returned to the application, not handled, not asked to be committed, not
  // committed: each at most the one before it.
  int64_t delivered = 0;
  int64_t handled = 0;
  int64_t requested = 0;
  int64_t committed = 0;
  bool told = false;        // The listener knows that it came,
  bool told_going = false;  // or that it goes.
  bool released = false;    // Release is sent.
  bool paused = false;
  bool revoking = false;
  bool dropping = false;  // Nothing of it is delivered any more.
  bool gone = false;
  size_t buffered = 0;             // Deliveries that are not finished.
  std::deque<Delivery> held = {};  // Of a paused partition.
};

using Owner = std::shared_ptr<OwnedPartition>;

// A delivery and whose it is.
struct OwnedDelivery {
  Delivery delivery;
  Owner owner;

  // Whether it is to be returned to the application, as things are now.
  bool wanted() const {
    return !owner->gone && !owner->dropping && !owner->paused &&
           owner->epoch == delivery.assignment_epoch;
  }
};

// What a listener is to be told.
struct Notice {
  enum class Kind : uint8_t { kAssigned, kRevoked, kLost };

  Kind kind = Kind::kAssigned;
  std::vector<Owner> owners;
  ChangeReason reason = ChangeReason::kUnspecified;
  absl::Time deadline = absl::InfiniteFuture();
};

class MemberState {
 public:
  explicit MemberState(ConsumerOptions::HandOver hand_over) : hand_over_(hand_over) {}

  // --- What the server says ---

  // A stream joined. Partitions from before wait to be confirmed by the next events.
  void OnJoined();
  // Whether none of them was yet.
  bool confirming() const { return confirming_; }
  void OnAssigned(const v1::Assigned& assigned);
  void OnRevoked(const v1::Revoked& revoked, absl::Time now);
  void OnDelivery(Delivery delivery);
  // Any event that tells nothing of partitions.
  void OnOther() { LoseUnconfirmed(); }
  // `Release` was answered, one way or the other.
  void OnReleased(uint64_t request_id);
  // What follows is at `position`, under its epoch.
  void OnSeekDone(const v1::PartitionPosition& position);

  // The stream broke: what is here will come again.
  void OnStreamLost();
  // The membership has ended.
  void OnMembershipLost();

  // --- What the application gets ---

  // In this order: notices first.
  std::optional<Notice> TakeNotice(absl::Time now);
  std::optional<OwnedDelivery> TakeDelivery();
  bool has_deliveries() const { return !deliveries_.empty(); }
  // What was taken is over: all of it was returned, or it is no longer wanted (a paused partition
  // keeps it).
  void Finish(OwnedDelivery taken);
  void Discard(OwnedDelivery taken);
  // When `TakeNotice` may have something, if nothing comes before.
  absl::Time NextDeadline() const;

  // --- What the application asks for ---

  // nullptr when the member has it not.
  OwnedPartition* Find(const TopicPartition& place) const;
  std::vector<Owner> Owners() const;
  // Both return whether that changes anything.
  bool Pause(OwnedPartition& partition);
  bool Resume(OwnedPartition& partition);

  // --- What is to be sent ---

  // Whether anything handled was not asked to be committed.
  bool HasUncommitted() const;
  // Asks for everything handled to be committed: the positions that are not yet.
  std::vector<MemberPosition> RequestHandled();
  // For `Join.resume`.
  std::vector<v1::PartitionPosition> ResumePositions() const;
  // Gives these back: no command names them any more.
  v1::Release Release(const Notice& revoked, uint64_t request_id);
  // What may be sent for what was finished, if it is as much as `at_least_bytes` or
  // `at_least_records`.
  std::optional<v1::Credit> TakeCredit(int64_t at_least_bytes, int64_t at_least_records);

 private:
  struct Revocation {
    Notice notice;
    absl::Time drop_at;  // When there is no more time to deliver.
  };

  void Put(const v1::PartitionPosition& position, bool told);
  bool Confirm(const v1::PartitionPosition& position);
  void LoseUnconfirmed();
  void Lose(std::vector<Owner> owners, ChangeReason reason);
  void Erase(OwnedPartition& partition);
  void GiveBack(const Delivery& delivery);
  // Lets go of what waits to be delivered of partitions that are gone or dropping.
  void DropUnwanted();

  const ConsumerOptions::HandOver hand_over_;
  std::map<TopicPartition, Owner> partitions_;
  std::vector<Owner> unconfirmed_;
  bool confirming_ = false;

  std::deque<Notice> notices_;
  std::deque<Revocation> revocations_;
  std::deque<OwnedDelivery> deliveries_;
  uint64_t stream_ = 0;
  std::map<uint64_t, std::vector<Owner>> releases_;
  int64_t credit_bytes_ = 0;
  int64_t credit_records_ = 0;
};

v1::PartitionPosition ToProto(const OwnedPartition& partition, int64_t next_offset);
std::vector<MemberPosition> PositionsOf(const std::vector<Owner>& owners);

}  // namespace leat::client

#endif  // LEAT_CLIENT_MEMBER_STATE_H_
