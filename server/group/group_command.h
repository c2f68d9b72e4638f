// What may be asked of groups, and what comes of it. Plain values; any thread.

#ifndef LEAT_SERVER_GROUP_GROUP_COMMAND_H_
#define LEAT_SERVER_GROUP_GROUP_COMMAND_H_

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/status/status.h"
#include "server/group/member_channel.h"
#include "server/group/topic_catalogue.h"

namespace leat::group {

// Topics that a member wants.
struct Subscription {
  std::vector<std::string> topics;
  std::vector<std::string> patterns;  // RE2; match the whole name.

  friend auto operator<=>(const Subscription&, const Subscription&) = default;
};

// A member on one of its streams.
struct MemberRef {
  std::string group;
  std::string member_id;
  uint64_t member_epoch = 0;
};

// Everything before `next_offset` is handled.
struct Position {
  Assignment assignment;
  int64_t next_offset = 0;
  // Of the partition, as known to the caller: a position after it is refused.
  int64_t high_watermark = 0;
};

namespace command {

// Makes a member, or goes on with one: that of the same instance id, or the one that `resume`
// names. Errors: kInvalidField, kFencedMemberEpoch (of `resume`), kInstanceReplaced (of `resume`,
// when the instance has gone to another since), kLimitReached.
struct Join {
  struct Resume {
    std::string member_id;
    uint64_t member_epoch = 0;
    // Committed where the assignment is still the member's; passed over where it is not.
    std::vector<Position> positions;
    bool attached = false;  // The member has a stream now. Set by `GroupLog`.
  };

  std::string group;
  Subscription subscription;
  std::string instance_id;
  std::string client_name;
  StartPolicy start;
  int64_t session_timeout_ms = 45'000;
  std::optional<Resume> resume;
};

// Ends a membership; its stream is closed with `why` (OK when it left by itself). Of an older
// stream of the member: kFencedMemberEpoch.
struct Leave {
  MemberRef member;
  absl::Status why;
};

// Gives revoked partitions to their next owners. By partition: kFencedMemberEpoch,
// kPartitionNotRevoked, kOffsetOutOfRange.
struct Release {
  MemberRef member;
  std::vector<Position> positions;
};

// Commits; `member` is nullopt for calls outside of a stream, which name the assignment epoch of
// the owner, or 0 for a partition that has none. By partition: kFencedMemberEpoch,
// kOffsetOutOfRange, kTopicNotFound, kPartitionNotFound, kInvalidField (twice in one command),
// kLimitReached (partitions of the group).
struct Commit {
  std::string group;
  std::optional<MemberRef> member;
  std::vector<Position> positions;
  std::string metadata;
};

// Commits where nothing is committed yet: answers OK with the committed offset when there is one.
struct StartAt {
  MemberRef member;
  std::vector<Position> positions;
};

// Moves committed offsets of partitions that the member owns, and gives these new assignment
// epochs. By partition: kFencedMemberEpoch (also while it is being revoked), kOffsetOutOfRange.
struct SeekMember {
  MemberRef member;
  std::vector<Position> positions;
};

// Moves committed offsets; owners get their partitions assigned anew. Assignment epochs are not
// looked at. All or nothing: kGroupNotFound, kGroupHasMembers, kTopicNotFound, kPartitionNotFound,
// kOffsetOutOfRange, kInvalidField, kLimitReached (partitions of the group).
struct SeekGroup {
  std::string group;
  std::vector<Position> positions;
  bool force = false;
};

// kGroupNotFound, kGroupHasMembers.
struct DeleteGroup {
  std::string group;
  bool force = false;
};

// Brings owners in line with members and topics. By `GroupLog`.
struct Rebalance {
  enum class Scope : uint8_t { kAll, kUnownedOnly };

  std::string group;
  Scope scope = Scope::kAll;
  // Members without a stream: they keep what they have, and get no more.
  absl::flat_hash_set<std::string> away = {};
};

// Takes what is still being revoked under these assignments. By `GroupLog`.
struct ExpireRevocations {
  std::string group;
  std::vector<Assignment> assignments;
};

// Deletes groups that have been without members and commits for so long. By `GroupLog`.
struct ExpireGroups {
  int64_t retention_ms = 0;
};

}  // namespace command

using GroupCommand =
    std::variant<command::Join, command::Leave, command::Release, command::Commit, command::StartAt,
                 command::SeekMember, command::SeekGroup, command::DeleteGroup, command::Rebalance,
                 command::ExpireRevocations, command::ExpireGroups>;

// The group that a command is about; empty for one about a whole log.
const std::string& GroupNameOf(const GroupCommand& command);

// How a command went for one of its positions.
struct PositionResult {
  absl::Status status;
  // Now in force, when the status is OK.
  uint64_t assignment_epoch = 0;
  int64_t committed = 0;
};

// One for each position of the command, in order; none for commands without positions.
using Outcome = std::vector<PositionResult>;

}  // namespace leat::group

#endif  // LEAT_SERVER_GROUP_GROUP_COMMAND_H_
