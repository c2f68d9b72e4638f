// The library against a real server in this process.

#include <gtest/gtest.h>

#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "absl/synchronization/mutex.h"
#include "client/admin.h"
#include "client/producer.h"
#include "client/reader.h"
#include "storage/record/error.h"
#include "tests/client/real_server_fixture.h"

namespace leat::client {
namespace {

using record::Reason;

TEST_F(RealServerTest, EveryCodecAndBothWaysOfDeliveryGiveTheSameRecords) {
  for (record::Codec codec : {record::Codec::kNone, record::Codec::kZstd, record::Codec::kLz4}) {
    const std::string topic = "codec-" + std::to_string(static_cast<int>(codec));
    Create(topic, 2);
    std::vector<std::vector<std::string>> sent(8);
    {
      Producer producer(Connect(), {.batch_bytes = 10'000, .codec = codec});
      for (int i = 0; i < 5'000; ++i) {
        const uint32_t partition = i % 2;
        sent[partition].push_back(std::string(i % 50, 'x') + std::to_string(i));
        ASSERT_TRUE(
            producer.Send(topic, {.value = sent[partition].back(), .partition = partition}).ok());
      }
      ASSERT_TRUE(producer.Flush().ok());
    }
    EXPECT_EQ(ReadAll({.topic = topic, .whole_batches = true}), sent);
    EXPECT_EQ(ReadAll({.topic = topic, .whole_batches = false, .max_chunk_bytes = 1024}), sent);
  }
}

TEST_F(RealServerTest, KeepsEverythingAcrossRestartsUnderLoad) {
  Create("t", 4);
  absl::Mutex mutex;
  std::vector<std::vector<std::string>> acknowledged(8);
  std::atomic<bool> stop = false;
  std::atomic<int> unknown = 0;
  {
    Producer producer(Connect(), {.batch_bytes = 4'000});
    std::vector<std::thread> threads;
    for (uint32_t partition = 0; partition < 4; ++partition) {
      threads.emplace_back([&, partition] {
        for (int i = 0; !stop; ++i) {
          const std::string value = std::to_string(i);
          ASSERT_TRUE(producer
                          .Send("t", {.value = value, .partition = partition},
                                [&, partition, value](const SendResult& result) {
                                  absl::MutexLock lock(&mutex);
                                  if (result.outcome == AppendOutcome::kUnknown) ++unknown;
                                  if (!result.status.ok()) return;
                                  EXPECT_EQ(result.offset,
                                            static_cast<int64_t>(acknowledged[partition].size()));
                                  acknowledged[partition].push_back(value);
                                })
                          .ok());
        }
      });
    }
    for (int restart = 0; restart < 3; ++restart) {
      const auto enough = [&] { return acknowledged[0].size() >= 500u * (restart + 1); };
      {
        absl::MutexLock lock(&mutex);
        mutex.Await(absl::Condition(&enough));
      }
      Stop();
      Start();
    }
    stop = true;
    for (std::thread& thread : threads) thread.join();
    ASSERT_TRUE(producer.Flush().ok());
  }
  EXPECT_EQ(unknown, 0) << "a server that stops in good order leaves no doubt";
  EXPECT_EQ(ReadAll({.topic = "t"}), acknowledged);
  for (uint32_t partition = 0; partition < 4; ++partition) {
    for (size_t i = 0; i < acknowledged[partition].size(); ++i) {
      ASSERT_EQ(acknowledged[partition][i], std::to_string(i));
    }
  }
}

TEST_F(RealServerTest, ReaderFollowsAcrossARestart) {
  Create("t", 1);
  Producer producer(Connect(), {});
  Reader reader(Connect(), {.topic = "t"});
  for (int i = 0; i < 6; ++i) {
    if (i == 3) {
      Stop();
      Start();
    }
    ASSERT_TRUE(producer.SendAndWait("t", {.value = std::to_string(i)}).status.ok());
    const auto event = reader.Next(absl::Seconds(30));
    ASSERT_TRUE(event.ok()) << event.status();
    EXPECT_EQ((*event)->record.value, std::to_string(i));
    EXPECT_EQ((*event)->record.offset, i);
  }
}

TEST_F(RealServerTest, ErrorsHaveReasons) {
  Create("t", 1);
  Producer producer(Connect(), {});
  const auto reason = [&](std::string_view topic, const OutgoingRecord& record) {
    return record::ReasonOf(producer.SendAndWait(topic, record).status);
  };
  EXPECT_EQ(reason("nope", {.value = "x"}), Reason::kTopicNotFound);
  EXPECT_EQ(reason("../x", {.value = "x"}), Reason::kInvalidField);
  EXPECT_EQ(reason("t", {.partition = 1}), Reason::kPartitionNotFound);
  EXPECT_EQ(reason("t", {.value = std::string(2 << 20, 'x')}), Reason::kTooLarge);
  EXPECT_EQ(reason("t", {.headers = {{"", "x"}}}), Reason::kInvalidRecords);
  EXPECT_EQ(reason("t", {.value = "good"}), std::nullopt);

  Reader reader(Connect(), {.topic = "nope"});
  EXPECT_EQ(record::ReasonOf(reader.Next().status()), Reason::kTopicNotFound);
}

TEST_F(RealServerTest, AProducerNoticesThatItsTopicWasMadeAgain) {
  Create("t", 1);
  Producer producer(Connect(), {});
  ASSERT_TRUE(producer.SendAndWait("t", {.value = "old"}).status.ok());
  v1::DeleteTopicRequest request;
  request.set_topic("t");
  ASSERT_TRUE(Admin(Connect()).DeleteTopic(request).ok());
  EXPECT_EQ(record::ReasonOf(producer.SendAndWait("t", {.value = "x"}).status),
            Reason::kTopicNotFound);
  Create("t", 3);
  const SendResult result = producer.SendAndWait("t", {.value = "new", .partition = 2});
  EXPECT_TRUE(result.status.ok()) << result.status;
  EXPECT_EQ(ReadAll({.topic = "t"})[2], std::vector<std::string>{"new"});
}

TEST_F(RealServerTest, TrimUnderAReaderIsTold) {
  Create("t", 1);
  Producer producer(Connect(), {});
  for (int i = 0; i < 10; ++i)
    ASSERT_TRUE(producer.SendAndWait("t", {.value = std::to_string(i)}).status.ok());
  Reader reader(Connect(), {.topic = "t", .max_chunk_bytes = 1024});
  ASSERT_TRUE(reader.Next().ok());
  v1::TrimTopicRequest trim;
  trim.set_topic("t");
  trim.add_targets()->set_log_start_offset(7);
  ASSERT_TRUE(Admin(Connect()).TrimTopic(trim).ok());
  Reader late(Connect(), {.topic = "t", .end = Position::Latest()});
  EXPECT_EQ((**late.Next()).record.offset, 7);
}

}  // namespace
}  // namespace leat::client
