// A GroupService with one stream that says what the test tells it to, and keeps what the member
// sends. For what the real server cannot be told to do at a given moment.

#ifndef LEAT_TESTS_CLIENT_SCRIPTED_GROUP_H_
#define LEAT_TESTS_CLIENT_SCRIPTED_GROUP_H_

#include <grpcpp/server.h>

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/synchronization/mutex.h"
#include "leat/v1/group.grpc.pb.h"
#include "storage/record/error.h"

namespace leat::client {

class ScriptedGroup {
 public:
  // Listens on a socket of its own. Each stream is answered with Joined.
  ScriptedGroup();
  ~ScriptedGroup();

  const std::string& target() const { return target_; }

  // --- What the server says, on the stream that is open or the next one ---

  // {partition, assignment epoch, next offset} of the topic "t".
  struct Place {
    uint32_t partition = 0;
    uint64_t epoch = 0;
    int64_t offset = 0;
  };
  void Assign(const std::vector<Place>& places,
              v1::ChangeReason reason = v1::CHANGE_REASON_UNOWNED);
  void Revoke(const std::vector<Place>& places, uint32_t deadline_ms);
  // A record at each offset in [from, place.offset), whose values are the offsets.
  void Deliver(const Place& place, int64_t from);
  void Gap(const Place& place, int64_t from);
  void Say(v1::ConsumeResponse response);
  // Ends the stream, after what was said before.
  void End(record::Reason reason);
  // Breaks it.
  void Drop();

  // --- What the member says ---

  // The next command of a kind; others before it are passed over.
  v1::ConsumeRequest Await(v1::ConsumeRequest::CommandCase kind);
  // As long as it is off, commits are not answered.
  void set_answering(bool answering);
  // Commits of this partition are fenced from now on.
  void Fence(uint32_t partition);
  std::vector<v1::ConsumeRequest> commands() const;

 private:
  class Service;
  class Stream;

  struct Line {
    v1::ConsumeResponse response;
    std::optional<grpc::Status> end;
  };

  void Add(Line line);
  // What a command is answered by itself.
  std::optional<v1::ConsumeResponse> AnswerTo(const v1::ConsumeRequest& request)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  std::string target_;
  std::unique_ptr<Service> service_;
  std::unique_ptr<grpc::Server> server_;

  mutable absl::Mutex mutex_;
  Stream* stream_ ABSL_GUARDED_BY(mutex_) = nullptr;  // The one that joined last.
  std::deque<Line> lines_ ABSL_GUARDED_BY(mutex_);
  std::vector<v1::ConsumeRequest> commands_ ABSL_GUARDED_BY(mutex_);
  size_t awaited_ ABSL_GUARDED_BY(mutex_) = 0;
  uint64_t member_epoch_ ABSL_GUARDED_BY(mutex_) = 0;
  uint64_t last_epoch_ ABSL_GUARDED_BY(mutex_) = 1000;
  bool answering_ ABSL_GUARDED_BY(mutex_) = true;
  std::vector<uint32_t> fenced_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace leat::client

#endif  // LEAT_TESTS_CLIENT_SCRIPTED_GROUP_H_
