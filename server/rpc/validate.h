// Checks of requests: pure functions over what a client sent, with a violation for each bad field.
//
// What needs no topic is checked here, before anything else happens; ranges stand in the comments
// of the protos. Any thread.

#ifndef LEAT_SERVER_RPC_VALIDATE_H_
#define LEAT_SERVER_RPC_VALIDATE_H_

#include <google/protobuf/message.h>

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "leat/v1/log.pb.h"
#include "leat/v1/topic.pb.h"
#include "storage/record/error.h"

namespace leat::rpc {

// Limits of this server, as `GetServerInfo` tells them.
struct ServerLimits {
  uint32_t max_message_bytes = 4 << 20;
  uint32_t max_record_bytes = 3 << 20;
  uint32_t max_partitions_per_topic = 1'024;
  uint32_t max_topics = 10'000;
};

// Gathers violations, so that a caller learns of several at once. Requests can be made of nothing
// else, a byte each: the first few are told.
class FieldErrors {
 public:
  void Add(std::string_view field, std::string_view description);

  // Adds a violation unless `value` lies in [`least`, `most`].
  void CheckRange(std::string_view field, int64_t value, int64_t least, int64_t most);

  // OK when there are none, else kInvalidField.
  absl::Status ToStatus() const;

 private:
  static constexpr size_t kMaxViolations = 16;

  record::ErrorMetadata violations_;
};

// `[A-Za-z0-9._-]{1,249}`, not `.` or `..`, not beginning with `__`.
bool IsTopicName(std::string_view name);
void CheckTopicName(std::string_view name, FieldErrors& errors);

// `[A-Za-z0-9._-]{1,249}`.
void CheckProducerName(std::string_view name, FieldErrors& errors);

// Whether it could be the id of a topic; empty is none.
void CheckTopicId(std::string_view id, FieldErrors& errors);

// Whether it names a place, and one that can be.
void CheckPosition(std::string_view field, const v1::Position& position, FieldErrors& errors);

// For fields where zero stands for a default.
void CheckRangeUnlessZero(std::string_view field, int64_t value, int64_t least, int64_t most,
                          FieldErrors& errors);

// kUnknownField when a field of `message`, or of a message in it, is not known to this server.
absl::Status RefuseUnknownFields(const google::protobuf::Message& message);

absl::Status Validate(const v1::CreateTopicRequest& request, const ServerLimits& limits);
absl::Status Validate(const v1::GetTopicRequest& request);
absl::Status Validate(const v1::ListTopicsRequest& request);
absl::Status Validate(const v1::UpdateTopicRequest& request, const ServerLimits& limits);
absl::Status Validate(const v1::DeleteTopicRequest& request);
absl::Status Validate(const v1::AddPartitionsRequest& request, const ServerLimits& limits);
absl::Status Validate(const v1::TrimTopicRequest& request);

absl::Status Validate(const v1::InitProducerRequest& request);
absl::Status Validate(const v1::ReadRequest& request);
absl::Status Validate(const v1::FetchRequest& request);
absl::Status Validate(const v1::ListOffsetsRequest& request);

}  // namespace leat::rpc

#endif  // LEAT_SERVER_RPC_VALIDATE_H_
