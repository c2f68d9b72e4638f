#include "server/group/group_log.h"

#include <algorithm>
#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/server/group/matchers.h"
#include "tests/server/group/simulated_world.h"

namespace leat::group {
namespace {

using record::MakeError;
using record::Reason;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

class GroupLogTest : public testing::Test {
 protected:
  GroupLogTest() {
    options_.limits.revocation_deadline_ms = 3'000;
    topics_.Make("t", 4);
    Open();
    groups_->Start();
  }

  // A process begins on what the disk holds.
  void Open() {
    groups_.reset();
    timers_.Reset();
    auto log = std::make_unique<SimulatedRecordLog>(&disk_);
    log_ = log.get();
    groups_ = std::make_unique<GroupLog>(
        std::move(log),
        GroupLog::Surroundings{&timers_, &topics_,
                               [this] { return "m" + std::to_string(++last_member_); },
                               &group_count_},
        options_);
    absl::Status loaded = absl::UnknownError("");
    groups_->Load([&](absl::Status status) { loaded = std::move(status); });
    Drain();
    ASSERT_THAT(loaded, IsOk());
  }

  void Drain() {
    while (log_->Step()) {
    }
  }

  // Lets time pass and everything become durable.
  void Pass(int64_t ms) {
    Drain();
    timers_.Advance(ms);
    Drain();
  }

