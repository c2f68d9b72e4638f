// Between groups and their messages in `__groups`. Pure; any thread.

#ifndef LEAT_SERVER_GROUP_GROUP_CODEC_H_
#define LEAT_SERVER_GROUP_GROUP_CODEC_H_

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "server/group/group.h"
#include "server/group/group_records.pb.h"

namespace leat::group {

std::string EncodeTopicId(const TopicId& id);
internal::MemberPut EncodeMember(const std::string& id, const Member& member);
internal::Owner EncodeOwner(const TopicPartition& place, const Partition& partition);
internal::GroupSnapshotPart::Partition EncodePartition(const TopicPartition& place,
                                                       const Partition& partition);

// DATA_LOSS when a field cannot have been written by us.
absl::StatusOr<TopicId> DecodeTopicId(std::string_view bytes);
absl::StatusOr<Member> DecodeMember(const internal::MemberPut& message);

// The owner's fields of a partition; the others are left at their defaults.
Partition DecodeOwner(const internal::Owner& message);

}  // namespace leat::group

#endif  // LEAT_SERVER_GROUP_GROUP_CODEC_H_
