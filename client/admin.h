// Topics, offsets, groups and the server itself: calls that answer once. Requests and answers are
// the messages of proto/leat/v1.
//
// A small copyable handle; any thread. Each call blocks, for at most `ClientOptions::call_timeout`.
// Errors carry a `record::Reason` where the server made them. Calls that only look are repeated by
// the library when the server cannot be reached; changes are not: after UNAVAILABLE without a
// reason, or DEADLINE_EXCEEDED, look whether they took effect.

#ifndef LEAT_CLIENT_ADMIN_H_
#define LEAT_CLIENT_ADMIN_H_

#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "client/client.h"
#include "leat/v1/group.pb.h"
#include "leat/v1/log.pb.h"
#include "leat/v1/server.pb.h"
#include "leat/v1/topic.pb.h"

namespace leat::client {

class Admin {
 public:
  explicit Admin(Client client) : client_(std::move(client)) {}

  // --- Topics ---

  absl::StatusOr<v1::Topic> CreateTopic(const v1::CreateTopicRequest& request) const;
  absl::StatusOr<v1::GetTopicResponse> GetTopic(std::string_view topic) const;
  // All whose names begin with `prefix`, by name, page by page.
  absl::StatusOr<std::vector<v1::Topic>> ListTopics(std::string_view prefix = {}) const;
  // Idempotent.
  absl::StatusOr<v1::Topic> UpdateTopic(const v1::UpdateTopicRequest& request) const;
  absl::Status DeleteTopic(const v1::DeleteTopicRequest& request) const;
  // Idempotent: the request names the new total.
  absl::StatusOr<v1::Topic> AddPartitions(const v1::AddPartitionsRequest& request) const;
  // Idempotent.
  absl::StatusOr<v1::TrimTopicResponse> TrimTopic(const v1::TrimTopicRequest& request) const;

  // --- The log ---

  absl::StatusOr<v1::ListOffsetsResponse> ListOffsets(const v1::ListOffsetsRequest& request) const;
  // Appends in one call, which is not repeated: after an unknown outcome the caller decides.
  absl::StatusOr<v1::ProduceResponse> Produce(const v1::ProduceRequest& request) const;
  // Raises the epoch each time.
  absl::StatusOr<v1::InitProducerResponse> InitProducer(std::string_view topic,
                                                        std::string_view topic_id,
                                                        std::string_view name) const;

  // --- Groups ---

  // All whose names begin with `prefix`, by name, page by page.
  absl::StatusOr<std::vector<v1::Group>> ListGroups(std::string_view prefix = {}) const;
  // All its members and partitions, page by page.
  absl::StatusOr<v1::GetGroupResponse> GetGroup(std::string_view group) const;
  // Idempotent, unless it shifts.
  absl::StatusOr<v1::SeekGroupResponse> SeekGroup(const v1::SeekGroupRequest& request) const;
  absl::Status DeleteGroup(const v1::DeleteGroupRequest& request) const;
  // Idempotent. Errors of single partitions are in the answer.
  absl::StatusOr<v1::CommitOffsetsResponse> CommitOffsets(
      const v1::CommitOffsetsRequest& request) const;

  // --- The server ---

  absl::StatusOr<v1::GetServerInfoResponse> GetServerInfo() const;
  // What grpc.health.v1 says of the whole server.
  absl::StatusOr<bool> IsServing() const;

 private:
  Client client_;
};

}  // namespace leat::client

#endif  // LEAT_CLIENT_ADMIN_H_
