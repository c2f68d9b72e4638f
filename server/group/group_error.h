// Errors that commands on groups share. Any thread.

#ifndef LEAT_SERVER_GROUP_GROUP_ERROR_H_
#define LEAT_SERVER_GROUP_GROUP_ERROR_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "server/group/group_command.h"

namespace leat::group {

// kGroupNotFound.
absl::Status GroupNotFound(std::string_view group);
// kGroupHasMembers.
absl::Status GroupHasMembers(std::string_view group, size_t members);
// kFencedMemberEpoch. `epoch`: the one in force, if there is one.
absl::Status Fenced(std::string_view what, std::optional<uint64_t> epoch);
// kOffsetOutOfRange.
absl::Status OffsetOutOfRange(const Position& position);
// kInvalidField.
absl::Status NamedTwice();
// kLimitReached. `limit`: of what, such as "members in a group".
absl::Status LimitReached(std::string_view limit, uint32_t maximum);
// kTopicNotFound or kPartitionNotFound, when there is no such partition.
absl::Status CheckExists(const TopicPartition& place, const TopicCatalogue& topics);

// kServerStarting, kServerStopping.
absl::Status ReadingAnew();
absl::Status ServerStopping();

// Why a membership ended.
absl::Status MemberEvicted(std::string_view why);
absl::Status InstanceReplaced(std::string_view member_id);

}  // namespace leat::group

#endif  // LEAT_SERVER_GROUP_GROUP_ERROR_H_
