#include <filesystem>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/server/broker/broker_fixture.h"
#include "tests/server/broker/matchers.h"

namespace leat::broker {
namespace {

using record::Reason;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

class BrokerTopicsTest : public BrokerTest {
 protected:
  std::vector<std::string> Names(std::string_view prefix, std::string_view after, size_t limit) {
    std::vector<std::string> names;
    for (const TopicHandle& topic : broker().ListTopics(prefix, after, limit)) {
      names.push_back(topic->name);
    }
    return names;
  }
};

TEST_P(BrokerTopicsTest, ATopicIsFoundByNameAndIdFromTheMomentItsCreationIsAnswered) {
  ASSERT_THAT(Start(), IsOk());
  const absl::StatusOr<TopicHandle> created = Create("events", 3);
  ASSERT_THAT(created, IsOk());
  EXPECT_EQ((*created)->partition_count, 3u);
  const std::string id = FormatUuid((*created)->id);
  EXPECT_EQ(**broker().FindTopic("events"), **created);
  EXPECT_EQ(**broker().FindTopic("events", id), **created);
  EXPECT_THAT(broker().FindTopic("event"), HasReason(Reason::kTopicNotFound));
  const std::string other_id = FormatUuid(MakeUuid(1, 2));
  EXPECT_THAT(broker().FindTopic("events", other_id), HasReason(Reason::kTopicRecreated));
  EXPECT_THAT(Create("events"), HasReason(Reason::kTopicAlreadyExists));
  for (uint32_t partition = 0; partition < 3; ++partition) {
    EXPECT_THAT(Append(*created, partition, "x"), IsOk());
  }
  EXPECT_THAT(Append(*created, 3, "x"), HasReason(Reason::kPartitionNotFound));
}

TEST_P(BrokerTopicsTest, TopicsAreListedByNamePageByPage) {
  ASSERT_THAT(Start(), IsOk());
  for (const char* name : {"b.1", "a", "b.3", "c", "b.2"}) ASSERT_THAT(Create(name), IsOk());
  EXPECT_THAT(Names("", "", 10), ElementsAre("a", "b.1", "b.2", "b.3", "c"));
  EXPECT_THAT(Names("", "", 2), ElementsAre("a", "b.1"));
  EXPECT_THAT(Names("", "b.1", 2), ElementsAre("b.2", "b.3"));
  EXPECT_THAT(Names("b.", "", 10), ElementsAre("b.1", "b.2", "b.3"));
  EXPECT_THAT(Names("b.", "b.2", 10), ElementsAre("b.3"));
  EXPECT_THAT(Names("b.", "a", 1), ElementsAre("b.1"));
  EXPECT_THAT(Names("b.", "c", 10), IsEmpty());
}

TEST_P(BrokerTopicsTest, ChangesAreInForceWhenAnsweredAndSurviveARestart) {
  ASSERT_THAT(Start(), IsOk());
  const TopicHandle created = *Create("events", 1);
  const auto updated = Wait<TopicHandle>([&](auto done) {
    broker().UpdateTopic(
        created, [](TopicSettings& settings) { settings.retention_bytes = 12345; },
        std::move(done));
  });
  ASSERT_THAT(updated, IsOk());
  EXPECT_EQ((*updated)->settings.retention_bytes, 12345u);
  // From an older handle: what changed meanwhile stays.
  const auto grown =
      Wait<TopicHandle>([&](auto done) { broker().AddPartitions(created, 4, std::move(done)); });
  ASSERT_THAT(grown, IsOk());
  EXPECT_EQ((*grown)->settings.retention_bytes, 12345u);
  EXPECT_THAT(Append(created, 3, "x"), IsOk());
  EXPECT_THAT(
      Wait<TopicHandle>([&](auto done) { broker().AddPartitions(created, 2, std::move(done)); }),
      HasReason(Reason::kInvalidField));

  ASSERT_THAT(Stop(), IsOk());
  ASSERT_THAT(Start(), IsOk());
  EXPECT_EQ(**broker().FindTopic("events"), **grown);
  EXPECT_THAT(ReadAll(*grown, 3), ElementsAre("x"));
}

TEST_P(BrokerTopicsTest, ADeletedTopicIsGoneForEveryCallAndFromTheDisk) {
  ASSERT_THAT(Start(), IsOk());
  const TopicHandle topic = *Create("events", 2);
  ASSERT_THAT(Append(topic, 0, "x"), IsOk());
  ASSERT_THAT(Append(topic, 1, "y"), IsOk());
  absl::Notification ended;
  absl::StatusOr<FetchResult> waiting;
  broker().Fetch({.topic = topic, .from = {1}, .wait = true}, [&](auto result) {
    waiting = std::move(result);
    ended.Notify();
  });
  ASSERT_THAT(Delete(topic), IsOk());
  ended.WaitForNotification();
  EXPECT_THAT(waiting, HasReason(Reason::kTopicNotFound));
  EXPECT_THAT(broker().FindTopic("events"), HasReason(Reason::kTopicNotFound));
  EXPECT_THAT(Append(topic, 0, "x"), HasReason(Reason::kTopicNotFound));
  EXPECT_THAT(Fetch(topic, 0, 0), HasReason(Reason::kTopicNotFound));
  EXPECT_THAT(Describe(topic), HasReason(Reason::kTopicNotFound));
  EXPECT_THAT(Delete(topic), HasReason(Reason::kTopicNotFound));

  ASSERT_THAT(Stop(), IsOk());
  EXPECT_THAT(List("topics"), IsEmpty());
  ASSERT_THAT(Start(), IsOk());
  EXPECT_THAT(broker().FindTopic("events"), HasReason(Reason::kTopicNotFound));
  EXPECT_THAT(broker().recovery().findings, IsEmpty());
}

TEST_P(BrokerTopicsTest, ATopicMadeAgainIsAnother) {
  ASSERT_THAT(Start(), IsOk());
  const TopicHandle old_topic = *Create("events");
  ASSERT_THAT(Append(old_topic, 0, "old"), IsOk());
  ASSERT_THAT(Delete(old_topic), IsOk());
  const TopicHandle new_topic = *Create("events");
  EXPECT_NE(new_topic->id, old_topic->id);
  EXPECT_THAT(Append(old_topic, 0, "x"), HasReason(Reason::kTopicRecreated));
  EXPECT_THAT(Fetch(old_topic, 0, 0), HasReason(Reason::kTopicRecreated));
  EXPECT_THAT(Delete(old_topic), HasReason(Reason::kTopicRecreated));
  ASSERT_THAT(Append(new_topic, 0, "new"), IsOk());
  EXPECT_THAT(ReadAll(new_topic, 0), ElementsAre("new"));
}

TEST_P(BrokerTopicsTest, LimitsAreKept) {
  BrokerOptions options = DefaultOptions();
  options.max_topics = 2;
  options.max_partitions_per_topic = 3;
  ASSERT_THAT(Start(options), IsOk());
  EXPECT_THAT(Create("wide", 4), HasReason(Reason::kLimitReached));
  const TopicHandle first = *Create("first", 3);
  ASSERT_THAT(Create("second"), IsOk());
  EXPECT_THAT(Create("third"), HasReason(Reason::kLimitReached));
  EXPECT_THAT(
      Wait<TopicHandle>([&](auto done) { broker().AddPartitions(first, 4, std::move(done)); }),
      HasReason(Reason::kLimitReached));
  ASSERT_THAT(Delete(first), IsOk());
  EXPECT_THAT(Create("third"), IsOk());
}

TEST_P(BrokerTopicsTest, ThousandsOfIdlePartitionsCostNothingOnDiskAndLittleAtStart) {
  ASSERT_THAT(Start(), IsOk());
  for (int i = 0; i < 1'000; ++i) {
    ASSERT_THAT(Create("topic-" + std::to_string(i), 10), IsOk());
  }
  ASSERT_THAT(Stop(), IsOk());
  EXPECT_THAT(List("topics"), IsEmpty());
  ASSERT_THAT(Start(), IsOk());
  EXPECT_THAT(broker().ListTopics("", "", 5'000), SizeIs(1'000));
  EXPECT_EQ(broker().recovery().partitions_opened, 0u);
  EXPECT_LT(broker().recovery().duration, absl::Seconds(1));
}

INSTANTIATE_TEST_SUITE_P(Backends, BrokerTopicsTest,
                         testing::Values(io::IoBackendChoice::kUring, io::IoBackendChoice::kPosix),
                         BackendParamName);

}  // namespace
}  // namespace leat::broker
