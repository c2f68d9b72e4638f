// The idempotent producer against a real server, over connections that are cut.

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/synchronization/mutex.h"
#include "client/admin.h"
#include "client/producer.h"
#include "client/reader.h"
#include "server/server.h"
#include "storage/record/error.h"
#include "tests/support/cutting_proxy.h"

namespace leat::client {
namespace {

using record::Reason;

// LEAT_PRODUCER_RECORDS=100000 sends more than usual.
int RecordsToSend() {
  const char* given = std::getenv("LEAT_PRODUCER_RECORDS");
  return given == nullptr ? 20'000 : std::atoi(given);
}

class RealProducerTest : public testing::Test {
 protected:
  RealProducerTest() {
    std::string pattern = testing::TempDir() + "/leatXXXXXX";
    directory_ = mkdtemp(pattern.data());
    options_.data_dir = directory_ + "/data";
    options_.listen = {"127.0.0.1:0"};
    options_.min_free_bytes = 1 << 20;
    Start();
    v1::CreateTopicRequest request;
    request.set_topic("t");
    request.set_partition_count(2);
    EXPECT_TRUE(Admin(Connect()).CreateTopic(request).ok());
  }

  ~RealProducerTest() override {
    Stop();
    std::filesystem::remove_all(directory_);
  }

  void Start() {
    auto server = server::Server::Start(options_);
    ASSERT_TRUE(server.ok()) << server.status();
    server_ = *std::move(server);
    options_.listen = server_->addresses();
  }

  void Stop() {
    if (server_ == nullptr) return;
    EXPECT_TRUE(server_->Stop(absl::Seconds(1)).ok());
    server_.reset();
  }

  uint16_t port() const {
    const std::vector<std::string> parts = absl::StrSplit(options_.listen[0], ':');
    uint32_t port = 0;
    EXPECT_TRUE(absl::SimpleAtoi(parts.back(), &port));
    return static_cast<uint16_t>(port);
  }

  Client Connect() { return Client::Connect({.target = options_.listen[0]}); }

  // The values of a partition, from its beginning.
  std::vector<std::string> Values(uint32_t partition) {
    ReadOptions options{.topic = "t"};
    options.end = Position::Latest();
    Reader reader(Connect(), std::move(options));
    std::vector<std::string> values;
    while (true) {
      const auto event = reader.Next();
      EXPECT_TRUE(event.ok()) << event.status();
      if (!event.ok() || !event->has_value()) return values;
      const bool wanted =
          (*event)->kind == ReadEvent::Kind::kRecord && (*event)->partition == partition;
      if (wanted) values.emplace_back(*(*event)->record.value);
    }
  }

  std::string directory_;
  server::ServerOptions options_;
  std::unique_ptr<server::Server> server_;
};

// What became of records "0", "1", ...
struct Story {
  absl::Mutex mutex;
  std::vector<SendResult> results;

  SendCallback Note(int i) {
    return [this, i](const SendResult& result) {
      absl::MutexLock lock(&mutex);
      results[i] = result;
    };
  }
};

TEST_F(RealProducerTest, CutConnectionsLoseAndDoubleNothing) {
  const int count = RecordsToSend();
  CuttingProxy proxy(port(), 200'000, 1);
  Story story;
  story.results.resize(count);
  Producer producer(Client::Connect({.target = absl::StrCat("127.0.0.1:", proxy.port())}),
                    {.batch_bytes = 2'000,
                     .linger = absl::Milliseconds(1),
                     .delivery_timeout = absl::Minutes(5)});
  for (int i = 0; i < count; ++i) {
    const std::string value = std::to_string(i);
    const auto partition = static_cast<uint32_t>(i % 2);
    const absl::Status sent =
        producer.Send("t", {.value = value, .partition = partition}, story.Note(i));
    ASSERT_TRUE(sent.ok()) << sent;
  }
  ASSERT_TRUE(producer.Flush(absl::Minutes(5)).ok());
  for (uint32_t partition = 0; partition < 2; ++partition) {
    const std::vector<std::string> values = Values(partition);
    ASSERT_EQ(values.size(), static_cast<size_t>((count + 1 - partition) / 2));
    for (size_t n = 0; n < values.size(); ++n) {
      const int i = static_cast<int>(2 * n + partition);
      ASSERT_EQ(values[n], std::to_string(i));
      ASSERT_TRUE(story.results[i].status.ok()) << story.results[i].status;
      ASSERT_EQ(story.results[i].offset, static_cast<int64_t>(n));
    }
  }
  std::printf("%d records, %lu connections cut\n", count, proxy.cuts());
  EXPECT_GT(proxy.cuts(), 2u);
}

TEST_F(RealProducerTest, OutlivesRestartsOfTheServer) {
  Producer producer(Connect(), {.batch_bytes = 100, .linger = absl::ZeroDuration()});
  Story story;
  story.results.resize(400);
  for (int i = 0; i < 400; ++i) {
    const std::string value = std::to_string(i);
    ASSERT_TRUE(producer.Send("t", {.value = value, .partition = 0}, story.Note(i)).ok());
    if (i % 150 == 149) {
      Stop();
      Start();
    }
  }
  ASSERT_TRUE(producer.Flush(absl::Minutes(1)).ok());
  const std::vector<std::string> values = Values(0);
  ASSERT_EQ(values.size(), 400u);
  for (int i = 0; i < 400; ++i) EXPECT_EQ(values[i], std::to_string(i));
}

TEST_F(RealProducerTest, ASecondOfTheNameFencesTheFirst) {
  Producer first(Connect(), {.name = "p"});
  ASSERT_TRUE(first.SendAndWait("t", {.value = "1", .partition = 0}).status.ok());
  Producer second(Connect(), {.name = "p"});
  ASSERT_TRUE(second.SendAndWait("t", {.value = "2", .partition = 0}).status.ok());
  const SendResult fenced = first.SendAndWait("t", {.value = "3", .partition = 0});
  EXPECT_EQ(record::ReasonOf(fenced.status), Reason::kProducerFenced) << fenced.status;
  EXPECT_EQ(fenced.outcome, AppendOutcome::kNotAppended);
  EXPECT_EQ(record::ReasonOf(first.Send("t", {.value = "4"})), Reason::kProducerFenced);
  EXPECT_EQ(Values(0), (std::vector<std::string>{"1", "2"}));
}

// As when it was away for too long.
TEST_F(RealProducerTest, AForgottenProducerBeginsAgain) {
  Stop();
  options_.max_producers_per_topic = 2;
  Start();
  Producer producer(Connect(), {});
  ASSERT_TRUE(producer.SendAndWait("t", {.value = "1", .partition = 0}).status.ok());
  for (const char* name : {"a", "b"}) {
    ASSERT_TRUE(Admin(Connect()).InitProducer("t", "", name).ok());
  }
  const SendResult again = producer.SendAndWait("t", {.value = "2", .partition = 0});
  EXPECT_TRUE(again.status.ok()) << again.status;
  EXPECT_EQ(Values(0), (std::vector<std::string>{"1", "2"}));
}

}  // namespace
}  // namespace leat::client
