#include "client/outbox.h"

#include <gtest/gtest.h>

#include <atomic>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/synchronization/notification.h"
#include "client/monotonic_clock.h"
#include "storage/record/error.h"
#include "storage/record/partitioner.h"

namespace leat::client {
namespace {

constexpr absl::Duration kNoWait = absl::ZeroDuration();

class OutboxTest : public testing::Test {
 protected:
  OutboxTest() {
    options_.linger = absl::ZeroDuration();
    options_.batch_bytes = 200;
    options_.buffer_bytes = 1000;
    Learn(4);
  }

  void Learn(uint32_t partition_count, const std::string& id = "id") {
    outbox_.Learn("t",
                  {.topic_id = id,
                   .partition_count = partition_count,
                   .max_record_bytes = 500,
                   .max_batch_bytes = 500},
                  MonotonicNow());
  }

  absl::Status Add(const OutgoingRecord& record) {
    return outbox_.Add("t", record, nullptr, kNoWait, MonotonicNow()).status();
  }

  std::optional<Outbox::Outgoing> Take() { return outbox_.TakeForSend(MonotonicNow()); }

  void Answer(uint64_t request_id, const SendResult& result) {
    std::vector<CompletedBatch> completed;
    outbox_.OnAnswer(request_id, result, MonotonicNow(), &completed);
    for (CompletedBatch& done : completed) outbox_.Release(*done.batch);
  }

