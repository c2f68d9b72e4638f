#include "server/broker/topic_state.h"

#include <random>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/server/broker/matchers.h"
#include "tests/server/broker/topic_commands.h"

namespace leat::broker {
namespace {

using record::Reason;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;
using testing::SizeIs;

class TopicStateTest : public testing::Test {
 protected:
  // Handles a command and applies what it decides; checks that the answer is the new state.
  absl::StatusOr<TopicHandle> Do(const TopicCommand& command) {
    ++now_ms_;
    absl::StatusOr<TopicState::Decision> decision =
        state_.Handle(command, now_ms_, MakeUuid(now_ms_, now_ms_));
    if (!decision.ok()) return decision.status();
    records_ = decision->records.size();
    for (const internal::MetadataRecord& record : decision->records) {
      absl::StatusOr<TopicChange> change = state_.Apply(record);
      EXPECT_THAT(change, IsOk());
      const TopicHandle& changed = change->put != nullptr ? change->put : change->removed;
      EXPECT_TRUE(changed == nullptr || *changed == *decision->topic);
      change_ = *change;
    }
    return decision->topic;
  }

  TopicState state_{
      TopicLimits{.max_topics = 3, .max_partitions_per_topic = 8, .max_producers_per_topic = 3}};
  int64_t now_ms_ = 1'000;
  size_t records_ = 0;  // Of the last command.
  TopicChange change_;
};

TEST_F(TopicStateTest, CreatesATopic) {
  const TopicSettings settings{.retention_bytes = 5, .durability = Durability::kWritten};
  const auto created = Do(command::CreateTopic{"a", 3, settings});
  ASSERT_THAT(created, IsOk());
  EXPECT_EQ((*created)->create_time_ms, now_ms_);
  EXPECT_EQ((*created)->settings, settings);
  EXPECT_EQ(*state_.FindName("a"), **created);
  EXPECT_EQ(*state_.FindId((*created)->id), **created);
  EXPECT_THAT(Do(command::CreateTopic{"a", 1}), HasReason(Reason::kTopicAlreadyExists));
}

TEST_F(TopicStateTest, KeepsLimits) {
  EXPECT_THAT(Do(command::CreateTopic{"a", 9}), HasReason(Reason::kLimitReached));
  EXPECT_THAT(Do(command::CreateTopic{"a", 0}), HasReason(Reason::kInvalidField));
  for (const char* name : {"a", "b", "c"}) ASSERT_THAT(Do(command::CreateTopic{name, 8}), IsOk());
  EXPECT_THAT(Do(command::CreateTopic{"d", 1}), HasReason(Reason::kLimitReached));
}

TEST_F(TopicStateTest, ChangesSettingsAsTheyAreThen) {
  const TopicHandle topic = *Do(command::CreateTopic{"a", 1});
  Do(command::UpdateTopic{topic, [](auto& settings) { settings.segment_bytes = 7; }}).IgnoreError();
  Do(command::UpdateTopic{topic, [](auto& settings) { settings.retention_bytes = 8; }})
      .IgnoreError();
  EXPECT_EQ(state_.FindName("a")->settings.segment_bytes, 7u);
  EXPECT_EQ(state_.FindName("a")->settings.retention_bytes, 8u);
  ASSERT_THAT(Do(command::UpdateTopic{topic, [](auto&) {}}), IsOk());
  EXPECT_EQ(records_, 0u);
}

TEST_F(TopicStateTest, AddsPartitionsAndNeverTakesThemAway) {
  const TopicHandle topic = *Do(command::CreateTopic{"a", 2});
  EXPECT_EQ((*Do(command::AddPartitions{topic, 5}))->partition_count, 5u);
  EXPECT_THAT(Do(command::AddPartitions{topic, 4}), HasReason(Reason::kInvalidField));
  EXPECT_THAT(Do(command::AddPartitions{topic, 9}), HasReason(Reason::kLimitReached));
  ASSERT_THAT(Do(command::AddPartitions{topic, 5}), IsOk());
  EXPECT_EQ(records_, 0u);
}

TEST_F(TopicStateTest, TellsATopicThatIsGoneFromOneMadeAgain) {
  const TopicHandle topic = *Do(command::CreateTopic{"a", 1});
  ASSERT_THAT(Do(command::DeleteTopic{topic}), IsOk());
  EXPECT_EQ(state_.FindName("a"), nullptr);
  EXPECT_THAT(state_.deleted(), ElementsAre(topic->id));
  EXPECT_THAT(Do(command::DeleteTopic{topic}), HasReason(Reason::kTopicNotFound));
  ASSERT_THAT(Do(command::CreateTopic{"a", 1}), IsOk());
  EXPECT_THAT(Do(command::DeleteTopic{topic}), HasReason(Reason::kTopicRecreated));
  EXPECT_THAT(Do(command::UpdateTopic{topic, [](auto&) {}}), HasReason(Reason::kTopicRecreated));
  EXPECT_THAT(Do(command::AddPartitions{topic, 2}), HasReason(Reason::kTopicRecreated));
}

TEST_F(TopicStateTest, RemembersADeletedTopicUntilItsDirectoryIsGone) {
  const TopicHandle topic = *Do(command::CreateTopic{"a", 1});
  ASSERT_THAT(Do(command::ForgetTopics{{topic->id}}), IsOk());
  EXPECT_EQ(records_, 0u);
  ASSERT_THAT(Do(command::DeleteTopic{topic}), IsOk());
  ASSERT_THAT(Do(command::ForgetTopics{{topic->id}}), IsOk());
  EXPECT_THAT(state_.deleted(), IsEmpty());
}

TEST_F(TopicStateTest, MovesLogStartsForwardOnly) {
  const TopicHandle topic = *Do(command::CreateTopic{"a", 3});
  const log::PartitionKey first{topic->id, 0};
  const log::PartitionKey last{topic->id, 2};
  ASSERT_THAT(Do(command::MoveLogStarts{{{first, {5}}, {last, {7}}, {first, {4}}}}), IsOk());
  EXPECT_THAT(state_.log_starts(topic->id),
              ElementsAre(Pair(0u, record::Offset{5}), Pair(2u, record::Offset{7})));
  EXPECT_THAT(change_.log_starts, ElementsAre(LogStart{first, {5}}, LogStart{last, {7}}));

  const log::PartitionKey no_partition{topic->id, 3};
  const log::PartitionKey no_topic{MakeUuid(9, 9), 0};
  ASSERT_THAT(
      Do(command::MoveLogStarts{{{first, {5}}, {last, {6}}, {no_partition, {1}}, {no_topic, {1}}}}),
      IsOk());
  EXPECT_EQ(records_, 0u);
}

TEST_F(TopicStateTest, RefusesRecordsThatCannotFollow) {
  internal::MetadataRecord unknown_kind;
  internal::MetadataRecord unknown_topic;
  unknown_topic.mutable_topic_deleted()->set_topic_id(std::string(16, 'x'));
  internal::MetadataRecord short_id;
  short_id.mutable_topic_deleted()->set_topic_id("x");
  internal::MetadataRecord not_deleted;
  not_deleted.mutable_topics_forgotten()->add_topic_ids(std::string(16, 'x'));
  internal::MetadataRecord no_settings;
  no_settings.mutable_topic_created()->set_topic_id(std::string(16, 'x'));
  no_settings.mutable_topic_created()->set_name("x");
  no_settings.mutable_topic_created()->set_partition_count(1);
  for (const internal::MetadataRecord& record :
       {unknown_kind, unknown_topic, short_id, not_deleted, no_settings}) {
    EXPECT_THAT(state_.Apply(record), FailsWith(absl::StatusCode::kDataLoss, ""))
        << record.ShortDebugString();
  }
}

TEST_F(TopicStateTest, AProducerHasOneIdAndRisingEpochs) {
  const TopicHandle topic = *Do(command::CreateTopic{"a", 1});
  ASSERT_THAT(Do(command::InitProducer{topic, "p"}), IsOk());
  EXPECT_EQ(change_.producer->grant, (ProducerGrant{1, 0, 1}));
  ASSERT_THAT(Do(command::InitProducer{topic, "q"}), IsOk());
  EXPECT_EQ(change_.producer->grant, (ProducerGrant{2, 0, 2}));
  ASSERT_THAT(Do(command::InitProducer{topic, "p"}), IsOk());
  EXPECT_EQ(change_.producer->grant, (ProducerGrant{1, 1, 3}));
  EXPECT_EQ(*state_.producers(topic->id).Find("p"), change_.producer->grant);
  ASSERT_THAT(Do(command::DeleteTopic{topic}), IsOk());
  EXPECT_THAT(Do(command::InitProducer{topic, "p"}), HasReason(Reason::kTopicNotFound));
}

// And an id is never given twice.
TEST_F(TopicStateTest, TheNameInitialisedLongestAgoMakesRoom) {
  const TopicHandle topic = *Do(command::CreateTopic{"a", 1});
  for (const char* name : {"p", "q", "r", "p"})
    Do(command::InitProducer{topic, name}).IgnoreError();
  EXPECT_EQ(change_.producer->forgotten_id, std::nullopt);
  ASSERT_THAT(Do(command::InitProducer{topic, "s"}), IsOk());
  EXPECT_EQ(change_.producer->forgotten_id, 2);
  EXPECT_EQ(change_.producer->grant, (ProducerGrant{5, 0, 5}));
  ASSERT_THAT(Do(command::InitProducer{topic, "q"}), IsOk());
  EXPECT_EQ(change_.producer->grant, (ProducerGrant{6, 0, 6}));
}

TEST_F(TopicStateTest, GrantsThatCannotFollowAreRefused) {
  const TopicHandle topic = *Do(command::CreateTopic{"a", 1});
  ASSERT_THAT(Do(command::InitProducer{topic, "p"}), IsOk());
  const std::string before = Describe(state_);
  internal::MetadataRecord record;
  *record.mutable_producer_granted() = state_.Snapshot()[0].snapshot_part().topics(0).producers(0);
  record.mutable_producer_granted()->set_topic_id(
      state_.Snapshot()[0].snapshot_part().topics(0).topic().topic_id());
  EXPECT_TRUE(absl::IsDataLoss(state_.Apply(record).status())) << "twice";
  record.mutable_producer_granted()->set_grant(2);
  EXPECT_TRUE(absl::IsDataLoss(state_.Apply(record).status())) << "the same epoch";
  record.mutable_producer_granted()->set_producer_epoch(1);
  record.mutable_producer_granted()->set_forgotten_name("nobody");
  EXPECT_TRUE(absl::IsDataLoss(state_.Apply(record).status()));
  EXPECT_EQ(Describe(state_), before);
}

// Whatever was done, records and snapshot alike lead to the same state again.
TEST(TopicStateSimulation, StateIsWhatItsRecordsAndItsSnapshotSay) {
  std::mt19937_64 random(1);
  TopicState state{TopicLimits{.max_producers_per_topic = 4}};
  TopicState replayed{TopicLimits{}};
  for (int64_t step = 0; step < 20'000; ++step) {
    const TopicCommand command = RandomCommand(state, random);
    auto decision = state.Handle(command, step, MakeUuid(random(), random()));
    if (!decision.ok()) {
      EXPECT_TRUE(record::ReasonOf(decision.status()).has_value()) << decision.status();
      continue;
    }
    for (const internal::MetadataRecord& record : decision->records) {
      internal::MetadataRecord copy;
      ASSERT_TRUE(copy.ParseFromString(record.SerializeAsString()));
      ASSERT_THAT(state.Apply(record), IsOk());
      ASSERT_THAT(replayed.Apply(copy), IsOk());
    }
    if (step % 500 != 0) continue;
    EXPECT_EQ(Describe(replayed), Describe(state));
    TopicState from_snapshot{TopicLimits{}};
    for (const internal::MetadataRecord& part : state.Snapshot()) {
      ASSERT_THAT(from_snapshot.Apply(part), IsOk());
    }
    EXPECT_EQ(Describe(from_snapshot), Describe(state));
  }
}

TEST(TopicStateSnapshot, ALargeStateTakesSeveralParts) {
  TopicState state{TopicLimits{}};
  for (int64_t i = 0; i < 9'000; ++i) {
    auto decision =
        state.Handle(command::CreateTopic{"a-topic-" + std::to_string(i), 1}, i, MakeUuid(i, i));
    ASSERT_THAT(state.Apply(decision->records.front()), IsOk());
  }
  const std::vector<internal::MetadataRecord> parts = state.Snapshot();
  EXPECT_THAT(parts, SizeIs(testing::Gt(2u)));
  for (size_t i = 0; i < parts.size(); ++i) {
    EXPECT_EQ(parts[i].snapshot_part().index(), i);
    EXPECT_EQ(parts[i].snapshot_part().last(), i + 1 == parts.size());
    EXPECT_LT(parts[i].ByteSizeLong(), 300u << 10);
  }
}

}  // namespace
}  // namespace leat::broker
