#include "client/consumer.h"

#include <gtest/gtest.h>

#include <string>
#include <thread>

#include "absl/status/status.h"
#include "client/partition_consumer.h"
#include "storage/record/error.h"
#include "tests/client/scripted_group.h"

namespace leat::client {
namespace {

using record::Reason;
using Command = v1::ConsumeRequest;
using CommitMode = ConsumerOptions::CommitMode;

// Tells the story of its partitions: "+0@5 " assigned from offset 5, "-0@7 " revoked at 7, "!0 "
// lost, "~ " disconnected, "= " connected again.
class Story : public AssignmentListener {
 public:
  void OnAssigned(const std::vector<MemberPosition>& partitions, ChangeReason) override {
    for (const auto& p : partitions) Add("+", p, true);
  }
  void OnRevoked(const std::vector<MemberPosition>& partitions, absl::Duration) override {
    for (const auto& p : partitions) Add("-", p, true);
    if (on_revoked) on_revoked();
  }
  void OnLost(const std::vector<MemberPosition>& partitions, ChangeReason) override {
    for (const auto& p : partitions) Add("!", p, false);
  }
  void OnDisconnected(const absl::Status&) override { text += "~ "; }
  void OnReconnected() override { text += "= "; }

  void Add(const std::string& sign, const MemberPosition& p, bool with_offset) {
    text += sign + std::to_string(p.place.partition) +
            (with_offset ? "@" + std::to_string(p.next_offset) : "") + " ";
  }

  std::string text;
  std::function<void()> on_revoked;
};

class ConsumerTest : public testing::Test {
 protected:
  static ConsumerOptions Options(CommitMode commit = CommitMode::kManual) {
    return {.group = "g", .topics = {"t"}, .commit = commit};
  }

  Client Connect() { return Client::Connect({.target = server_.target()}); }

  // Takes `count` events into the story: "0:5 " is the record at offset 5 of partition 0.
  void Read(Consumer& consumer, int count) {
    while (count-- > 0) {
      const auto event = consumer.Next(absl::Seconds(30));
      ASSERT_TRUE(event.ok()) << event.status() << " after " << story_.text;
      EXPECT_EQ(event->topic, "t");
      story_.text += std::to_string(event->partition) + ":";
      story_.text += event->kind == ConsumeEvent::Kind::kGap
                         ? "gap(" + std::to_string(event->gap_from) + "," +
                               std::to_string(event->gap_to) + ") "
                         : std::string(*event->record.value) + " ";
    }
  }

  // Lets the consumer work until it has nothing to return.
  static void Idle(Consumer& consumer) {
    EXPECT_TRUE(absl::IsDeadlineExceeded(consumer.Next(absl::Milliseconds(300)).status()));
  }

  static std::string Positions(const Command& command) {
    std::string out;
    const auto& positions = command.has_commit()    ? command.commit().positions()
                            : command.has_release() ? command.release().positions()
                                                    : command.join().resume().positions();
    for (const auto& p : positions) {
      out += std::to_string(p.partition()) + "/" + std::to_string(p.assignment_epoch()) + "@" +
             std::to_string(p.next_offset()) + " ";
    }
    return out;
  }

