// A real server in this process, on a port of its own and a directory of its own, and a channel to
// it.

#ifndef LEAT_TESTS_SERVER_SERVER_FIXTURE_H_
#define LEAT_TESTS_SERVER_SERVER_FIXTURE_H_

#include <grpcpp/channel.h>
#include <grpcpp/support/status.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "google/rpc/status.pb.h"
#include "leat/v1/log.grpc.pb.h"
#include "leat/v1/server.grpc.pb.h"
#include "leat/v1/topic.grpc.pb.h"
#include "server/options.h"
#include "server/server.h"

namespace leat::server {

// The ErrorInfo of a status; `reason` is empty when there is none or more than one.
struct ErrorView {
  grpc::StatusCode code = grpc::StatusCode::OK;
  std::string reason;
  std::map<std::string, std::string> metadata;
  std::vector<std::string> fields;  // Of the BadRequest.
  bool retry_info = false;
};
ErrorView View(const google::rpc::Status& status);
ErrorView View(const grpc::Status& status);

#define EXPECT_OK(expression)                                     \
  do {                                                            \
    const grpc::Status expected_ok = (expression);                \
    EXPECT_TRUE(expected_ok.ok()) << expected_ok.error_message(); \
  } while (false)

#define ASSERT_OK(expression)                                     \
  do {                                                            \
    const grpc::Status expected_ok = (expression);                \
    ASSERT_TRUE(expected_ok.ok()) << expected_ok.error_message(); \
  } while (false)

class ServerTest : public testing::Test {
 protected:
  ServerTest();
  ~ServerTest() override;

  // With `options_`, which a test may change first.
  void Start();
  absl::Status Stop(absl::Duration drain = absl::Seconds(20));
  Server& server() { return *server_; }

  std::shared_ptr<grpc::Channel> NewChannel() const;
  v1::TopicService::Stub& topics() { return *topics_; }
  v1::LogService::Stub& log() { return *log_; }

  // The calls, with the defaults of tests.
  grpc::Status Create(const std::string& topic, uint32_t partitions = 1,
                      const v1::TopicConfig& config = {});
  grpc::Status Produce(const v1::ProduceRequest& request, v1::ProduceResponse* response = nullptr);
  // A unary call with these very bytes: to "LogService/Produce", or to
  // "/any.package.Service/Method".
  grpc::Status Raw(const std::string& method, const std::string& bytes);
  grpc::Status RawCall(const std::string& path, const std::string& bytes);
  grpc::Status Trim(const std::string& topic, uint32_t partition, int64_t log_start);
  int64_t HighWatermark(const std::string& topic, uint32_t partition = 0);

  // `count` records with values "<prefix>0", ... for partition 0.
  static v1::ProduceRequest Request(const std::string& topic, int count,
                                    const std::string& prefix = "v");
  // Reads a bounded range to its end; the events in order.
  grpc::Status ReadAll(const v1::ReadRequest& request, std::vector<v1::ReadResponse>* events);
  // Of partition 0, from `offset` to the high watermark.
  static v1::ReadRequest BoundedRead(const std::string& topic, int64_t offset = 0);

  ServerOptions options_;

 private:
  std::unique_ptr<Server> server_;
  std::shared_ptr<grpc::Channel> channel_;
  std::unique_ptr<v1::TopicService::Stub> topics_;
  std::unique_ptr<v1::LogService::Stub> log_;
};

// The values of all records in chunks, in order.
std::vector<std::string> ValuesOf(const std::vector<v1::ReadResponse>& events);

}  // namespace leat::server

#endif  // LEAT_TESTS_SERVER_SERVER_FIXTURE_H_
