// What a group tells its members, and the way it does so. Events are plain values.

#ifndef LEAT_SERVER_GROUP_MEMBER_CHANNEL_H_
#define LEAT_SERVER_GROUP_MEMBER_CHANNEL_H_

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "server/group/topic_catalogue.h"

namespace leat::group {

// Why an assignment changed; numbered as `leat.v1.ChangeReason`.
enum class ChangeReason : uint8_t {
  kUnowned = 1,
  kRebalanced = 2,
  kTopicsChanged = 3,
  kResumed = 4,
  kSeek = 5,
  kDeadlinePassed = 6,
};

// Where to begin in a partition without a committed offset.
struct StartPolicy {
  enum class Kind : uint8_t { kEarliest = 1, kLatest = 2, kTimestamp = 3, kLastRecords = 4 };

  Kind kind = Kind::kEarliest;
  int64_t value = 0;  // Milliseconds since 1970-01-01 UTC for kTimestamp, a count for kLastRecords.

  friend bool operator==(const StartPolicy&, const StartPolicy&) = default;
};

// An assignment of a partition: no two ever have the same epoch.
struct Assignment {
  TopicPartition partition;
  uint64_t epoch = 0;

  friend auto operator<=>(const Assignment&, const Assignment&) = default;
};

namespace event {

// The first event, and only the first.
struct Joined {
  std::string member_id;
  uint64_t member_epoch = 0;
  bool resumed = false;
};

struct AssignedPartition {
  Assignment assignment;
  std::string topic;  // Its name.
  // The committed offset. When there is none the receiver finds the offset that `start` means,
  // sends it as `command::StartAt`, and delivers and tells the client only after that was answered.
  std::optional<int64_t> committed;
  StartPolicy start;
};

// These are the member's from now on; one that it has already begins anew with this epoch.
struct Assigned {
  std::vector<AssignedPartition> partitions;
  ChangeReason reason = ChangeReason::kUnowned;
  uint64_t group_epoch = 0;
  uint64_t member_epoch = 0;
};

// No more records of these: to be released within `deadline_ms` of this event. With 0 they are gone
// already.
struct Revoked {
  std::vector<Assignment> partitions;
  ChangeReason reason = ChangeReason::kRebalanced;
  int64_t deadline_ms = 0;
  uint64_t group_epoch = 0;
  uint64_t member_epoch = 0;
};

// The last event: the stream is to end with `status` (OK after a leave). When it could not join
// this is the only one.
struct Closed {
  absl::Status status;
};

}  // namespace event

using MemberEvent = std::variant<event::Joined, event::Assigned, event::Revoked, event::Closed>;

// The stream of a member, as its group sees it.
class MemberChannel {
 public:
  virtual ~MemberChannel() = default;

  // Tells the member; what is told is durable. On the thread of the group; must not block, and must
  // not destroy the group's log. Nothing follows `Closed`. After `GroupLog::StreamLost` events may
  // still come.
  virtual void Send(MemberEvent event) = 0;
};

}  // namespace leat::group

#endif  // LEAT_SERVER_GROUP_MEMBER_CHANNEL_H_
