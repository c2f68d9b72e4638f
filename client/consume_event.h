// What a member of a group is told. Plain values.

#ifndef LEAT_CLIENT_CONSUME_EVENT_H_
#define LEAT_CLIENT_CONSUME_EVENT_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/time/time.h"
#include "client/read_message.h"

namespace leat::client {

// A partition by name.
struct TopicPartition {
  std::string topic;
  uint32_t partition = 0;

  friend auto operator<=>(const TopicPartition&, const TopicPartition&) = default;
};

// A place in a partition: everything before `next_offset` is handled.
struct MemberPosition {
  TopicPartition place;
  int64_t next_offset = 0;
  // Names one assignment of the partition; in what is given to the consumer 0 is the present one.
  uint64_t assignment_epoch = 0;
  // In what is committed: kept with the offset, for the application; at most 4 KiB.
  std::string metadata = {};
};

struct ConsumeEvent {
  enum class Kind : uint8_t {
    kRecord,  // `record`.
    kGap,     // Offsets [gap_from, gap_to) can no longer be read.
    kDamage,  // This partition cannot be read on, for `damage`: `Seek` past it. The others can.
  };

  Kind kind = Kind::kRecord;
  std::string_view topic;  // Lives as long as the views of `record`.
  uint32_t partition = 0;
  uint64_t assignment_epoch = 0;
  ReadRecord record;  // Its views live until the next call of `Next`.
  int64_t gap_from = 0;
  int64_t gap_to = 0;
  absl::Status damage;
  // Of the partition, as known when the record was sent.
  int64_t high_watermark = 0;
};

// How a commit went for one partition.
struct CommittedPartition {
  TopicPartition place;
  absl::Status status;
  int64_t committed_offset = 0;  // In force, when the status is OK.
};

struct CommitResult {
  // The first error of `partitions`, or what hindered all of them. With kFencedMemberEpoch a
  // partition has another owner by now: what was handled of it comes there again, nothing is to be
  // done about it.
  absl::Status status;
  std::vector<CommittedPartition> partitions;
};

// Called on the thread that uses the consumer, from its functions; may call `Commit`.
using CommitCallback = absl::AnyInvocable<void(const CommitResult&) &&>;

// Why partitions came or went; as `leat.v1.ChangeReason`.
enum class ChangeReason : uint8_t {
  kUnspecified = 0,
  kUnowned = 1,
  kRebalanced = 2,
  kTopicsChanged = 3,
  kResumed = 4,
  kSeek = 5,
  kDeadlinePassed = 6,
};

// Hears of a member's partitions, in order, on the thread that uses the consumer: from `Next` and
// `Close`. Partitions that stay while a connection is lost and made again are not told.
class AssignmentListener {
 public:
  virtual ~AssignmentListener() = default;

  // These are the member's; their records follow, from `next_offset` on. One that it has already
  // begins anew there.
  virtual void OnAssigned(const std::vector<MemberPosition>& partitions, ChangeReason reason) {
    static_cast<void>(partitions), static_cast<void>(reason);
  }

  // These go to another member, on from what is committed when this returns: finish what is under
  // way of them and, without auto commit, call `Consumer::Commit`. After `time_left` they are
  // taken. `next_offset` follows on what `Next` has returned.
  virtual void OnRevoked(const std::vector<MemberPosition>& partitions, absl::Duration time_left) {
    static_cast<void>(partitions), static_cast<void>(time_left);
  }

  // These are gone: their time was up, or the membership has ended. Nothing of them can be
  // committed.
  virtual void OnLost(const std::vector<MemberPosition>& partitions, ChangeReason reason) {
    static_cast<void>(partitions), static_cast<void>(reason);
  }

  // The connection is lost, and is being made again.
  virtual void OnDisconnected(const absl::Status& why) { static_cast<void>(why); }

  // The connection that was lost is there again.
  virtual void OnReconnected() {}
};

}  // namespace leat::client

#endif  // LEAT_CLIENT_CONSUME_EVENT_H_
