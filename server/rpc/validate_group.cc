#include "server/rpc/validate_group.h"

#include <fmt/format.h>

#include <set>
#include <string>
#include <string_view>
#include <tuple>

#include "server/group/group.h"
#include "server/rpc/group_page.h"
#include "server/rpc/member_credit.h"
#include "server/rpc/validate.h"

namespace leat::rpc {
namespace {

constexpr group::GroupLimits kLimits;
constexpr int64_t kMaxPositions = 1'024;
constexpr int64_t kMaxSeekTargets = 1'024;
constexpr int kMaxCommandPartitions = 5'000;  // The answer must fit a message, errors included.
constexpr int64_t kMaxPageSize = 1'000;
constexpr int64_t kMinChunkBytes = 1 << 10;
constexpr int64_t kMaxChunkBytes = 3 << 20;

constexpr int64_t kSecond = 1'000;
constexpr int64_t kMinute = 60 * kSecond;
constexpr int64_t kDay = 24 * 60 * kMinute;

void CheckGroupName(std::string_view field, std::string_view name, FieldErrors& errors) {
  if (IsTopicName(name)) return;
  errors.Add(field, name.empty() ? "is required"
                                 : "must be 1 to 249 of A-Z, a-z, 0-9, '.', '_' and '-', not '.' "
                                   "or '..', and not begin with '__'");
}

void CheckBytes(std::string_view field, std::string_view value, int64_t most, FieldErrors& errors) {
  if (static_cast<int64_t>(value.size()) <= most) return;
  errors.Add(field, fmt::format("has {} bytes, more than {}", value.size(), most));
}

void CheckAmount(const std::string& field, const v1::CreditAmount& amount, FieldErrors& errors) {
  errors.CheckRange(field + ".bytes", amount.bytes(), 0, MemberCredit::kMaxBytes);
  errors.CheckRange(field + ".records", amount.records(), 0, INT64_MAX);
}

void CheckSubscription(const v1::Join& join, FieldErrors& errors) {
  if (join.topics().empty() && join.topic_patterns().empty()) {
    errors.Add("join.topics", "names nothing, and join.topic_patterns neither");
  }
  errors.CheckRange("join.topics", join.topics_size(), 0, kLimits.max_topics);
  errors.CheckRange("join.topic_patterns", join.topic_patterns_size(), 0, kLimits.max_patterns);
  for (const std::string& topic : join.topics()) {
    if (IsTopicName(topic)) continue;
    errors.Add("join.topics", fmt::format("has '{}', which cannot be a topic", topic));
    break;
  }
  for (const std::string& pattern : join.topic_patterns()) {
    if (!pattern.empty() && pattern.size() <= kLimits.max_pattern_bytes) continue;
    errors.Add("join.topic_patterns", fmt::format("has one of {} bytes, must be 1 to {}",
                                                  pattern.size(), kLimits.max_pattern_bytes));
    break;
  }
}

void CheckJoin(const v1::Join& join, FieldErrors& errors) {
  CheckGroupName("join.group", join.group(), errors);
  CheckSubscription(join, errors);
  CheckBytes("join.instance_id", join.instance_id(), kLimits.max_name_bytes, errors);
  CheckBytes("join.client_name", join.client_name(), kLimits.max_name_bytes, errors);
  if (join.has_start()) {
    CheckPosition("join.start", join.start(), errors);
    if (join.start().has_offset()) errors.Add("join.start", "cannot be an offset");
  }
  CheckRangeUnlessZero("join.session_timeout_ms", join.session_timeout_ms(), kSecond, 30 * kMinute,
                       errors);
  CheckRangeUnlessZero("join.processing_timeout_ms", join.processing_timeout_ms(), kSecond, kDay,
                       errors);
  CheckRangeUnlessZero("join.max_chunk_bytes", join.max_chunk_bytes(), kMinChunkBytes,
                       kMaxChunkBytes, errors);
  CheckAmount("join.window", join.window(), errors);
  CheckAmount("join.initial_credit", join.initial_credit(), errors);
  if (join.has_resume() && join.resume().member_id().empty()) {
    errors.Add("join.resume.member_id", "is required");
  }
  errors.CheckRange("join.resume.positions", join.resume().positions_size(), 0,
                    kLimits.max_partitions);
}

template <typename Items>
void CheckCount(std::string_view field, const Items& items, FieldErrors& errors) {
  errors.CheckRange(field, items.size(), 1, kMaxCommandPartitions);
}

void CheckSeek(const v1::Seek& seek, FieldErrors& errors) {
  CheckCount("seek.targets", seek.targets(), errors);
  for (const v1::MemberSeek& target : seek.targets()) {
    if (target.to().position_case() != v1::Position::POSITION_NOT_SET) continue;
    errors.Add("seek.targets.to", "is required");
    break;
  }
}

// One target of SeekGroup; `named` are the partitions that those before it named.
void CheckTarget(const v1::GroupSeek& target, std::set<std::pair<std::string, uint32_t>>& named,
                 FieldErrors& errors) {
  if (!target.topic().empty()) {
    CheckTopicName(target.topic(), errors);
  } else if (!target.partitions().empty()) {
    errors.Add("targets.partitions", "needs a topic");
  }
  CheckTopicId(target.topic_id(), errors);
  for (const uint32_t partition : target.partitions()) {
    if (named.size() >= kLimits.max_partitions) {
      errors.Add("targets.partitions", fmt::format("name more than {}", kLimits.max_partitions));
      break;
    }
    if (named.emplace(target.topic(), partition).second) continue;
    errors.Add("targets.partitions", fmt::format("names partition {} twice", partition));
    break;
  }
  if (target.target_case() == v1::GroupSeek::TARGET_NOT_SET) {
    errors.Add("targets.position", "or shift_records is required");
  }
  if (target.has_position()) CheckPosition("targets.position", target.position(), errors);
}

}  // namespace

absl::Status Validate(const v1::ConsumeRequest& request) {
  FieldErrors errors;
  switch (request.command_case()) {
    case v1::ConsumeRequest::kJoin:
      CheckJoin(request.join(), errors);
      break;
    case v1::ConsumeRequest::kCommit:
      CheckCount("commit.positions", request.commit().positions(), errors);
      CheckBytes("commit.metadata", request.commit().metadata(), kLimits.max_metadata_bytes,
                 errors);
      break;
    case v1::ConsumeRequest::kPause:
      CheckCount("pause.partitions", request.pause().partitions(), errors);
      break;
    case v1::ConsumeRequest::kResume:
      CheckCount("resume.partitions", request.resume().partitions(), errors);
      break;
    case v1::ConsumeRequest::kSeek:
      CheckSeek(request.seek(), errors);
      break;
    case v1::ConsumeRequest::kRelease:
      CheckCount("release.positions", request.release().positions(), errors);
      break;
    case v1::ConsumeRequest::kCredit:  // By `MemberCredit`.
    case v1::ConsumeRequest::kLeave:
    case v1::ConsumeRequest::kHeartbeatAnswer:
      break;
    case v1::ConsumeRequest::COMMAND_NOT_SET:
      errors.Add("command", "is required");
      break;
  }
  return errors.ToStatus();
}

absl::Status Validate(const v1::CommitOffsetsRequest& request) {
  FieldErrors errors;
  CheckGroupName("group", request.group(), errors);
  errors.CheckRange("positions", request.positions_size(), 1, kMaxPositions);
  CheckBytes("metadata", request.metadata(), kLimits.max_metadata_bytes, errors);
  return errors.ToStatus();
}

absl::Status Validate(const v1::ListGroupsRequest& request) {
  FieldErrors errors;
  errors.CheckRange("page_size", request.page_size(), 0, kMaxPageSize);
  if (!request.page_token().empty() && !IsTopicName(request.page_token())) {
    errors.Add("page_token", "is not a token that this server gave");
  }
  return errors.ToStatus();
}

absl::Status Validate(const v1::GetGroupRequest& request) {
  FieldErrors errors;
  CheckGroupName("group", request.group(), errors);
  errors.CheckRange("page_size", request.page_size(), 0, kMaxPageSize);
  if (!ParsePageToken(request.page_token()).has_value()) {
    errors.Add("page_token", "is not a token that this server gave");
  }
  return errors.ToStatus();
}

absl::Status Validate(const v1::SeekGroupRequest& request) {
  FieldErrors errors;
  CheckGroupName("group", request.group(), errors);
  errors.CheckRange("targets", request.targets_size(), 1, kMaxSeekTargets);
  std::set<std::pair<std::string, uint32_t>> named;
  for (const v1::GroupSeek& target : request.targets()) CheckTarget(target, named, errors);
  return errors.ToStatus();
}

absl::Status Validate(const v1::DeleteGroupRequest& request) {
  FieldErrors errors;
  CheckGroupName("group", request.group(), errors);
  return errors.ToStatus();
}

}  // namespace leat::rpc
