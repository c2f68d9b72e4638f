// A server that fails on cue: keeps records in memory, and does to each request what the test says.
// For what the real server cannot be told to do: to lose a connection, to answer with each error,
// to fall silent.

#ifndef LEAT_TESTS_CLIENT_SCRIPTED_SERVER_H_
#define LEAT_TESTS_CLIENT_SCRIPTED_SERVER_H_

#include <grpcpp/server.h>

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/synchronization/mutex.h"
#include "leat/v1/log.grpc.pb.h"
#include "leat/v1/topic.grpc.pb.h"
#include "storage/record/error.h"

namespace leat::client {

// What to do with one produce request.
struct Step {
  enum class Kind { kAppend, kFail, kDropStream, kAppendAndDropStream };
  Kind kind = Kind::kAppend;
  record::Reason reason = record::Reason::kInternal;  // Of kFail.

  static Step Append() { return {}; }
  static Step Fail(record::Reason reason) { return {Kind::kFail, reason}; }
  static Step DropStream() { return {Kind::kDropStream}; }
  static Step AppendAndDropStream() { return {Kind::kAppendAndDropStream}; }
};

class ScriptedServer {
 public:
  // Called for each request of each ProduceStream that is not halted, one at a time.
  using Script = std::function<Step(const v1::ProduceStreamRequest&)>;

  // Listens on a socket of its own. Every topic exists and has `partition_count` partitions.
  explicit ScriptedServer(uint32_t partition_count);
  ~ScriptedServer();

  const std::string& target() const { return target_; }

  // Stops listening and breaks all connections; listens again at the same place, with the records
  // it had.
  void Stop();
  void Restart();

  void set_script(Script script);
  // Called for each InitProducer, which is answered when this returns.
  void set_init_script(std::function<void(const std::string& topic)> script);
  // After so many messages each Read breaks; 0 is never.
  void set_messages_per_read(int messages);
  // Its record at `offset` is damaged: calls that would read it bring nothing but the error, as if
  // gRPC had let go of all that came before.
  void Damage(uint32_t partition, int64_t offset);
  // Records before it are gone.
  void Trim(uint32_t partition, int64_t log_start);
  void AppendDirectly(uint32_t partition, const std::string& value);

  // The values that were appended, in order.
  std::vector<std::string> values(uint32_t partition) const;
  // Requests that came, those that were refused included.
  int requests() const { return requests_; }
  void WaitForRequests(int count) const;

 private:
  class Topics;
  class Log;

  struct Partition {
    std::vector<std::string> values;
    int64_t log_start = 0;
    std::optional<int64_t> damaged_at;
  };

  const uint32_t partition_count_;
  std::string target_;
  std::unique_ptr<Topics> topics_;
  std::unique_ptr<Log> log_;
  std::unique_ptr<grpc::Server> server_;

  mutable absl::Mutex mutex_;
  Script script_ ABSL_GUARDED_BY(mutex_) = [](const auto&) { return Step::Append(); };
  std::function<void(const std::string&)> init_script_ ABSL_GUARDED_BY(mutex_) =
      [](const std::string&) {};
  std::map<uint32_t, Partition> partitions_ ABSL_GUARDED_BY(mutex_);
  std::atomic<int> requests_ = 0;
  int messages_per_read_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace leat::client

#endif  // LEAT_TESTS_CLIENT_SCRIPTED_SERVER_H_
