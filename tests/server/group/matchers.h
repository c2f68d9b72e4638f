// What tests of groups expect of statuses.

#ifndef LEAT_TESTS_SERVER_GROUP_MATCHERS_H_
#define LEAT_TESTS_SERVER_GROUP_MATCHERS_H_

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "gmock/gmock.h"
#include "server/group/group_command.h"
#include "storage/record/error.h"

namespace leat::group {

inline const absl::Status& StatusOf(const absl::Status& status) { return status; }
inline const absl::Status& StatusOf(const PositionResult& result) { return result.status; }

template <typename T>
const absl::Status& StatusOf(const absl::StatusOr<T>& result) {
  return result.status();
}

MATCHER(IsOk, "is OK") {
  *result_listener << StatusOf(arg).ToString();
  return StatusOf(arg).ok();
}

MATCHER_P(HasReason, reason, std::string("has reason ") + std::string(record::ReasonName(reason))) {
  *result_listener << StatusOf(arg).ToString();
  return record::ReasonOf(StatusOf(arg)) == reason;
}

}  // namespace leat::group

#endif  // LEAT_TESTS_SERVER_GROUP_MATCHERS_H_