  std::shared_ptr<RecordingChannel> Join(const std::string& instance_id = "") {
    auto channel = std::make_shared<RecordingChannel>();
    groups_->Join({.group = "g",
                   .subscription = {{"t"}, {}},
                   .instance_id = instance_id,
                   .session_timeout_ms = 10'000},
                  channel);
    return channel;
  }

  static MemberRef RefOf(const RecordingChannel& channel) {
    const auto joined = channel.All<event::Joined>();
    EXPECT_THAT(joined, SizeIs(1));
    return {"g", joined[0].member_id, joined[0].member_epoch};
  }

  // The status that ended the stream; nullopt while it is open.
  static std::optional<absl::Status> EndOf(const RecordingChannel& channel) {
    const auto closed = channel.All<event::Closed>();
    EXPECT_LE(closed.size(), 1u);
    if (closed.empty()) return std::nullopt;
    EXPECT_TRUE(std::holds_alternative<event::Closed>(channel.events.back()));
    return closed[0].status;
  }

  static Position At(const Assignment& assignment, int64_t next_offset) {
    return {assignment, next_offset, 1'000};
  }

  // Sends a command; its answer is kept in `answers_`.
  void Submit(GroupCommand command) {
    groups_->Submit(std::move(command), [this](absl::StatusOr<Outcome> outcome) {
      answers_.push_back(outcome.ok() && !outcome->empty() ? outcome->front().status
                                                           : outcome.status());
    });
  }

  Group Described() {
    absl::StatusOr<Group> group = absl::UnknownError("");
    groups_->Describe("g", [&](absl::StatusOr<Group> described) { group = std::move(described); });
    Drain();
    EXPECT_THAT(group, IsOk());
    return *std::move(group);
  }

  SimulatedTimers timers_;
  SimulatedTopics topics_;
  SimulatedDisk disk_;
  GroupLog::Options options_;
  uint64_t last_member_ = 0;
  std::atomic<size_t> group_count_ = 0;
  SimulatedRecordLog* log_ = nullptr;
  std::unique_ptr<GroupLog> groups_;
  std::vector<absl::Status> answers_;
};

TEST_F(GroupLogTest, TellsNothingThatIsNotDurable) {
  auto member = Join();
  EXPECT_THAT(member->events, IsEmpty());
  Drain();
  EXPECT_THAT(member->All<event::Joined>(), SizeIs(1));
  timers_.Advance(100);
  EXPECT_THAT(member->All<event::Assigned>(), IsEmpty());
  Drain();
  const auto assigned = member->All<event::Assigned>();
  ASSERT_THAT(assigned, SizeIs(1));
  const Assignment own = assigned[0].partitions[0].assignment;

  // An answer that changes nothing waits for what it follows from.
  const MemberRef ref = RefOf(*member);
  Submit(command::Commit{"g", ref, {At(own, 5)}});
  Submit(command::Commit{"g", ref, {At(own, 4)}});
  bool described = false;
  groups_->Describe("g", [&](const auto&) { described = true; });
  EXPECT_THAT(answers_, IsEmpty());
  EXPECT_FALSE(described);
  EXPECT_EQ(log_->under_way(), 1u);
  Drain();
  EXPECT_THAT(answers_, ElementsAre(IsOk(), IsOk()));
  EXPECT_TRUE(described);
  Submit(command::Commit{"g", ref, {At(own, 4)}});
  EXPECT_THAT(answers_, SizeIs(3));
}

TEST_F(GroupLogTest, CommitsAreUnderWayTogether) {
  auto member = Join();
  Pass(100);
  const MemberRef ref = RefOf(*member);
  const Assignment own = member->All<event::Assigned>()[0].partitions[0].assignment;
  for (int64_t offset = 1; offset <= 100; ++offset) {
    Submit(command::Commit{"g", ref, {At(own, offset)}});
  }
  EXPECT_EQ(log_->under_way(), 100u);
  Drain();
  EXPECT_THAT(answers_, SizeIs(100));
  EXPECT_EQ(Described().partitions.at(own.partition).committed, 100);
}

TEST_F(GroupLogTest, ManyJoinsMakeOneRebalance) {
  std::vector<std::shared_ptr<RecordingChannel>> members;
  for (int i = 0; i < 4; ++i) {
    members.push_back(Join());
    Pass(20);
  }
  Pass(100);
  EXPECT_EQ(Described().epoch, 1u);
  for (const auto& member : members) EXPECT_THAT(member->All<event::Assigned>(), SizeIs(1));
}

TEST_F(GroupLogTest, AMemberWithoutAStreamIsWaitedFor) {
  auto first = Join("i");
  auto other = Join();
  Pass(100);
  groups_->StreamLost(RefOf(*first));
  Pass(9'999);
  EXPECT_THAT(Described().members, SizeIs(2));
  auto second = Join("i");
  Pass(20'000);
  EXPECT_EQ(RefOf(*second).member_id, RefOf(*first).member_id);
  EXPECT_THAT(Described().members, SizeIs(2));
  EXPECT_THAT(other->All<event::Assigned>(), SizeIs(1));

  // The stream that it had before is not the one that is lost now.
  groups_->StreamLost(RefOf(*first));
  Pass(20'000);
  EXPECT_THAT(Described().members, SizeIs(2));
  groups_->StreamLost(RefOf(*second));
  Pass(10'000);
  Pass(100);
  EXPECT_THAT(Described().members, SizeIs(1));
  EXPECT_THAT(other->All<event::Assigned>(), SizeIs(2));
}

TEST_F(GroupLogTest, WhatBecomesFreeGoesToMembersWithAStream) {
  auto one = Join("one");
  auto two = Join("two");
  auto gone = Join("gone");
  Pass(100);
  groups_->StreamLost(RefOf(*two));
  Submit(command::Leave{RefOf(*gone), absl::OkStatus()});
  Pass(100);
  const auto owned_by = [this](const RecordingChannel& channel) {
    const Group group = Described();
    return std::count_if(group.partitions.begin(), group.partitions.end(), [&](const auto& entry) {
      return entry.second.owner == RefOf(channel).member_id;
    });
  };
  EXPECT_EQ(owned_by(*one), 3);
  EXPECT_EQ(owned_by(*two), 1);
  // Back again, it is due its share.
  auto back = Join("two");
  Pass(100);
  EXPECT_THAT(one->All<event::Revoked>(), SizeIs(1));
}

TEST_F(GroupLogTest, ALaterStreamReplacesTheEarlierOne) {
  auto first = Join("i");
  Pass(100);
  auto second = Join("i");
  EXPECT_EQ(EndOf(*first), std::nullopt);
  Drain();
  EXPECT_THAT(*EndOf(*first), HasReason(Reason::kInstanceReplaced));
  EXPECT_EQ(EndOf(*second), std::nullopt);
  EXPECT_THAT(second->All<event::Assigned>(), SizeIs(1));
}

TEST_F(GroupLogTest, AtTheDeadlineARevokedPartitionIsTaken) {
  auto first = Join();
  Pass(100);
  auto second = Join();
  Pass(100);
  ASSERT_THAT(first->All<event::Revoked>(), SizeIs(1));
  EXPECT_THAT(second->All<event::Assigned>(), IsEmpty());
  Pass(2'999);
  EXPECT_THAT(second->All<event::Assigned>(), IsEmpty());
  Pass(1);
  EXPECT_THAT(second->All<event::Assigned>(), SizeIs(1));
  EXPECT_EQ(first->All<event::Revoked>()[1].reason, ChangeReason::kDeadlinePassed);
}

TEST_F(GroupLogTest, AfterARestartMembersKeepWhatTheyHave) {
  auto first = Join();
  auto second = Join();
  Pass(100);
  const MemberRef ref = RefOf(*first);
  const Group before = Described();
  Open();
  EXPECT_TRUE(Described() == before);
  // Not ready yet: no one's time runs out.
  Pass(60'000);
  EXPECT_THAT(Described().members, SizeIs(2));
  groups_->Start();
  Pass(9'999);
  auto resumed = std::make_shared<RecordingChannel>();
  groups_->Join({.group = "g",
                 .subscription = {{"t"}, {}},
                 .session_timeout_ms = 10'000,
                 .resume = command::Join::Resume{ref.member_id, ref.member_epoch}},
                resumed);
  Pass(200);
  EXPECT_TRUE(resumed->All<event::Joined>()[0].resumed);
  EXPECT_THAT(resumed->All<event::Assigned>()[0].partitions, SizeIs(2));
  EXPECT_THAT(Described().members, SizeIs(1));
}

TEST_F(GroupLogTest, ARefusedWriteUndoesAllThatFollowedOnIt) {
  auto member = Join();
  Pass(100);
  const MemberRef ref = RefOf(*member);
  const Assignment own = member->All<event::Assigned>()[0].partitions[0].assignment;
  const Group before = Described();
  log_->FailNext(MakeError(Reason::kDiskFull, "full"));
  auto late = Join();
  Submit(command::Commit{"g", ref, {At(own, 7)}});
  Submit(command::Leave{ref, absl::OkStatus()});
  Drain();
  EXPECT_THAT(answers_, ElementsAre(HasReason(Reason::kDiskFull), HasReason(Reason::kDiskFull)));
  EXPECT_THAT(*EndOf(*member), HasReason(Reason::kServerStarting));
  EXPECT_THAT(*EndOf(*late), HasReason(Reason::kServerStarting));
  EXPECT_TRUE(Described() == before);
  Pass(100);
  auto again = Join();
  Drain();
  EXPECT_THAT(again->All<event::Joined>(), SizeIs(1));
  const Group after = Described();
  Open();
  EXPECT_TRUE(Described() == after);
}

TEST_F(GroupLogTest, AFullDiskIsTriedEverMoreRarely) {
  Join();
  Pass(100);
  // Members do not give up.
  for (int64_t ms = 0; ms < 60'000; ms += 50) {
    log_->FailNext(MakeError(Reason::kDiskFull, "full"));
    Join();
    Pass(50);
  }
  EXPECT_GE(log_->failures(), 10);
  EXPECT_LE(log_->failures(), 20);
  const int failures = log_->failures();
  auto refused = Join();
  Submit(command::DeleteGroup{"g"});
  Drain();
  EXPECT_THAT(*EndOf(*refused), HasReason(Reason::kDiskFull));
  EXPECT_THAT(answers_, ElementsAre(HasReason(Reason::kDiskFull)));
  EXPECT_EQ(log_->failures(), failures);

  log_->FailNext(absl::OkStatus());
  Pass(5'000);
  auto again = Join();
  Drain();
  EXPECT_THAT(again->All<event::Joined>(), SizeIs(1));
  // The next time begins anew.
  log_->FailNext(MakeError(Reason::kDiskFull, "full"));
  Join();
  Pass(100);
  Join();
  Drain();
  EXPECT_EQ(log_->failures(), failures + 1);
}

TEST_F(GroupLogTest, AfterAnUnknownOutcomeNothingIsTakenAnyMore) {
  auto member = Join();
  Pass(100);
  log_->FailNext(MakeError(Reason::kAppendOutcomeUnknown, "flush failed"));
  auto late = Join();
  Drain();
  EXPECT_THAT(*EndOf(*member), HasReason(Reason::kServerStarting));
  auto refused = Join();
  EXPECT_THAT(*EndOf(*refused), HasReason(Reason::kPartitionOffline));
  EXPECT_THAT(Described().members, SizeIs(1));
}

TEST_F(GroupLogTest, ASnapshotKeepsTheLogShort) {
  options_.snapshot_interval_bytes = 1'000;
  Open();
  groups_->Start();
  auto member = Join();
  Pass(100);
  const MemberRef ref = RefOf(*member);
  const Assignment own = member->All<event::Assigned>()[0].partitions[0].assignment;
  for (int64_t offset = 1; offset <= 1'000; ++offset) {
    Submit(command::Commit{"g", ref, {At(own, offset)}});
    if (offset % 10 == 0) Drain();
  }
  EXPECT_GT(disk_.start, 0);
  EXPECT_LT(disk_.records.size(), 100u);
  const Group before = Described();
  Open();
  EXPECT_TRUE(Described() == before);
}

TEST_F(GroupLogTest, ASnapshotKeepsTheLogShortWhereSmallChangesFillBlocks) {
  options_.snapshot_interval_bytes = 100'000;
  disk_.block_bytes = 4'096;
  Open();
  groups_->Start();
  auto member = Join();
  Pass(100);
  const MemberRef ref = RefOf(*member);
  const Assignment own = member->All<event::Assigned>()[0].partitions[0].assignment;
  size_t most = 0;
  for (int64_t offset = 1; offset <= 1'000; ++offset) {
    Submit(command::Commit{"g", ref, {At(own, offset)}});
    Drain();
    most = std::max(most, disk_.records.size());
  }
  EXPECT_LE(most * disk_.block_bytes, 8 * options_.snapshot_interval_bytes + 3 * 4'096);
  EXPECT_GT(most * disk_.block_bytes, 7 * options_.snapshot_interval_bytes);
}

TEST_F(GroupLogTest, GroupsAreCountedOverAllLogs) {
  options_.limits.max_groups = 3;
  group_count_ = 2;  // Another log has these.
  Open();
  groups_->Start();
  Submit(command::Commit{"one", std::nullopt, {{{topics_.At("t", 0), 0}, 0, 0}}});
  Submit(command::Commit{"two", std::nullopt, {{{topics_.At("t", 0), 0}, 0, 0}}});
  auto member = Join();
  Drain();
  EXPECT_THAT(answers_[0], IsOk());
  EXPECT_THAT(answers_[1], HasReason(Reason::kLimitReached));
  EXPECT_THAT(*EndOf(*member), HasReason(Reason::kLimitReached));
  // A group that is deleted makes room, whichever way it is known.
  Open();
  EXPECT_EQ(group_count_, 3u);
  groups_->Start();
  Submit(command::DeleteGroup{"one"});
  Submit(command::Commit{"two", std::nullopt, {{{topics_.At("t", 0), 0}, 0, 0}}});
  Drain();
  EXPECT_THAT(answers_.back(), IsOk());
  EXPECT_EQ(group_count_, 3u);
}

TEST_F(GroupLogTest, AWriteMayFailAtAnyMomentOfASnapshot) {
  options_.snapshot_interval_bytes = 1'000;
  for (int steps_before = 0; steps_before < 60; ++steps_before) {
    Open();
    groups_->Start();
    for (int64_t offset = 1; offset <= 50; ++offset) {
      Submit(command::Commit{"g", std::nullopt, {{{topics_.At("t", 0), 0}, offset, 50}}});
    }
    for (int step = 0; step < steps_before; ++step) log_->Step();
    log_->FailNext(MakeError(Reason::kDiskFull, "full"));
    Drain();
    log_->FailNext(absl::OkStatus());
    Pass(100);
    Submit(command::DeleteGroup{"g"});
    Submit(command::DeleteGroup{"g"});
    Drain();
    EXPECT_THAT(answers_.back(), HasReason(Reason::kGroupNotFound)) << steps_before;
  }
}

TEST_F(GroupLogTest, DeadGroupsExpireUnlessTheClockJumped) {
  auto member = Join();
  Pass(100);
  Submit(command::Leave{RefOf(*member), absl::OkStatus()});
  Drain();
  EXPECT_THAT(*EndOf(*member), IsOk());
  timers_.JumpWallClock(int64_t{365} * 24 * 3'600 * 1'000);
  Pass(options_.expiry_interval_ms - 200);
  EXPECT_THAT(Described().members, IsEmpty());
  timers_.JumpWallClock(int64_t{-365} * 24 * 3'600 * 1'000);
  Pass(options_.expiry_interval_ms);
  EXPECT_THAT(Described().members, IsEmpty());
  Pass(options_.offset_retention_ms);
  Pass(options_.expiry_interval_ms);
  absl::Status status;
  groups_->Describe("g", [&](const absl::StatusOr<Group>& group) { status = group.status(); });
  EXPECT_THAT(status, HasReason(Reason::kGroupNotFound));
}

TEST_F(GroupLogTest, ListsGroups) {
  for (const char* name : {"a", "ba", "bb", "bc", "c"}) {
    Submit(command::Commit{name, std::nullopt, {{{topics_.At("t", 0), 0}, 1, 1}}});
  }
  const auto list = [&](std::string prefix, std::string after, size_t limit) {
    std::vector<std::string> names;
    groups_->List(prefix, after, limit, [&](const auto& groups) {
      for (const GroupSummary& group : *groups) names.push_back(group.name);
    });
    Drain();
    return names;
  };
  EXPECT_THAT(list("", "", 9), ElementsAre("a", "ba", "bb", "bc", "c"));
  EXPECT_THAT(list("b", "", 2), ElementsAre("ba", "bb"));
  EXPECT_THAT(list("b", "bb", 2), ElementsAre("bc"));
}

TEST_F(GroupLogTest, ANewTopicIsTakenUp) {
  auto channel = std::make_shared<RecordingChannel>();
  groups_->Join({.group = "g", .subscription = {{}, {"n.*"}}}, channel);
  Pass(100);
  const TopicInfo topic = topics_.Make("new", 1);
  groups_->OnTopicChanged(topic.id, topic.name);
  Pass(100);
  EXPECT_THAT(channel->All<event::Assigned>(), SizeIs(1));
}

TEST_F(GroupLogTest, ClosingEndsStreamsAndRefusesWhatComes) {
  auto member = Join();
  bool closed = false;
  groups_->Close([&](const absl::Status&) { closed = true; });
  Drain();
  EXPECT_TRUE(closed);
  EXPECT_THAT(member->All<event::Joined>(), SizeIs(1));
  EXPECT_THAT(*EndOf(*member), HasReason(Reason::kServerStopping));
  EXPECT_THAT(*EndOf(*Join()), HasReason(Reason::kServerStopping));
  EXPECT_EQ(timers_.pending(), 0u);
}

}  // namespace
}  // namespace leat::group
