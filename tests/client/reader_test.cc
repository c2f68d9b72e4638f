#include "client/reader.h"

#include <gtest/gtest.h>

#include <string>
#include <thread>

#include "absl/status/status.h"
#include "tests/client/scripted_server.h"

namespace leat::client {
namespace {

class ReaderTest : public testing::Test {
 protected:
  void Fill(uint32_t partition, int count) {
    for (int i = 0; i < count; ++i) server_.AppendDirectly(partition, std::to_string(i));
  }

  Client Connect() { return Client::Connect({.target = server_.target()}); }

  // Everything until the end, the first error or `events` events: "1@0=0" is offset 0 of partition
  // 1, "0:gap(1,3)", "0:end".
  static std::string ReadAll(Reader& reader, int events = 1000) {
    std::string story;
    while (events-- > 0) {
      const auto event = reader.Next(absl::Seconds(10));
      if (!event.ok()) return story + std::string(absl::StatusCodeToString(event.status().code()));
      if (!event->has_value()) return story + "done";
      const ReadEvent& read = **event;
      story += std::to_string(read.partition);
      switch (read.kind) {
        case ReadEvent::Kind::kRecord:
          story += "@" + std::to_string(read.record.offset) + "=" + std::string(*read.record.value);
          break;
        case ReadEvent::Kind::kGap:
          story +=
              ":gap(" + std::to_string(read.gap_from) + "," + std::to_string(read.gap_to) + ")";
          break;
        case ReadEvent::Kind::kEndOfPartition:
          story += ":end";
          break;
        case ReadEvent::Kind::kDamage:
          story += ":damage";
      }
      story += " ";
    }
    return story;
  }

  std::string ReadAll(ReadOptions options, int events = 1000) {
    Reader reader(Connect(), std::move(options));
    return ReadAll(reader, events);
  }

