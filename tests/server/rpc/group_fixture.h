// Members of groups, as clients see them: each is a Consume stream to the server of a test.

#ifndef LEAT_TESTS_SERVER_RPC_GROUP_FIXTURE_H_
#define LEAT_TESTS_SERVER_RPC_GROUP_FIXTURE_H_

#include <grpcpp/client_context.h>
#include <grpcpp/support/sync_stream.h>

#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "leat/v1/group.grpc.pb.h"
#include "tests/server/server_fixture.h"

namespace leat::server {

// Everything blocks until it has happened, or the test has taken too long.
class Member {
 public:
  using Event = v1::ConsumeResponse::EventCase;

  // A stream on which nothing was sent.
  explicit Member(v1::GroupService::Stub& stub);
  Member(v1::GroupService::Stub& stub, const v1::Join& join);
  ~Member();

  void Send(const v1::ConsumeRequest& request) { stream_->Write(request); }
  // Sends a command and takes its result; what comes before that waits for `Next`.
  v1::CommandResult Ask(v1::ConsumeRequest request);
  // Returns when the server has executed all that was sent. What it sent before waits for `Next`.
  void Fence();

  // The next event; empty at the end of the stream.
  v1::ConsumeResponse Next();
  // The next event of this kind; those before it are dropped.
  v1::ConsumeResponse Take(Event event);
  v1::Joined TakeJoined() { return Take(Event::kJoined).joined(); }
  v1::Assigned TakeAssigned() { return Take(Event::kAssigned).assigned(); }
  v1::Revoked TakeRevoked() { return Take(Event::kRevoked).revoked(); }
  // Values of records, until there are `count`; the position after them in `position`.
  std::vector<std::string> TakeValues(size_t count, v1::PartitionPosition* position = nullptr);
  // What has come and was not taken.
  std::deque<v1::ConsumeResponse>& waiting() { return waiting_; }

  // The commands, asked.
  v1::CommandResult Commit(const v1::PartitionPosition& position);
  v1::CommandResult Release(const v1::PartitionPosition& position);
  v1::CommandResult Pause(const v1::PartitionPosition& position);
  v1::CommandResult Resume(const v1::PartitionPosition& position);
  v1::CommandResult Seek(const v1::PartitionPosition& position, const v1::Position& to);
  v1::CommandResult Grant(int64_t bytes, int64_t records = 0);

  // Leaves; the end of the stream.
  grpc::Status Leave();
  // How the stream ends; what comes before is dropped.
  grpc::Status End();
  // As when the client dies.
  void Break() { context_.TryCancel(); }

 private:
  grpc::ClientContext context_;
  std::unique_ptr<grpc::ClientReaderWriter<v1::ConsumeRequest, v1::ConsumeResponse>> stream_;
  std::deque<v1::ConsumeResponse> waiting_;
  uint64_t last_request_ = 0;
  bool ended_ = false;
};

class GroupTest : public ServerTest {
 protected:
  GroupTest() { StartAll(); }

  // Also after `Stop`.
  void StartAll();
  v1::GroupService::Stub& groups() { return *groups_; }

  // Of group "g", subscribed to topic "t".
  static v1::Join JoinOf(const std::string& group = "g", const std::string& topic = "t");
  std::unique_ptr<Member> NewMember(const v1::Join& join) {
    return std::make_unique<Member>(groups(), join);
  }
  // The same, joined, with what it was assigned first.
  std::pair<std::unique_ptr<Member>, v1::Assigned> Assigned(const v1::Join& join = JoinOf());

  // Appends `count` records "<prefix>0", ... as one batch.
  void Append(const std::string& topic, int count, const std::string& prefix = "v",
              uint32_t partition = 0);

  v1::GetGroupResponse Get(const std::string& group = "g");
  // Of topic "t".
  v1::GroupPartition Describe(uint32_t partition = 0, const std::string& group = "g");
  grpc::Status SeekGroup(const v1::SeekGroupRequest& request, v1::SeekGroupResponse* response);
  grpc::Status CommitOffsets(const v1::CommitOffsetsRequest& request,
                             v1::CommitOffsetsResponse* response);
  grpc::Status DeleteTopic(const std::string& topic);

 private:
  std::unique_ptr<v1::GroupService::Stub> groups_;
};

// The reasons of a result: of the command as a whole, or of each partition ("" for OK).
std::vector<std::string> Reasons(const v1::CommandResult& result);

}  // namespace leat::server

#endif  // LEAT_TESTS_SERVER_RPC_GROUP_FIXTURE_H_
