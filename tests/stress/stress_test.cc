// Many producers and readers on one server at once, meant to be run under the sanitizers: no
// report, no event lost, doubled or out of order.
//
// LEAT_STRESS_SECONDS says how long to produce (default 5).

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/time/clock.h"
#include "client/admin.h"
#include "client/client.h"
#include "client/producer.h"
#include "client/reader.h"
#include "gtest/gtest.h"
#include "server/options.h"
#include "server/server.h"

namespace leat {
namespace {

constexpr uint32_t kProducers = 64;
constexpr uint32_t kReaders = 16;
constexpr uint32_t kPartitions = 8;
constexpr char kTopic[] = "stress";

absl::Duration ProducingTime() {
  int seconds = 5;
  if (const char* text = std::getenv("LEAT_STRESS_SECONDS")) {
    EXPECT_TRUE(absl::SimpleAtoi(text, &seconds)) << text;
  }
  return absl::Seconds(seconds);
}

class StressTest : public testing::Test {
 protected:
  void SetUp() override {
    server::ServerOptions options;
    options.data_dir = directory_.string();
    options.listen = {"127.0.0.1:0"};
    auto started = server::Server::Start(options);
    ASSERT_TRUE(started.ok()) << started.status();
    server_ = *std::move(started);
    v1::CreateTopicRequest request;
    request.set_topic(kTopic);
    request.set_partition_count(kPartitions);
    ASSERT_TRUE(client::Admin(Connect()).CreateTopic(request).ok());
  }

  void TearDown() override {
    if (server_ != nullptr) {
      EXPECT_TRUE(server_->Stop(absl::Seconds(60)).ok());
    }
    std::filesystem::remove_all(directory_);
  }

  client::Client Connect() const {
    return client::Client::Connect({.target = server_->addresses().front()});
  }

  // Sends "producer:number" until told to stop; counts what was acknowledged.
  void Produce(uint32_t producer_number, absl::Time until) {
    client::Producer producer(Connect(), {.linger = absl::Milliseconds(1)});
    std::atomic<int64_t> acknowledged = 0;
    int64_t sent = 0;
    while (absl::Now() < until) {
      // Bursts, with a wait for the answers between them, so that idle and busy moments alternate.
      for (int i = 0; i < 50; ++i, ++sent) {
        const std::string value =
            absl::StrCat(producer_number, ":", sent, ":", std::string(sent % 700, 'x'));
        ASSERT_TRUE(producer
                        .Send(kTopic, {.value = value, .partition = producer_number % kPartitions},
                              [&acknowledged](const client::SendResult& result) {
                                EXPECT_TRUE(result.status.ok()) << result.status;
                                ++acknowledged;
                              })
                        .ok());
      }
      ASSERT_TRUE(producer.Flush().ok());
    }
    EXPECT_EQ(acknowledged, sent);
    sent_[producer_number] = sent;
  }

  // Follows all partitions until every producer's last record has come.
  void Follow() {
    client::Reader reader(Connect(), {.topic = kTopic, .partitions = {}});
    std::vector<int64_t> next(kProducers, 0);
    while (!Complete(next)) {
      const auto event = reader.Next(absl::Milliseconds(100));
      if (absl::IsDeadlineExceeded(event.status())) continue;
      ASSERT_TRUE(event.ok()) << event.status();
      ASSERT_TRUE(event->has_value());
      ASSERT_EQ((*event)->kind, client::ReadEvent::Kind::kRecord);
      Take(**event, next);
    }
  }

  void Take(const client::ReadEvent& event, std::vector<int64_t>& next) {
    const std::vector<std::string> parts = absl::StrSplit(std::string(*event.record.value), ':');
    uint32_t producer = 0;
    int64_t number = 0;
    ASSERT_TRUE(absl::SimpleAtoi(parts.at(0), &producer) && absl::SimpleAtoi(parts.at(1), &number));
    ASSERT_EQ(number, next[producer])
        << "of producer " << producer << " at offset " << event.record.offset;
    ++next[producer];
  }

  bool Complete(const std::vector<int64_t>& next) const {
    if (!all_sent_) return false;
    return std::equal(next.begin(), next.end(), sent_.begin());
  }

  const std::filesystem::path directory_ =
      std::filesystem::path(testing::TempDir()) / absl::StrCat("leat-stress-", getpid());
  std::unique_ptr<server::Server> server_;
  std::vector<int64_t> sent_ = std::vector<int64_t>(kProducers, 0);
  std::atomic<bool> all_sent_ = false;
};

TEST_F(StressTest, ProducersAndReadersTogether) {
  std::vector<std::thread> readers;
  for (uint32_t i = 0; i < kReaders; ++i) readers.emplace_back([this] { Follow(); });
  std::vector<std::thread> producers;
  const absl::Time until = absl::Now() + ProducingTime();
  for (uint32_t i = 0; i < kProducers; ++i) {
    producers.emplace_back([this, i, until] { Produce(i, until); });
  }
  for (std::thread& producer : producers) producer.join();
  all_sent_ = true;
  for (std::thread& reader : readers) reader.join();

  int64_t total = 0;
  for (const int64_t sent : sent_) total += sent;
  EXPECT_GT(total, 0);
  RecordProperty("events", absl::StrCat(total));
  std::printf("%ld events from %u producers, each read by %u readers\n", total, kProducers,
              kReaders);
}

}  // namespace
}  // namespace leat
