// Requests of TopicService.
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "server/rpc/topic_config.h"
#include "server/rpc/validate.h"

namespace leat::rpc {
namespace {

constexpr uint32_t kMaxPageSize = 1'000;

}  // namespace

absl::Status Validate(const v1::CreateTopicRequest& request, const ServerLimits& limits) {
  FieldErrors errors;
  CheckTopicName(request.topic(), errors);
  errors.CheckRange("partition_count", request.partition_count(), 0,
                    limits.max_partitions_per_topic);
  CheckTopicConfig(request.config(), limits, errors);
  return errors.ToStatus();
}

absl::Status Validate(const v1::GetTopicRequest& request) {
  FieldErrors errors;
  CheckTopicName(request.topic(), errors);
  return errors.ToStatus();
}

absl::Status Validate(const v1::ListTopicsRequest& request) {
  FieldErrors errors;
  errors.CheckRange("page_size", request.page_size(), 0, kMaxPageSize);
  if (!request.page_token().empty() && !IsTopicName(request.page_token())) {
    errors.Add("page_token", "is not a token that this server gave");
  }
  return errors.ToStatus();
}

absl::Status Validate(const v1::UpdateTopicRequest& request, const ServerLimits& limits) {
  FieldErrors errors;
  CheckTopicName(request.topic(), errors);
  CheckTopicId(request.topic_id(), errors);
  CheckTopicConfig(request.config(), limits, errors);
  const auto& paths = request.update_mask().paths();
  if (paths.empty()) errors.Add("update_mask", "must name at least one field");
  for (const std::string& path : paths) {
    if (IsTopicConfigField(path)) continue;
    errors.Add("update_mask", fmt::format("names '{}', which is not a field of TopicConfig", path));
  }
  return errors.ToStatus();
}

absl::Status Validate(const v1::DeleteTopicRequest& request) {
  FieldErrors errors;
  CheckTopicName(request.topic(), errors);
  CheckTopicId(request.topic_id(), errors);
  return errors.ToStatus();
}

absl::Status Validate(const v1::AddPartitionsRequest& request, const ServerLimits& limits) {
  FieldErrors errors;
  CheckTopicName(request.topic(), errors);
  CheckTopicId(request.topic_id(), errors);
  errors.CheckRange("partition_count", request.partition_count(), 1,
                    limits.max_partitions_per_topic);
  return errors.ToStatus();
}

absl::Status Validate(const v1::TrimTopicRequest& request) {
  FieldErrors errors;
  CheckTopicName(request.topic(), errors);
  CheckTopicId(request.topic_id(), errors);
  if (request.targets().empty()) errors.Add("targets", "must name at least one partition");
  std::set<uint32_t> seen;
  for (const v1::TrimTarget& target : request.targets()) {
    if (!seen.insert(target.partition()).second) {
      errors.Add("targets.partition", fmt::format("names {} twice", target.partition()));
    }
    if (target.log_start_offset() < 0) errors.Add("targets.log_start_offset", "is negative");
  }
  return errors.ToStatus();
}

}  // namespace leat::rpc
