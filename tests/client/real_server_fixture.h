// A real server in this process, on a socket and in a directory of its own, and the library's way
// to it.

#ifndef LEAT_TESTS_CLIENT_REAL_SERVER_FIXTURE_H_
#define LEAT_TESTS_CLIENT_REAL_SERVER_FIXTURE_H_

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "client/admin.h"
#include "client/reader.h"
#include "server/server.h"

namespace leat::client {

class RealServerTest : public testing::Test {
 protected:
  RealServerTest() {
    std::string pattern = testing::TempDir() + "/leatXXXXXX";
    directory_ = mkdtemp(pattern.data());
    options_.data_dir = directory_ + "/data";
    options_.listen = {"unix:" + directory_ + "/socket"};
    options_.min_free_bytes = 1 << 20;
    Start();
  }

  ~RealServerTest() override {
    Stop();
    std::filesystem::remove_all(directory_);
  }

  void Start() {
    auto server = server::Server::Start(options_);
    ASSERT_TRUE(server.ok()) << server.status();
    server_ = *std::move(server);
  }

  void Stop() {
    if (server_ == nullptr) return;
    EXPECT_TRUE(server_->Stop(absl::Seconds(1)).ok());
    server_.reset();
  }

  Client Connect() { return Client::Connect({.target = options_.listen[0]}); }

  v1::Topic Create(const std::string& name, uint32_t partition_count) {
    v1::CreateTopicRequest request;
    request.set_topic(name);
    request.set_partition_count(partition_count);
    auto topic = Admin(Connect()).CreateTopic(request);
    EXPECT_TRUE(topic.ok()) << topic.status();
    return topic.value_or(v1::Topic());
  }

  // The values of all records there are, partition by partition.
  std::vector<std::vector<std::string>> ReadAll(ReadOptions options) {
    options.end = Position::Latest();
    Reader reader(Connect(), std::move(options));
    std::vector<std::vector<std::string>> values(8);
    while (true) {
      const auto event = reader.Next();
      EXPECT_TRUE(event.ok()) << event.status();
      if (!event.ok() || !event->has_value()) return values;
      if ((*event)->kind != ReadEvent::Kind::kRecord) continue;
      EXPECT_EQ((*event)->record.offset, static_cast<int64_t>(values[(*event)->partition].size()));
      values[(*event)->partition].emplace_back((*event)->record.value.value_or("null"));
    }
  }

  std::string directory_;
  server::ServerOptions options_;
  std::unique_ptr<server::Server> server_;
};

}  // namespace leat::client

#endif  // LEAT_TESTS_CLIENT_REAL_SERVER_FIXTURE_H_
