// Groups on a whole broker: which log they live in, and what is left of them after a stop, a power
// cut and damage.

#include "server/group_host.h"

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/broker/internal_log_id.h"
#include "storage/io/simulated_file_system.h"
#include "tests/server/broker/matchers.h"
#include "tests/server/broker/simulated_broker.h"

namespace leat::server {
namespace {

using broker::HasReason;
using broker::IsOk;
using record::Reason;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

namespace command = group::command;
namespace event = group::event;

// Keeps what a member is told.
struct Stream : group::MemberChannel {
  void Send(group::MemberEvent told) override { events.push_back(std::move(told)); }

  template <typename Event>
  const Event* First() const {
    for (const group::MemberEvent& one : events) {
      if (const auto* found = std::get_if<Event>(&one)) return found;
    }
    return nullptr;
  }

  std::vector<group::MemberEvent> events;
};

class GroupHostTest : public testing::Test {
 protected:
  void SetUp() override { Start(); }
  void TearDown() override { host_.reset(); }

  void Start() {
    ASSERT_THAT(server_.Start(), IsOk());
    host_ = std::make_unique<GroupHost>(server_.broker(), group::GroupLog::Options{});
    Await([this](io::Task loaded) { host_->Load(std::move(loaded)); });
    host_->Start();
  }
  void Stop() {
    Await([this](io::Task closed) { host_->Close(std::move(closed)); });
    host_.reset();
    ASSERT_THAT(server_.Stop(), IsOk());
  }
  void CutPower() {
    host_.reset();
    server_.CutPower(1);
  }

  void Await(const std::function<void(io::Task)>& begin) {
    (void)server_.Wait<bool>([&](auto done) { begin([done]() mutable { done(true); }); });
  }

  absl::StatusOr<group::Outcome> Submit(group::GroupCommand command) {
    return server_.Wait<group::Outcome>(
        [&](auto done) { host_->Submit(std::move(command), std::move(done)); });
  }
  absl::StatusOr<group::GroupDescription> Describe(const std::string& name) {
    return server_.Wait<group::GroupDescription>(
        [&](auto done) { host_->Describe(name, std::move(done)); });
  }
  absl::StatusOr<std::vector<std::string>> List(const std::string& prefix, const std::string& after,
                                                size_t limit) {
    auto listed = server_.Wait<std::vector<group::GroupSummary>>(
        [&](auto done) { host_->List(prefix, after, limit, std::move(done)); });
    if (!listed.ok()) return listed.status();
    std::vector<std::string> names;
    for (const group::GroupSummary& group : *listed) names.push_back(group.name);
    return names;
  }

  // A group without members, made by a commit.
  absl::Status Make(const std::string& name, const broker::TopicHandle& topic) {
    return Submit(command::Commit{.group = name, .positions = {{{{topic->id, 0}, 0}, 0, 0}}})
        .status();
  }

  std::shared_ptr<Stream> Join(command::Join join) {
    auto stream = std::make_shared<Stream>();
    host_->Join(std::move(join), stream);
    // Time for what goes before, and for the rebalance.
    server_.Advance(absl::Seconds(1));
    return stream;
  }
  static command::Join JoinOf(const std::string& group, const std::string& topic) {
    command::Join join;
    join.group = group;
    join.subscription.topics = {topic};
    return join;
  }