  ScriptedGroup server_;
  Story story_;
};

TEST_F(ConsumerTest, JoinsReadsCommitsAndLeaves) {
  server_.Assign({{0, 7, 5}});
  server_.Deliver({0, 7, 8}, 5);
  server_.Gap({0, 7, 10}, 8);
  Consumer consumer(Connect(), Options(), &story_);
  Read(consumer, 4);
  EXPECT_EQ(story_.text, "+0@5 0:5 0:6 0:7 0:gap(8,10) ");
  const CommitResult result = consumer.CommitAndWait();
  EXPECT_TRUE(result.status.ok()) << result.status;
  ASSERT_EQ(result.partitions.size(), 1u);
  EXPECT_EQ(result.partitions[0].committed_offset, 10);
  EXPECT_EQ(Positions(server_.Await(Command::kCommit)), "0/7@10 ");
  EXPECT_TRUE(consumer.Close().ok());
  EXPECT_EQ(story_.text, "+0@5 0:5 0:6 0:7 0:gap(8,10) -0@10 ");
  server_.Await(Command::kLeave);
  EXPECT_TRUE(absl::IsFailedPrecondition(consumer.Next().status()));
}

TEST_F(ConsumerTest, DamageOfAPartitionIsAnEvent) {
  server_.Assign({{0, 7, 5}, {1, 8, 0}});
  server_.Deliver({0, 7, 6}, 5);
  v1::ConsumeResponse response;
  v1::DeliveredDamage& damage = *response.mutable_damage();
  damage.mutable_position()->set_topic("t");
  damage.mutable_position()->set_assignment_epoch(7);
  damage.mutable_position()->set_next_offset(6);
  damage.mutable_error()->set_code(static_cast<int>(absl::StatusCode::kDataLoss));
  damage.mutable_error()->set_message("a frame is damaged");
  server_.Say(response);
  server_.Deliver({1, 8, 1}, 0);
  Consumer consumer(Connect(), Options(), &story_);
  Read(consumer, 1);
  const auto event = consumer.Next(absl::Seconds(30));
  ASSERT_TRUE(event.ok()) << event.status();
  EXPECT_EQ(event->kind, ConsumeEvent::Kind::kDamage);
  EXPECT_EQ(event->partition, 0u);
  EXPECT_EQ(event->damage, absl::DataLossError("a frame is damaged"));
  Read(consumer, 1);
  EXPECT_EQ(story_.text, "+0@5 +1@0 0:5 1:0 ");
  consumer.CommitAndWait();
  EXPECT_EQ(Positions(server_.Await(Command::kCommit)), "0/7@6 1/8@1 ");
}

TEST_F(ConsumerTest, SaysWhatItWants) {
  ConsumerOptions options = Options();
  options.topic_patterns = {"x-.*"};
  options.instance_id = "i";
  options.start = Position::BeforeLatest(3);
  options.session_timeout = absl::Seconds(7);
  options.window_bytes = 1000;
  Consumer consumer(Connect(), options);
  Idle(consumer);
  const v1::Join join = server_.Await(Command::kJoin).join();
  EXPECT_EQ(join.group() + join.topics(0) + join.topic_patterns(0) + join.instance_id(), "gtx-.*i");
  EXPECT_EQ(join.start().last_records(), 3u);
  EXPECT_EQ(join.session_timeout_ms(), 7000u);
  EXPECT_EQ(join.initial_credit().bytes(), 1000);
  EXPECT_FALSE(join.has_resume());
}

TEST_F(ConsumerTest, AutoCommitTakesWhatWasHandledAndNoMore) {
  server_.Assign({{0, 7, 0}});
  server_.Deliver({0, 7, 3}, 0);
  ConsumerOptions options = Options(CommitMode::kAuto);
  options.auto_commit_interval = absl::ZeroDuration();
  Consumer consumer(Connect(), options);
  Read(consumer, 3);
  Idle(consumer);
  EXPECT_EQ(Positions(server_.Await(Command::kCommit)), "0/7@3 ");
}

TEST_F(ConsumerTest, ARecordThatWasNotHandledIsNotCommittedByClose) {
  server_.Assign({{0, 7, 0}});
  server_.Deliver({0, 7, 3}, 0);
  ConsumerOptions options = Options(CommitMode::kAuto);
  options.auto_commit_interval = absl::Hours(1);
  Consumer consumer(Connect(), options);
  Read(consumer, 2);
  EXPECT_TRUE(consumer.Close().ok());
  EXPECT_EQ(Positions(server_.Await(Command::kCommit)), "0/7@1 ");
}

TEST_F(ConsumerTest, CreditComesBackAsRecordsAreReturned) {
  server_.Assign({{0, 7, 0}});
  server_.Deliver({0, 7, 4}, 0);
  ConsumerOptions options = Options();
  options.window_bytes = 400;
  Consumer consumer(Connect(), options);
  Read(consumer, 4);
  for (const Command& command : server_.commands()) EXPECT_FALSE(command.has_credit());
  Idle(consumer);
  EXPECT_EQ(server_.Await(Command::kCredit).credit().bytes(), 400);
}

TEST_F(ConsumerTest, HandsOverAfterWhatWasFetched) {
  server_.Assign({{0, 7, 0}, {1, 8, 0}});
  server_.Deliver({1, 8, 2}, 0);
  server_.Deliver({0, 7, 2}, 0);
  server_.Revoke({{0, 7, 2}}, 60'000);
  Consumer consumer(Connect(), Options(CommitMode::kAuto), &story_);
  Read(consumer, 4);
  Idle(consumer);
  EXPECT_EQ(Positions(server_.Await(Command::kRelease)), "0/7@2 ");
  EXPECT_NE(story_.text.find("0:1 "), std::string::npos);
  EXPECT_TRUE(story_.text.ends_with("-0@2 ") || story_.text.find("-0@2 1:") != std::string::npos)
      << story_.text;
  EXPECT_EQ(consumer.Assignment().size(), 1u);
}

TEST_F(ConsumerTest, HandsOverAtOnceWhenToldTo) {
  server_.Assign({{0, 7, 0}});
  server_.Deliver({0, 7, 1}, 0);
  ConsumerOptions options = Options(CommitMode::kAuto);
  options.hand_over = ConsumerOptions::HandOver::kDrop;
  Consumer consumer(Connect(), options, &story_);
  Read(consumer, 1);
  server_.Deliver({0, 7, 100}, 1);
  server_.Revoke({{0, 7, 100}}, 60'000);
  server_.Assign({{1, 8, 0}});
  server_.Deliver({1, 8, 1}, 0);
  while (story_.text.find("1:0 ") == std::string::npos) Read(consumer, 1);
  Idle(consumer);
  const std::string released = Positions(server_.Await(Command::kRelease));
  const size_t revoked = story_.text.find("-0@");
  ASSERT_NE(revoked, std::string::npos) << story_.text;
  EXPECT_EQ(story_.text.find(" 0:", revoked), std::string::npos) << story_.text;
  EXPECT_EQ(
      released,
      "0/7@" + story_.text.substr(revoked + 3, story_.text.find(' ', revoked) - revoked - 3) + " ");
}

TEST_F(ConsumerTest, ReleasesAtWhatTheApplicationCommitted) {
  server_.Assign({{0, 7, 0}});
  server_.Deliver({0, 7, 3}, 0);
  Consumer consumer(Connect(), Options(), &story_);
  Read(consumer, 2);
  consumer.Commit();
  Read(consumer, 1);
  server_.Revoke({{0, 7, 3}}, 60'000);
  Idle(consumer);
  EXPECT_EQ(Positions(server_.Await(Command::kRelease)), "0/7@2 ");
}

TEST_F(ConsumerTest, ACommitFromTheListenerIsReleased) {
  server_.Assign({{0, 7, 0}});
  server_.Deliver({0, 7, 3}, 0);
  Consumer consumer(Connect(), Options(), &story_);
  story_.on_revoked = [&] { consumer.Commit(); };
  Read(consumer, 3);
  server_.Revoke({{0, 7, 3}}, 60'000);
  Idle(consumer);
  EXPECT_EQ(Positions(server_.Await(Command::kRelease)), "0/7@3 ");
}

TEST_F(ConsumerTest, WhatIsTakenAtTheDeadlineIsLost) {
  server_.Assign({{0, 7, 0}, {1, 8, 0}});
  server_.Deliver({0, 7, 2}, 0);
  Consumer consumer(Connect(), Options(), &story_);
  Read(consumer, 2);
  server_.Revoke({{0, 7, 2}}, 0);
  Idle(consumer);
  EXPECT_EQ(story_.text, "+0@0 +1@0 0:0 0:1 !0 ");
  const CommitResult result = consumer.CommitAndWait({{{"t", 0}, 2}});
  EXPECT_EQ(record::ReasonOf(result.status), Reason::kFencedMemberEpoch);
}

TEST_F(ConsumerTest, ResumesWhereItWasWithoutAWordToTheListener) {
  server_.Assign({{0, 7, 0}});
  server_.Deliver({0, 7, 3}, 0);
  Consumer consumer(Connect(), Options(), &story_);
  Read(consumer, 1);
  EXPECT_TRUE(consumer.CommitAndWait().status.ok());
  Read(consumer, 1);
  server_.Drop();
  server_.Assign({{0, 9, 1}}, v1::CHANGE_REASON_RESUMED);
  server_.Deliver({0, 9, 4}, 1);  // 1 was returned, though not committed.
  Read(consumer, 2);
  EXPECT_EQ(story_.text, "+0@0 0:0 0:1 0:2 ~ = 0:3 ");
  server_.Await(Command::kJoin);
  const Command join = server_.Await(Command::kJoin);
  EXPECT_EQ(join.join().resume().member_id(), "member");
  EXPECT_EQ(Positions(join), "") << "what is committed need not be said";
  EXPECT_TRUE(consumer.CommitAndWait().status.ok());
  EXPECT_EQ(Positions(server_.Await(Command::kCommit)), "0/9@4 ");
}

TEST_F(ConsumerTest, ACommitWithoutAnAnswerIsSentAgain) {
  server_.Assign({{0, 7, 0}});
  server_.Deliver({0, 7, 3}, 0);
  Consumer consumer(Connect(), Options(), &story_);
  Read(consumer, 3);
  server_.set_answering(false);
  std::optional<CommitResult> answer;
  consumer.Commit([&](const CommitResult& result) { answer = result; });
  Idle(consumer);
  server_.Await(Command::kCommit);
  server_.set_answering(true);
  server_.Drop();
  server_.Assign({{0, 9, 3}}, v1::CHANGE_REASON_RESUMED);
  while (!answer.has_value()) {
    EXPECT_TRUE(absl::IsDeadlineExceeded(consumer.Next(absl::Milliseconds(10)).status()));
  }
  EXPECT_TRUE(answer->status.ok()) << answer->status;
  EXPECT_EQ(Positions(server_.Await(Command::kJoin)), "0/7@3 ");
  EXPECT_EQ(Positions(server_.Await(Command::kCommit)), "0/9@3 ");
}

TEST_F(ConsumerTest, WhatIsNotAssignedAfterAResumptionIsLost) {
  server_.Assign({{0, 7, 0}, {1, 8, 0}});
  server_.Deliver({0, 7, 1}, 0);
  Consumer consumer(Connect(), Options(), &story_);
  Read(consumer, 1);
  server_.Drop();
  server_.Assign({{1, 9, 0}}, v1::CHANGE_REASON_RESUMED);
  server_.Deliver({1, 9, 1}, 0);
  Read(consumer, 1);
  EXPECT_EQ(story_.text, "+0@0 +1@0 0:0 ~ = !0 1:0 ");
}

TEST_F(ConsumerTest, ASeekOfTheGroupMeanwhileIsFollowed) {
  server_.Assign({{0, 7, 5}});
  server_.Deliver({0, 7, 7}, 5);
  Consumer consumer(Connect(), Options(), &story_);
  Read(consumer, 2);
  server_.Drop();
  server_.Assign({{0, 9, 0}}, v1::CHANGE_REASON_RESUMED);
  server_.Deliver({0, 9, 1}, 0);
  Read(consumer, 1);
  EXPECT_EQ(story_.text, "+0@5 0:5 0:6 ~ = +0@0 0:0 ");
}

TEST_F(ConsumerTest, AnEvictedMemberJoinsAnew) {
  server_.Assign({{0, 7, 0}});
  server_.Deliver({0, 7, 1}, 0);
  Consumer consumer(Connect(), Options(), &story_);
  Read(consumer, 1);
  server_.End(Reason::kMemberEvicted);
  server_.Assign({{0, 9, 0}});
  server_.Deliver({0, 9, 1}, 0);
  Read(consumer, 1);
  EXPECT_EQ(story_.text, "+0@0 0:0 ~ !0 = +0@0 0:0 ");
  server_.Await(Command::kJoin);
  EXPECT_FALSE(server_.Await(Command::kJoin).join().has_resume());
}

TEST_F(ConsumerTest, AReplacedInstanceIsOverForGood) {
  server_.Assign({{0, 7, 0}});
  server_.End(Reason::kInstanceReplaced);
  Consumer consumer(Connect(), Options(), &story_);
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(record::ReasonOf(consumer.Next(absl::Seconds(30)).status()),
              Reason::kInstanceReplaced);
  }
  EXPECT_EQ(record::ReasonOf(consumer.CommitAndWait({{{"t", 0}, 1}}).status),
            Reason::kInstanceReplaced);
  EXPECT_EQ(server_.commands().size(), 1u);
}

TEST_F(ConsumerTest, APausedPartitionWaitsAndTheOthersGoOn) {
  server_.Assign({{0, 7, 0}, {1, 8, 0}});
  server_.Deliver({0, 7, 3}, 0);
  Consumer consumer(Connect(), Options(), &story_);
  Read(consumer, 1);
  consumer.Pause({{"t", 0}});
  Idle(consumer);
  EXPECT_EQ(server_.Await(Command::kPause).pause().partitions(0).assignment_epoch(), 7u);
  server_.Deliver({0, 7, 4}, 3);
  server_.Deliver({1, 8, 1}, 0);
  Read(consumer, 1);
  Idle(consumer);
  consumer.Resume({{"t", 0}});
  Read(consumer, 3);
  Idle(consumer);
  server_.Await(Command::kResume);
  EXPECT_EQ(story_.text, "+0@0 +1@0 0:0 1:0 0:1 0:2 0:3 ");
}

TEST_F(ConsumerTest, APauseOutlivesTheConnection) {
  server_.Assign({{0, 7, 0}});
  server_.Deliver({0, 7, 2}, 0);
  Consumer consumer(Connect(), Options(), &story_);
  Read(consumer, 1);
  consumer.Pause({{"t", 0}});
  Idle(consumer);
  server_.Await(Command::kPause);
  server_.Drop();
  server_.Assign({{0, 9, 0}}, v1::CHANGE_REASON_RESUMED);
  Idle(consumer);
  EXPECT_EQ(server_.Await(Command::kPause).pause().partitions(0).assignment_epoch(), 9u);
}

TEST_F(ConsumerTest, NothingFromBeforeFollowsASeek) {
  server_.Assign({{0, 7, 0}});
  server_.Deliver({0, 7, 50}, 0);
  Consumer consumer(Connect(), Options(), &story_);
  Read(consumer, 2);
  EXPECT_TRUE(consumer.Seek({"t", 0}, Position::AtOffset(30)).ok());
  server_.Deliver({0, 7, 60}, 50);
  server_.Deliver({0, 1001, 31}, 30);
  Read(consumer, 1);
  EXPECT_EQ(story_.text, "+0@0 0:0 0:1 0:30 ");
  EXPECT_EQ(record::ReasonOf(consumer.Seek({"t", 5}, Position::Latest())),
            Reason::kFencedMemberEpoch);
}

TEST_F(ConsumerTest, AFencedCommitIsToldByPartition) {
  server_.Assign({{0, 7, 0}, {1, 8, 0}});
  server_.Deliver({0, 7, 1}, 0);
  server_.Deliver({1, 8, 1}, 0);
  server_.Fence(1);
  Consumer consumer(Connect(), Options(), &story_);
  Read(consumer, 2);
  const CommitResult result = consumer.CommitAndWait();
  EXPECT_EQ(record::ReasonOf(result.status), Reason::kFencedMemberEpoch);
  ASSERT_EQ(result.partitions.size(), 2u);
  EXPECT_TRUE(result.partitions[0].status.ok());
}

TEST_F(ConsumerTest, StopEndsAWaitingMember) {
  Consumer consumer(Connect(), Options());
  std::thread stopper([&consumer] { consumer.Stop(); });
  EXPECT_TRUE(absl::IsCancelled(consumer.Next().status()));
  stopper.join();
  EXPECT_TRUE(consumer.Close().ok());
}

TEST_F(ConsumerTest, AFirstConnectionIsNotWaitedFor) {
  Consumer consumer(Client::Connect({.target = server_.target() + "-nobody"}), Options());
  EXPECT_TRUE(absl::IsUnavailable(consumer.Next(absl::Seconds(30)).status()));
  EXPECT_TRUE(absl::IsUnavailable(consumer.Close()));
}

TEST_F(ConsumerTest, EachPartitionHasAHandlerOfItsOwn) {
  server_.Assign({{0, 7, 0}, {1, 8, 0}});
  server_.Deliver({0, 7, 3}, 0);
  server_.Deliver({1, 8, 2}, 0);
  std::string counts;
  PartitionConsumer consumer(
      Connect(), Options(CommitMode::kAuto), [&](const MemberPosition& from) -> PartitionHandler {
        return [&counts, from, count = 0](const ConsumeEvent& event) mutable {
          counts += std::to_string(from.place.partition) + "x" + std::to_string(++count) + " ";
          const bool last = event.partition == 1 && count == 2;
          return last ? absl::DataLossError("enough") : absl::OkStatus();
        };
      });
  EXPECT_TRUE(absl::IsDataLoss(consumer.Run()));
  EXPECT_EQ(counts, "0x1 0x2 0x3 1x1 1x2 ");
  EXPECT_EQ(Positions(server_.Await(Command::kCommit)), "0/7@3 1/8@1 ");
}

}  // namespace
}  // namespace leat::client
