#include "server/rpc/consume_request.h"

#include <string>
#include <utility>

#include "server/rpc/validate.h"
#include "server/rpc/validate_group.h"

namespace leat::rpc {
namespace {

constexpr int64_t kDefaultSessionTimeoutMillis = 45'000;
constexpr int64_t kDefaultProcessingTimeoutMillis = 5 * 60 * 1'000;
constexpr size_t kDefaultChunkBytes = 1 << 20;

group::StartPolicy StartOf(const v1::Join& join) {
  using Kind = group::StartPolicy::Kind;
  switch (join.start().position_case()) {
    case v1::Position::kLatest:
      return {Kind::kLatest, 0};
    case v1::Position::kTimestampMs:
      return {Kind::kTimestamp, join.start().timestamp_ms()};
    case v1::Position::kLastRecords:
      return {Kind::kLastRecords, static_cast<int64_t>(join.start().last_records())};
    case v1::Position::kEarliest:
    case v1::Position::kOffset:  // Refused.
    case v1::Position::POSITION_NOT_SET:
      break;
  }
  return {Kind::kEarliest, 0};
}

Amount ToAmount(const v1::CreditAmount& amount) { return {amount.bytes(), amount.records()}; }

}  // namespace

absl::StatusOr<v1::ConsumeRequest> ParseConsumeRequest(const absl::Cord& bytes) {
  v1::ConsumeRequest request;
  FieldErrors errors;
  if (!request.ParseFromString(std::string(bytes))) {
    errors.Add("ConsumeRequest", "is not a well-formed protobuf message");
  } else if (request.command_case() == v1::ConsumeRequest::COMMAND_NOT_SET) {
    if (auto status = RefuseUnknownFields(request); !status.ok()) return status;
    errors.Add("command", "is required");
  }
  if (auto status = errors.ToStatus(); !status.ok()) return status;
  return request;
}

absl::Status CheckCommand(const v1::ConsumeRequest& request) {
  if (auto status = RefuseUnknownFields(request); !status.ok()) return status;
  return Validate(request);
}

group::command::Join ToCommand(const v1::Join& join) {
  group::command::Join command;
  command.group = join.group();
  command.subscription.topics = {join.topics().begin(), join.topics().end()};
  command.subscription.patterns = {join.topic_patterns().begin(), join.topic_patterns().end()};
  command.instance_id = join.instance_id();
  command.client_name = join.client_name();
  command.start = StartOf(join);
  command.session_timeout_ms =
      join.session_timeout_ms() == 0 ? kDefaultSessionTimeoutMillis : join.session_timeout_ms();
  if (join.has_resume()) {
    command.resume = group::command::Join::Resume{};
    command.resume->member_id = join.resume().member_id();
    command.resume->member_epoch = join.resume().member_epoch();
  }
  return command;
}

MemberCredit CreditOf(const v1::Join& join) {
  return join.has_initial_credit()
             ? MemberCredit(MemberCredit::Mode::kExplicit, ToAmount(join.initial_credit()))
             : MemberCredit(MemberCredit::Mode::kWindow, ToAmount(join.window()));
}

size_t ChunkBytesOf(const v1::Join& join) {
  return join.max_chunk_bytes() == 0 ? kDefaultChunkBytes : join.max_chunk_bytes();
}

absl::Duration ProcessingTimeoutOf(const v1::Join& join) {
  return absl::Milliseconds(join.processing_timeout_ms() == 0 ? kDefaultProcessingTimeoutMillis
                                                              : join.processing_timeout_ms());
}

}  // namespace leat::rpc