  ProducerOptions options_{.idempotent = false};
  Outbox outbox_{options_};
};

TEST_F(OutboxTest, KeysChooseTheirPartition) {
  for (const char* key : {"a", "b", "c", "d", ""}) {
    ASSERT_TRUE(Add({.key = key}).ok());
    const auto outgoing = Take();
    EXPECT_EQ(outgoing->batch->target().partition, record::PartitionForKey(key, 4)) << key;
    EXPECT_EQ(outgoing->batch->target().topic_id, "id");
  }
}

TEST_F(OutboxTest, RecordsWithoutKeyStayTogetherUntilTheBatchIsFull) {
  options_.buffer_bytes = 10'000;
  std::set<uint32_t> partitions;
  for (int i = 0; i < 12; ++i) {
    ASSERT_TRUE(Add({.value = std::string(50, 'x')}).ok());
  }
  int batches = 0;
  while (const auto outgoing = Take()) {
    partitions.insert(outgoing->batch->target().partition);
    ++batches;
  }
  EXPECT_EQ(batches, 4);
  EXPECT_EQ(partitions.size(), 4u);
}

TEST_F(OutboxTest, RecordsWithoutKeyGoElsewhereAfterEachBatch) {
  std::set<uint32_t> partitions;
  for (int i = 0; i < 4; ++i) {
    ASSERT_TRUE(Add({.value = "x"}).ok());
    partitions.insert(Take()->batch->target().partition);
  }
  EXPECT_EQ(partitions.size(), 4u);
}

TEST_F(OutboxTest, NamedPartitionMustExist) {
  ASSERT_TRUE(Add({.partition = 3}).ok());
  EXPECT_EQ(Take()->batch->target().partition, 3u);
  EXPECT_EQ(record::ReasonOf(Add({.partition = 4})), record::Reason::kPartitionNotFound);
}

TEST_F(OutboxTest, PartitionsTakeTurns) {
  options_.max_in_flight_per_partition = 8;
  for (int i = 0; i < 3; ++i) {
    for (uint32_t partition : {0, 1}) {
      ASSERT_TRUE(Add({.value = std::string(90, 'x'), .partition = partition}).ok());
      ASSERT_TRUE(Add({.value = std::string(90, 'x'), .partition = partition}).ok());
    }
    std::vector<uint32_t> order;
    std::vector<uint64_t> requests;
    while (const auto outgoing = Take()) {
      order.push_back(outgoing->batch->target().partition);
      requests.push_back(outgoing->request_id);
    }
    ASSERT_EQ(order.size(), 4u);
    EXPECT_NE(order[0], order[1]);
    EXPECT_NE(order[2], order[3]);
    for (uint64_t request_id : requests) Answer(request_id, {});
  }
}

TEST_F(OutboxTest, RefusesOneBadRecordWithoutHarmToOthers) {
  ASSERT_TRUE(Add({.value = "a"}).ok());
  EXPECT_EQ(record::ReasonOf(Add({.value = std::string(600, 'x')})), record::Reason::kTooLarge);
  ASSERT_TRUE(Add({.value = "b"}).ok());
  EXPECT_EQ(Take()->batch->record_count(), 2u);
}

TEST_F(OutboxTest, BoundsMemory) {
  int taken = 0;
  while (Add({.value = std::string(100, 'x')}).ok()) ++taken;
  EXPECT_GT(taken, 2);
  EXPECT_LE(taken, 10);
  EXPECT_TRUE(absl::IsResourceExhausted(Add({.value = std::string(100, 'x')})));
  // An answer makes room, for as much as it frees.
  const auto outgoing = Take();
  Answer(outgoing->request_id, {});
  EXPECT_TRUE(Add({.value = std::string(100, 'x')}).ok());
}

TEST_F(OutboxTest, SendersWaitForMemory) {
  while (Add({.value = std::string(100, 'x')}).ok()) {
  }
  std::atomic<bool> added = false;
  std::thread sender([&] {
    EXPECT_TRUE(outbox_
                    .Add("t", {.value = std::string(100, 'x')}, nullptr, absl::InfiniteDuration(),
                         MonotonicNow())
                    .ok());
    added = true;
  });
  EXPECT_FALSE(added);
  while (!added) {
    if (const auto outgoing = Take()) Answer(outgoing->request_id, {});
  }
  sender.join();
}

TEST_F(OutboxTest, LearnsThatATopicChanged) {
  EXPECT_FALSE(outbox_.IsFresh("other", MonotonicNow()));
  EXPECT_TRUE(outbox_.IsFresh("t", MonotonicNow()));
  EXPECT_FALSE(outbox_.IsFresh("t", MonotonicNow() + options_.topic_refresh_interval));
  ASSERT_TRUE(Add({}).ok());
  SendResult recreated;
  recreated.status = record::MakeError(record::Reason::kTopicRecreated, "");
  Answer(Take()->request_id, recreated);
  EXPECT_FALSE(outbox_.IsFresh("t", MonotonicNow()));
  Learn(8, "new id");
  EXPECT_TRUE(outbox_.IsFresh("t", MonotonicNow()));
  ASSERT_TRUE(Add({.partition = 7}).ok());
  EXPECT_EQ(Take()->batch->target().topic_id, "new id");
}

TEST_F(OutboxTest, FlushWaitsForWhatWasAddedBeforeOnly) {
  ASSERT_TRUE(Add({.partition = 0}).ok());
  const uint64_t mark = outbox_.last_batch_id();
  ASSERT_TRUE(Add({.partition = 1}).ok());
  EXPECT_FALSE(outbox_.WaitReleased(mark, kNoWait));
  const auto first = Take();
  const auto second = Take();
  Answer(first->batch->id() == mark ? first->request_id : second->request_id, {});
  EXPECT_TRUE(outbox_.WaitReleased(mark, kNoWait));
  EXPECT_FALSE(outbox_.WaitReleased(outbox_.last_batch_id(), kNoWait));
}

TEST_F(OutboxTest, WhyAProducerCannotBeInitialisedIsTold) {
  options_.idempotent = true;
  Learn(4, "id2");
  ASSERT_TRUE(Add({.value = "v"}).ok());
  const absl::Time now = MonotonicNow();
  const auto topic = outbox_.TopicToRenew(now);
  ASSERT_TRUE(topic.has_value());
  std::vector<CompletedBatch> completed;
  const absl::Status why = record::MakeError(record::Reason::kInvalidField, "no such name");
  outbox_.Renew(*topic, why, now, &completed);
  EXPECT_EQ(outbox_.Obstacle(absl::OkStatus()), why);
  outbox_.Expire(now + absl::Hours(1), absl::OkStatus(), &completed);
  ASSERT_EQ(completed.size(), 1u);
  EXPECT_NE(completed[0].first.status.message().find("no such name"), std::string::npos);
  outbox_.Release(*completed[0].batch);

  outbox_.Renew(*topic, ProducerIdentity{.producer_id = 7}, now, &completed);
  ASSERT_TRUE(Add({.value = "v"}).ok());
  EXPECT_TRUE(outbox_.Obstacle(absl::OkStatus()).ok());
}

TEST_F(OutboxTest, WhatIsBeingInitialisedIsNotAskedForAgain) {
  options_.idempotent = true;
  Learn(4, "id2");
  const absl::Time now = MonotonicNow();
  const auto topic = outbox_.TopicToRenew(now);
  ASSERT_TRUE(topic.has_value());
  outbox_.BeginRenewal(*topic);
  EXPECT_FALSE(outbox_.TopicToRenew(now + absl::Hours(1)).has_value());
  std::vector<CompletedBatch> completed;
  outbox_.Renew(*topic, absl::UnavailableError("away"), now, &completed);
  EXPECT_FALSE(outbox_.TopicToRenew(now).has_value());
  EXPECT_TRUE(outbox_.TopicToRenew(now + absl::Seconds(1)).has_value());
  outbox_.BeginRenewal(*topic);
  Learn(4, "id3");
  outbox_.Renew(*topic, ProducerIdentity{.producer_id = 7}, now, &completed);
  ASSERT_TRUE(outbox_.TopicToRenew(now).has_value()) << "the topic is another one by now";
  EXPECT_EQ(outbox_.TopicToRenew(now)->topic_id, "id3");
}

TEST_F(OutboxTest, WhoWasFencedBeginsAgainInATopicThatWasMadeAnew) {
  ASSERT_TRUE(Add({.partition = 0}).ok());
  const absl::Status fenced = record::MakeError(record::Reason::kProducerFenced, "another has it");
  Answer(Take()->request_id, {.status = fenced, .outcome = AppendOutcome::kNotAppended});
  EXPECT_EQ(Add({.partition = 0}), fenced);
  Learn(4);
  EXPECT_EQ(Add({.partition = 0}), fenced);
  Learn(4, "id2");
  EXPECT_TRUE(Add({.partition = 0}).ok());
}

}  // namespace
}  // namespace leat::client