  ScriptedServer server_{2};
};

TEST_F(ReaderTest, ReadsAllThereIs) {
  Fill(0, 2);
  Fill(1, 1);
  EXPECT_EQ(ReadAll({.topic = "t", .end = Position::Latest()}),
            "0@0=0 0@1=1 0:end 1@0=0 1:end done");
}

TEST_F(ReaderTest, AnEmptyTopicHasNothing) {
  EXPECT_EQ(ReadAll({.topic = "t", .end = Position::Latest()}), "0:end 1:end done");
}

TEST_F(ReaderTest, ReadsARange) {
  Fill(0, 10);
  EXPECT_EQ(ReadAll({.topic = "t",
                     .partitions = {0},
                     .start = Position::AtOffset(3),
                     .end = Position::AtOffset(5)}),
            "0@3=3 0@4=4 0:end done");
  EXPECT_EQ(ReadAll({.topic = "t",
                     .partitions = {0},
                     .start = Position::BeforeLatest(1),
                     .end = Position::Latest()}),
            "0@9=9 0:end done");
  EXPECT_EQ(ReadAll({.topic = "t",
                     .partitions = {0},
                     .start = Position::AfterStart(8),
                     .end = Position::Latest()}),
            "0@8=8 0@9=9 0:end done");
}

TEST_F(ReaderTest, AnOffsetThatCannotBeReadIsAnError) {
  Fill(0, 4);
  server_.Trim(0, 2);
  for (int64_t offset : {0, 1, 5}) {
    const auto end = Position::Latest();
    EXPECT_EQ(
        ReadAll({.topic = "t", .partitions = {0}, .start = Position::AtOffset(offset), .end = end}),
        "OUT_OF_RANGE");
    EXPECT_EQ(ReadAll({.topic = "t", .partitions = {0}, .start = Position::AtOffset(offset)}),
              "OUT_OF_RANGE");
  }
  EXPECT_EQ(ReadAll({.topic = "t",
                     .partitions = {0},
                     .start = Position::AtOffset(4),
                     .end = Position::Latest()}),
            "0:end done");
}

TEST_F(ReaderTest, GoesOnAfterEveryLostConnection) {
  Fill(0, 6);
  Fill(1, 3);
  server_.set_messages_per_read(2);
  EXPECT_EQ(ReadAll({.topic = "t", .end = Position::Latest()}),
            "0@0=0 0@1=1 0@2=2 0@3=3 0@4=4 0@5=5 0:end 1@0=0 1@1=1 1@2=2 1:end done");
}

TEST_F(ReaderTest, TheEndIsWhatItWasWhenTheReadBegan) {
  Fill(0, 2);
  server_.set_messages_per_read(1);
  Reader reader(Connect(), {.topic = "t", .partitions = {0}, .end = Position::Latest()});
  EXPECT_EQ(ReadAll(reader, 1), "0@0=0 ");
  Fill(0, 5);
  EXPECT_EQ(ReadAll(reader), "0@1=1 0:end done");
}

TEST_F(ReaderTest, FollowsAcrossARestart) {
  Fill(0, 1);
  Reader reader(Connect(), {.topic = "t", .partitions = {0}});
  EXPECT_EQ(ReadAll(reader, 1), "0@0=0 ");
  server_.Stop();
  server_.AppendDirectly(0, "new");
  server_.Restart();
  EXPECT_EQ(ReadAll(reader, 1), "0@1=new ");
}

TEST_F(ReaderTest, TellsWhatIsGone) {
  Fill(0, 4);
  server_.set_messages_per_read(1);
  Reader reader(Connect(), {.topic = "t", .partitions = {0}, .end = Position::Latest()});
  EXPECT_EQ(ReadAll(reader, 1), "0@0=0 ");
  server_.Trim(0, 3);
  EXPECT_EQ(ReadAll(reader), "0:gap(1,3) 0@3=3 0:end done");
}

TEST_F(ReaderTest, WhatComesBeforeDamageIsReadThoughTheCallThatMetItBroughtNothing) {
  Fill(0, 3);
  Fill(1, 2);
  server_.Damage(0, 2);
  EXPECT_EQ(ReadAll({.topic = "t", .end = Position::Latest()}),
            "0@0=0 0@1=1 0:damage 1@0=0 1@1=1 1:end done");
  EXPECT_EQ(ReadAll({.topic = "t", .partitions = {0}}), "0@0=0 0@1=1 0:damage done");
  EXPECT_EQ(ReadAll({.topic = "t", .partitions = {0}, .start = Position::AtOffset(2)}),
            "0:damage done");
  EXPECT_EQ(ReadAll({.topic = "t", .partitions = {0}, .end = Position::AtOffset(2)}),
            "0@0=0 0@1=1 0:end done");
}

TEST_F(ReaderTest, DamageThatComesNearerIsToldWhereItIs) {
  Fill(0, 6);
  server_.Damage(0, 4);
  server_.set_messages_per_read(1);
  Reader reader(Connect(), {.topic = "t", .partitions = {0}});
  EXPECT_EQ(ReadAll(reader, 1), "0@0=0 ");
  server_.Damage(0, 2);
  EXPECT_EQ(ReadAll(reader), "0@1=1 0:damage done");
}

TEST_F(ReaderTest, DamageThatIsTrimmedAwayIsPassed) {
  Fill(0, 4);
  server_.Damage(0, 2);
  server_.set_messages_per_read(1);
  Reader reader(Connect(), {.topic = "t", .partitions = {0}, .end = Position::Latest()});
  EXPECT_EQ(ReadAll(reader, 1), "0@0=0 ");
  server_.Trim(0, 3);
  EXPECT_EQ(ReadAll(reader), "0:gap(1,3) 0@3=3 0:end done");
}

TEST_F(ReaderTest, StopEndsAWaitingRead) {
  Reader reader(Connect(), {.topic = "t"});
  std::thread stopper([&reader] { reader.Stop(); });
  EXPECT_EQ(ReadAll(reader), "CANCELLED");
  stopper.join();
  EXPECT_EQ(ReadAll(reader), "CANCELLED");
}

TEST_F(ReaderTest, WaitsNoLongerThanAsked) {
  Reader reader(Connect(), {.topic = "t"});
  EXPECT_TRUE(absl::IsDeadlineExceeded(reader.Next(absl::Milliseconds(50)).status()));
  Fill(0, 1);
  EXPECT_EQ(ReadAll(reader, 1), "0@0=0 ");
}

TEST_F(ReaderTest, GivesUpWhenTheServerStaysAway) {
  Fill(0, 1);
  Reader reader(Connect(), {.topic = "t", .retry_timeout = absl::Milliseconds(500)});
  EXPECT_EQ(ReadAll(reader, 1), "0@0=0 ");
  server_.Stop();
  EXPECT_EQ(ReadAll(reader), "UNAVAILABLE");
  EXPECT_EQ(ReadAll(reader), "UNAVAILABLE");
}

TEST_F(ReaderTest, KnowsHowMuchIsLeft) {
  Fill(0, 3);
  Reader reader(Connect(), {.topic = "t", .partitions = {0}});
  EXPECT_EQ(reader.records_left(), -1);
  EXPECT_EQ(ReadAll(reader, 1), "0@0=0 ");
  EXPECT_EQ(reader.records_left(), 2);
}

}  // namespace
}  // namespace leat::client