  broker::SimulatedBroker server_{1};
  std::unique_ptr<GroupHost> host_;
};

// As told by docs/disk_format.md, so that no release looks for a group elsewhere.
TEST(GroupHostHashTest, IsPartOfTheFormat) {
  const std::map<std::string, uint32_t> known = {{"billing", 1},      {"analytics", 3}, {"a", 12},
                                                 {"mail-sender", 10}, {"g0", 13},       {"g5", 15}};
  for (const auto& [name, number] : known) EXPECT_EQ(GroupHost::LogNumber(name), number) << name;
}

TEST_F(GroupHostTest, AGroupLivesInTheLogThatItsNameTells) {
  const broker::TopicHandle topic = *server_.Create("events");
  ASSERT_THAT(Make("billing", topic), IsOk());
  const std::string directory = std::to_string(GroupHost::LogNumber("billing")) + "/";
  EXPECT_THAT(*server_.disk().List("/data/internal/groups"), ElementsAre(directory));
  EXPECT_THAT(Describe("billing"), IsOk());
  EXPECT_THAT(Describe("other"), HasReason(Reason::kGroupNotFound));
}

TEST_F(GroupHostTest, AMemberGetsItsPartitions) {
  ASSERT_THAT(server_.Create("events", 3), IsOk());
  const auto stream = Join(JoinOf("billing", "events"));
  ASSERT_NE(stream->First<event::Joined>(), nullptr);
  ASSERT_NE(stream->First<event::Assigned>(), nullptr);
  EXPECT_THAT(stream->First<event::Assigned>()->partitions, SizeIs(3));
  const auto described = Describe("billing");
  ASSERT_THAT(described, IsOk());
  EXPECT_THAT(described->connected, ElementsAre(stream->First<event::Joined>()->member_id));
  host_->StreamLost({"billing", stream->First<event::Joined>()->member_id, 1});
  EXPECT_THAT(Describe("billing")->connected, IsEmpty());
  server_.Advance(absl::Minutes(1));
  EXPECT_THAT(Describe("billing")->group.members, IsEmpty());
}

TEST_F(GroupHostTest, TopicsThatAreMadeLaterAreTakenUp) {
  const auto stream = Join(JoinOf("billing", "events"));
  EXPECT_EQ(stream->First<event::Assigned>(), nullptr);
  const broker::TopicHandle topic = *server_.Create("events");
  server_.Advance(absl::Seconds(1));
  ASSERT_NE(stream->First<event::Assigned>(), nullptr);
  EXPECT_THAT(stream->First<event::Assigned>()->partitions, SizeIs(1));
  stream->events.clear();
  (void)server_.Wait<broker::TopicHandle>(
      [&](auto done) { server_.broker().AddPartitions(topic, 4, done); });
  server_.Advance(absl::Seconds(1));
  ASSERT_NE(stream->First<event::Assigned>(), nullptr);
  EXPECT_THAT(stream->First<event::Assigned>()->partitions, SizeIs(3));
  ASSERT_THAT(server_.Delete(topic), IsOk());
  server_.Advance(absl::Seconds(1));
  EXPECT_THAT(Describe("billing")->group.partitions, IsEmpty());
}

class GroupHostRestartTest : public GroupHostTest, public testing::WithParamInterface<bool> {
 protected:
  void Restart() {
    if (GetParam()) {
      ASSERT_NO_FATAL_FAILURE(Stop());
    } else {
      CutPower();
    }
    ASSERT_NO_FATAL_FAILURE(Start());
    EXPECT_EQ(server_.broker().recovery().clean_shutdown, GetParam());
    EXPECT_THAT(server_.broker().recovery().findings, IsEmpty());
  }
};

TEST_P(GroupHostRestartTest, MembersAndCommitsStay) {
  const broker::TopicHandle topic = *server_.Create("events");
  for (int i = 0; i < 5; ++i) ASSERT_THAT(server_.Append(topic, 0, "x"), IsOk());
  const auto stream = Join(JoinOf("billing", "events"));
  ASSERT_NE(stream->First<event::Assigned>(), nullptr);
  const event::Joined joined = *stream->First<event::Joined>();
  const group::Assignment assignment =
      stream->First<event::Assigned>()->partitions.front().assignment;
  command::Commit commit{.group = "billing",
                         .member = group::MemberRef{"billing", joined.member_id, 1},
                         .positions = {{assignment, 4, 5}}};
  const auto committed = Submit(commit);
  ASSERT_THAT(committed, IsOk());
  ASSERT_THAT(committed->front().status, IsOk());
  ASSERT_NO_FATAL_FAILURE(Restart());

  const auto described = Describe("billing");
  ASSERT_THAT(described, IsOk());
  ASSERT_TRUE(described->group.members.contains(joined.member_id));
  EXPECT_EQ(described->group.partitions.at(assignment.partition).committed, 4);
  EXPECT_EQ(described->group.partitions.at(assignment.partition).owner, joined.member_id);
  EXPECT_THAT(described->connected, IsEmpty());
  command::Join again = JoinOf("billing", "events");
  again.resume = {.member_id = joined.member_id, .member_epoch = 1};
  const auto resumed = Join(std::move(again));
  ASSERT_NE(resumed->First<event::Joined>(), nullptr);
  EXPECT_TRUE(resumed->First<event::Joined>()->resumed);
  EXPECT_EQ(resumed->First<event::Assigned>()->partitions.front().committed, 4);
}

TEST_P(GroupHostRestartTest, TheNumberOfShardsMayChange) {
  const broker::TopicHandle topic = *server_.Create("events");
  for (int i = 0; i < 40; ++i) ASSERT_THAT(Make("group-" + std::to_string(i), topic), IsOk());
  for (uint32_t shards : {1, 3, 17}) {
    server_.options().shard_count = shards;
    ASSERT_NO_FATAL_FAILURE(Restart());
    for (int i = 0; i < 40; ++i) EXPECT_THAT(Describe("group-" + std::to_string(i)), IsOk());
  }
}

INSTANTIATE_TEST_SUITE_P(, GroupHostRestartTest, testing::Bool(),
                         [](const auto& info) { return info.param ? "AfterAStop" : "AfterACut"; });

TEST_F(GroupHostTest, TheListIsInOrderOverAllLogs) {
  const broker::TopicHandle topic = *server_.Create("events");
  for (const char* name : {"c", "a", "bb", "d", "b", "ba", "bc"}) {
    ASSERT_THAT(Make(name, topic), IsOk());
  }
  EXPECT_THAT(*List("", "", 100), ElementsAre("a", "b", "ba", "bb", "bc", "c", "d"));
  EXPECT_THAT(*List("b", "", 2), ElementsAre("b", "ba"));
  EXPECT_THAT(*List("b", "ba", 2), ElementsAre("bb", "bc"));
  EXPECT_THAT(*List("b", "bc", 2), IsEmpty());
}

TEST_F(GroupHostTest, DamageTakesTheGroupsOfOneLogOutOfService) {
  const broker::TopicHandle topic = *server_.Create("events");
  ASSERT_NE(GroupHost::LogNumber("billing"), GroupHost::LogNumber("analytics"));
  const std::string path = "/data/internal/groups/" +
                           std::to_string(GroupHost::LogNumber("billing")) +
                           "/00000000000000000000.log";
  // In the header of the segment, which recovery sees; in a record, which reading the groups finds.
  for (int64_t position : {20, 4096 + 64 + 128 + 2}) {
    SCOPED_TRACE(position);
    ASSERT_THAT(Make("billing", topic), IsOk());
    ASSERT_THAT(Make("analytics", topic), IsOk());
    ASSERT_NO_FATAL_FAILURE(Stop());
    ASSERT_THAT(server_.disk().Corrupt(path, {static_cast<uint64_t>(position)}, 1), IsOk());
    ASSERT_NO_FATAL_FAILURE(Start());

    EXPECT_THAT(Describe("billing"), HasReason(Reason::kLogCorrupt));
    EXPECT_THAT(Make("billing", topic), HasReason(Reason::kLogCorrupt));
    const auto stream = Join(JoinOf("billing", "events"));
    ASSERT_THAT(stream->events, SizeIs(1));
    EXPECT_THAT(stream->First<event::Closed>()->status, HasReason(Reason::kLogCorrupt));
    EXPECT_THAT(List("", "", 100), HasReason(Reason::kLogCorrupt));
    EXPECT_THAT(Describe("analytics"), IsOk());
    EXPECT_THAT(Make("analytics", topic), IsOk());

    // The same bytes again: they were left alone.
    ASSERT_NO_FATAL_FAILURE(Stop());
    ASSERT_THAT(server_.disk().Corrupt(path, {static_cast<uint64_t>(position)}, 1), IsOk());
    ASSERT_NO_FATAL_FAILURE(Start());
    EXPECT_THAT(Describe("billing"), IsOk());
  }
}

TEST_F(GroupHostTest, WhileItStopsStreamsEndAndCallsAreRefused) {
  const broker::TopicHandle topic = *server_.Create("events");
  const auto stream = Join(JoinOf("billing", "events"));
  Await([this](io::Task closed) { host_->Close(std::move(closed)); });
  ASSERT_NE(stream->First<event::Closed>(), nullptr);
  EXPECT_THAT(stream->First<event::Closed>()->status, HasReason(Reason::kServerStopping));
  EXPECT_THAT(Make("billing", topic), HasReason(Reason::kServerStopping));
  const auto late = Join(JoinOf("billing", "events"));
  ASSERT_THAT(late->events, SizeIs(1));
  EXPECT_THAT(late->First<event::Closed>()->status, HasReason(Reason::kServerStopping));
}

TEST_F(GroupHostTest, WhatComesAfterTheStopIsAnsweredToo) {
  Await([this](io::Task closed) { host_->Close(std::move(closed)); });
  ASSERT_THAT(server_.broker().Stop(), IsOk());
  auto stream = std::make_shared<Stream>();
  host_->Join(JoinOf("billing", "events"), stream);
  ASSERT_THAT(stream->events, SizeIs(1));
  EXPECT_THAT(stream->First<event::Closed>()->status, HasReason(Reason::kServerStopping));
  absl::Status answer;
  host_->Describe("billing", [&](const auto& described) { answer = described.status(); });
  EXPECT_THAT(answer, HasReason(Reason::kServerStopping));
  host_->List("", "", 10, [&](const auto& listed) { answer = listed.status(); });
  EXPECT_THAT(answer, HasReason(Reason::kServerStopping));
}

}  // namespace
}  // namespace leat::server
