#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/server/broker/broker_fixture.h"
#include "tests/server/broker/matchers.h"
#include "tests/storage/log/batches.h"

namespace leat::broker {
namespace {

using record::Reason;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

class BrokerRecordsTest : public BrokerTest {
 protected:
  // Begins a fetch that waits; `answer_` has the result once `answered_` says so.
  uint64_t BeginWaiting(const TopicHandle& topic, int64_t from) {
    return broker().Fetch({.topic = topic, .from = {from}, .wait = true}, [this](auto result) {
      answer_ = std::move(result);
      answered_.Notify();
    });
  }
  absl::StatusOr<FetchResult>& Answer() {
    answered_.WaitForNotification();
    return answer_;
  }

  absl::Notification answered_;
  absl::StatusOr<FetchResult> answer_;
};

TEST_P(BrokerRecordsTest, WhatIsAppendedIsReadBack) {
  ASSERT_THAT(Start(), IsOk());
  const TopicHandle topic = *Create("events", 2);
  EXPECT_EQ(Append(topic, 0, "a")->base_offset, record::Offset{0});
  EXPECT_EQ(Append(topic, 0, "b", 2)->base_offset, record::Offset{1});
  EXPECT_EQ(Append(topic, 1, "c")->base_offset, record::Offset{0});
  EXPECT_THAT(ReadAll(topic, 0), ElementsAre("a", "b", "b"));
  EXPECT_THAT(ReadAll(topic, 1), ElementsAre("c"));

  const absl::StatusOr<FetchResult> fetched = Fetch(topic, 0, 1);
  ASSERT_THAT(fetched, IsOk());
  EXPECT_EQ(fetched->log_start, record::Offset{0});
  EXPECT_EQ(fetched->high_watermark, record::Offset{3});
  EXPECT_EQ(fetched->next_offset, record::Offset{3});
  EXPECT_THAT(Fetch(topic, 0, 3)->batches, IsEmpty());
  EXPECT_THAT(Fetch(topic, 0, 4), HasReason(Reason::kOffsetOutOfRange));
  EXPECT_THAT(Fetch(topic, 0, -1), HasReason(Reason::kOffsetOutOfRange));
  EXPECT_THAT(Fetch(topic, 2, 0), HasReason(Reason::kPartitionNotFound));
}

TEST_P(BrokerRecordsTest, AnUntouchedPartitionIsEmpty) {
  ASSERT_THAT(Start(), IsOk());
  const TopicHandle topic = *Create("events", 3);
  EXPECT_THAT(Fetch(topic, 1, 0)->batches, IsEmpty());
  const auto found = Wait<record::Offset>(
      [&](auto done) { broker().FindTimestamp(topic, 2, 0, std::move(done)); });
  EXPECT_EQ(*found, record::Offset{0});
  const auto statuses = Describe(topic);
  ASSERT_THAT(*statuses, SizeIs(3));
  for (const PartitionStatus& status : *statuses) {
    EXPECT_EQ(status.high_watermark, record::Offset{0});
    EXPECT_EQ(status.bytes_on_disk, 0u);
    EXPECT_EQ(status.state, log::LogState::kOnline);
  }
  EXPECT_EQ(statuses->at(2).partition, 2u);
  EXPECT_THAT(List("topics"), IsEmpty());
}

TEST_P(BrokerRecordsTest, AFetchWaitsForTheNextRecord) {
  ASSERT_THAT(Start(), IsOk());
  const TopicHandle topic = *Create("events");
  ASSERT_THAT(Append(topic, 0, "before"), IsOk());
  BeginWaiting(topic, 1);
  // Answered in order: had the fetch not waited, it would have been answered before this.
  ASSERT_THAT(Fetch(topic, 0, 0), IsOk());
  EXPECT_FALSE(answered_.HasBeenNotified());
  ASSERT_THAT(Append(topic, 0, "after"), IsOk());
  ASSERT_THAT(Answer(), IsOk());
  EXPECT_EQ(Answer()->next_offset, record::Offset{2});
}

TEST_P(BrokerRecordsTest, AFetchThatWaitsCanBeCancelled) {
  ASSERT_THAT(Start(), IsOk());
  const TopicHandle topic = *Create("events");
  const uint64_t ticket = BeginWaiting(topic, 0);
  broker().CancelFetch(topic, 0, ticket + 1);
  ASSERT_THAT(Fetch(topic, 0, 0), IsOk());
  EXPECT_FALSE(answered_.HasBeenNotified());
  broker().CancelFetch(topic, 0, ticket);
  EXPECT_THAT(Answer(), HasReason(Reason::kCallEnded));
}

TEST_P(BrokerRecordsTest, StoppingAnswersEveryCallOnce) {
  ASSERT_THAT(Start(), IsOk());
  const TopicHandle topic = *Create("events", 4);
  std::atomic<int> begun = 0;
  std::atomic<int> answered = 0;
  std::atomic<int> appended = 0;
  std::atomic<bool> stopped = false;
  std::vector<std::thread> threads;
  for (int t = 0; t < 2; ++t) {
    threads.emplace_back([&] {
      while (!stopped) {
        for (uint32_t partition = 0; partition < 4; ++partition) {
          begun += 2;
          broker().Append(topic, partition, log::MakeBatch(0, 1, "x", 1), [&](auto result) {
            if (result.ok()) ++appended;
            ++answered;
          });
          broker().Fetch({.topic = topic, .partition = partition, .from = {}, .max_bytes = 1},
                         [&](auto) { ++answered; });
        }
        // Bounded: the next round begins when this one is all but answered.
        while (begun - answered > 64 && !stopped) std::this_thread::yield();
      }
    });
  }
  BeginWaiting(topic, 0);
  while (appended < 100) std::this_thread::yield();
  EXPECT_THAT(broker().Stop(), IsOk());
  stopped = true;
  for (std::thread& thread : threads) thread.join();
  EXPECT_TRUE(answered_.HasBeenNotified());
  EXPECT_EQ(answered, begun);
  EXPECT_THAT(Append(topic, 0, "x"), HasReason(Reason::kServerStopping));
  EXPECT_THAT(Fetch(topic, 0, 0), HasReason(Reason::kServerStopping));
  EXPECT_THAT(Create("late"), HasReason(Reason::kServerStopping));
  EXPECT_THAT(Describe(topic), HasReason(Reason::kServerStopping));

  Destroy();
  ASSERT_THAT(Start(), IsOk());
  size_t found = 0;
  for (uint32_t partition = 0; partition < 4; ++partition) {
    found += ReadAll(topic, partition).size();
  }
  EXPECT_EQ(found, static_cast<size_t>(appended));
}

TEST_P(BrokerRecordsTest, ATimestampFindsTheBatch) {
  ASSERT_THAT(Start(), IsOk());
  const TopicHandle topic = *Create("events");
  for (int64_t timestamp_ms : {1'000, 2'000, 3'000}) {
    ASSERT_THAT(Wait<log::AppendResult>([&](auto done) {
                  broker().Append(topic, 0, log::MakeBatch(0, 1, "x", timestamp_ms),
                                  std::move(done));
                }),
                IsOk());
  }
  const auto find = [&](int64_t timestamp_ms) {
    return Wait<record::Offset>(
        [&](auto done) { broker().FindTimestamp(topic, 0, timestamp_ms, std::move(done)); });
  };
  EXPECT_EQ(*find(1'500), record::Offset{1});
  EXPECT_EQ(*find(3'001), record::Offset{3});
}

TEST_P(BrokerRecordsTest, TrimmingMovesTheStartForGood) {
  ASSERT_THAT(Start(), IsOk());
  const TopicHandle topic = *Create("events", 2);
  for (const char* value : {"a", "b", "c"}) ASSERT_THAT(Append(topic, 0, value), IsOk());

  EXPECT_THAT(Trim(topic, {{0, {2}}, {2, {0}}}), HasReason(Reason::kPartitionNotFound));
  EXPECT_THAT(Trim(topic, {{0, {2}}, {1, {1}}}), HasReason(Reason::kOffsetOutOfRange));
  EXPECT_EQ(Describe(topic)->at(0).log_start, record::Offset{0});

  const auto trimmed = Trim(topic, {{0, {2}}});
  ASSERT_THAT(trimmed, IsOk());
  EXPECT_EQ(trimmed->at(0).log_start, record::Offset{2});
  EXPECT_THAT(Fetch(topic, 0, 1), HasReason(Reason::kOffsetOutOfRange));
  EXPECT_THAT(ReadAll(topic, 0), ElementsAre("c"));
  // Never back.
  EXPECT_EQ(Trim(topic, {{0, {1}}})->at(0).log_start, record::Offset{2});

  ASSERT_THAT(CrashAndStart(), IsOk());
  EXPECT_THAT(ReadAll(topic, 0), ElementsAre("c"));
  EXPECT_EQ(Trim(topic, {{0, {3}}})->at(0).log_start, record::Offset{3});
  ASSERT_THAT(Stop(), IsOk());
  ASSERT_THAT(Start(), IsOk());
  EXPECT_EQ(Append(topic, 0, "d")->base_offset, record::Offset{3});
}

TEST_P(BrokerRecordsTest, RetentionKeepsAPartitionWithinItsBytes) {
  BrokerOptions options = DefaultOptions();
  options.retention_interval = absl::Milliseconds(5);
  ASSERT_THAT(Start(options), IsOk());
  const TopicHandle topic =
      *Create("events", 1, {.retention_bytes = 3 << 20, .segment_bytes = 1 << 20});
  const std::string value(200'000, 'x');
  record::Offset log_start;
  int appended = 0;
  while (log_start < record::Offset{20}) {
    ASSERT_THAT(Append(topic, 0, value), IsOk());
    ++appended;
    log_start = Describe(topic)->at(0).log_start;
  }
  EXPECT_THAT(ReadAll(topic, 0).size(), testing::Le(appended - 20u));
  ASSERT_THAT(Stop(), IsOk());
  ASSERT_THAT(Start(), IsOk());
  EXPECT_GE(Describe(topic)->at(0).log_start, log_start);
  EXPECT_EQ(Describe(topic)->at(0).high_watermark, record::Offset{appended});
}

TEST_P(BrokerRecordsTest, WithLittleSpaceAppendsAreRefusedAndReadingGoesOn) {
  ASSERT_THAT(Start(), IsOk());
  const TopicHandle topic = *Create("events");
  ASSERT_THAT(Append(topic, 0, "a"), IsOk());
  ASSERT_THAT(Stop(), IsOk());
  BrokerOptions options = DefaultOptions();
  options.min_free_bytes = uint64_t{1} << 62;
  ASSERT_THAT(Start(options), IsOk());
  EXPECT_THAT(Append(topic, 0, "b"), HasReason(Reason::kDiskFull));
  EXPECT_THAT(ReadAll(topic, 0), ElementsAre("a"));
}

INSTANTIATE_TEST_SUITE_P(Backends, BrokerRecordsTest,
                         testing::Values(io::IoBackendChoice::kUring, io::IoBackendChoice::kPosix),
                         BackendParamName);

}  // namespace
}  // namespace leat::broker
