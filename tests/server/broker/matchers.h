// What tests of the broker expect of statuses.

#ifndef LEAT_TESTS_SERVER_BROKER_MATCHERS_H_
#define LEAT_TESTS_SERVER_BROKER_MATCHERS_H_

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "gmock/gmock.h"
#include "storage/record/error.h"

namespace leat::broker {

inline const absl::Status& StatusOf(const absl::Status& status) { return status; }

template <typename T>
const absl::Status& StatusOf(const absl::StatusOr<T>& result) {
  return result.status();
}

MATCHER(IsOk, "is OK") {
  *result_listener << StatusOf(arg).ToString();
  return arg.ok();
}

MATCHER_P(HasReason, reason, std::string("has reason ") + std::string(record::ReasonName(reason))) {
  *result_listener << StatusOf(arg).ToString();
  return record::ReasonOf(StatusOf(arg)) == reason;
}

MATCHER_P2(FailsWith, code, text, "has a code and a text") {
  *result_listener << StatusOf(arg).ToString();
  return StatusOf(arg).code() == code &&
         std::string(StatusOf(arg).message()).find(text) != std::string::npos;
}

}  // namespace leat::broker

#endif  // LEAT_TESTS_SERVER_BROKER_MATCHERS_H_
