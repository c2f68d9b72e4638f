#include <filesystem>
#include <string>
#include <thread>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "storage/io/posix_file_system.h"
#include "tests/server/broker/broker_fixture.h"
#include "tests/server/broker/matchers.h"

namespace leat::broker {
namespace {

using record::Reason;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

class BrokerStartTest : public BrokerTest {};

TEST_P(BrokerStartTest, AfterAnOrderlyStopThereIsNothingToCheck) {
  ASSERT_THAT(Start(), IsOk());
  EXPECT_TRUE(broker().recovery().new_directory);
  EXPECT_FALSE(broker().recovery().clean_shutdown);
  const log::Uuid id = broker().directory_id();
  const TopicHandle topic = *Create("events", 2);
  ASSERT_THAT(Append(topic, 1, "a"), IsOk());
  ASSERT_THAT(Stop(), IsOk());

  ASSERT_THAT(Start(), IsOk());
  EXPECT_EQ(broker().directory_id(), id);
  EXPECT_FALSE(broker().recovery().new_directory);
  EXPECT_TRUE(broker().recovery().clean_shutdown);
  EXPECT_EQ(broker().recovery().partitions_opened, 1u);
  EXPECT_THAT(broker().recovery().findings, IsEmpty());
  EXPECT_THAT(ReadAll(topic, 1), ElementsAre("a"));
}

TEST_P(BrokerStartTest, AfterACrashEverythingAcknowledgedIsThere) {
  ASSERT_THAT(Start(), IsOk());
  const TopicHandle topic = *Create("events", 4);
  for (uint32_t i = 0; i < 40; ++i) {
    ASSERT_THAT(Append(topic, i % 4, std::to_string(i)), IsOk());
  }
  ASSERT_THAT(CrashAndStart(), IsOk());
  EXPECT_FALSE(broker().recovery().clean_shutdown);
  EXPECT_EQ(broker().recovery().partitions_opened, 4u);
  EXPECT_EQ(**broker().FindTopic("events"), *topic);
  EXPECT_THAT(ReadAll(topic, 3),
              ElementsAre("3", "7", "11", "15", "19", "23", "27", "31", "35", "39"));
  EXPECT_EQ(Append(topic, 3, "more")->base_offset, record::Offset{10});
}

TEST_P(BrokerStartTest, TheCleanMarkIsGoneBeforeTheFirstAppend) {
  ASSERT_THAT(Start(), IsOk());
  const TopicHandle topic = *Create("events");
  ASSERT_THAT(Append(topic, 0, "a"), IsOk());
  ASSERT_THAT(Stop(), IsOk());
  ASSERT_THAT(Start(), IsOk());
  ASSERT_THAT(Append(topic, 0, "b"), IsOk());
  // With the mark still there, what lies past its end would be taken for damage.
  ASSERT_THAT(CrashAndStart(), IsOk());
  EXPECT_THAT(ReadAll(topic, 0), ElementsAre("a", "b"));
  EXPECT_THAT(Append(topic, 0, "c"), IsOk());
}

TEST_P(BrokerStartTest, TheNumberOfShardsMayChange) {
  ASSERT_THAT(Start(), IsOk());
  const TopicHandle topic = *Create("events", 5);
  for (uint32_t i = 0; i < 5; ++i) ASSERT_THAT(Append(topic, i, std::to_string(i)), IsOk());
  ASSERT_THAT(Stop(), IsOk());
  BrokerOptions options = DefaultOptions();
  options.shard_count = 3;
  ASSERT_THAT(Start(options), IsOk());
  EXPECT_EQ(broker().shard_count(), 3u);
  for (uint32_t i = 0; i < 5; ++i) EXPECT_THAT(ReadAll(topic, i), ElementsAre(std::to_string(i)));
}

TEST_P(BrokerStartTest, TheCheckpointFollowsTheLogs) {
  BrokerOptions options = DefaultOptions();
  options.checkpoint_interval = absl::Milliseconds(1);
  ASSERT_THAT(Start(options), IsOk());
  const TopicHandle topic = *Create("events");
  const std::string at_first = ReadFile("checkpoint");
  ASSERT_THAT(Append(topic, 0, "a"), IsOk());
  while (ReadFile("checkpoint") == at_first) std::this_thread::yield();
}

TEST_P(BrokerStartTest, ASecondServerOnOneDirectoryIsRefused) {
  ASSERT_THAT(Start(), IsOk());
  const TopicHandle topic = *Create("events");
  const absl::Status second = [this] {
    absl::StatusOr<io::IoBackend> backend = io::ChooseIoBackend({.choice = GetParam()});
    BrokerOptions options = DefaultOptions();
    options.data_directory = Path("");
    return Broker::Start(options, io::PosixFileSystem(), *backend).status();
  }();
  EXPECT_THAT(second, FailsWith(absl::StatusCode::kFailedPrecondition, "in use by another server"));
  EXPECT_THAT(Append(topic, 0, "a"), IsOk());
}

TEST_P(BrokerStartTest, ADirectoryOfOthersIsLeftAlone) {
  WriteFile("holiday.jpg", "beach");
  EXPECT_THAT(Start(), FailsWith(absl::StatusCode::kFailedPrecondition, "not empty"));
  EXPECT_THAT(List(""), ElementsAre("holiday.jpg"));
}

TEST_P(BrokerStartTest, AnotherFormatVersionIsRefused) {
  ASSERT_THAT(Start(), IsOk());
  ASSERT_THAT(Stop(), IsOk());
  std::string meta = ReadFile("meta");
  meta.replace(meta.find("version 1"), 9, "version 2");
  WriteFile("meta", meta);
  const absl::Status refused = Start();
  EXPECT_THAT(refused, FailsWith(absl::StatusCode::kFailedPrecondition, Path("meta")));
  EXPECT_THAT(refused, FailsWith(absl::StatusCode::kFailedPrecondition,
                                 "format version 2, but this program knows version 1 only"));
  EXPECT_EQ(ReadFile("meta"), meta);
}

TEST_P(BrokerStartTest, DamagedMetadataIsRefusedNamingTheFile) {
  ASSERT_THAT(Start(), IsOk());
  ASSERT_THAT(Create("events"), IsOk());
  ASSERT_THAT(Stop(), IsOk());
  const std::string segment = "internal/meta/00000000000000000000.log";
  for (const std::string& name : {std::string("meta"), std::string("checkpoint"), segment}) {
    const std::string sound = ReadFile(name);
    std::string damaged = sound;
    // In the segment, the header of the first frame.
    damaged[name == segment ? 4096 + 20 : damaged.size() / 2] ^= 0x10;
    WriteFile(name, damaged);
    EXPECT_THAT(Start(), FailsWith(absl::StatusCode::kDataLoss, Path(name)));
    EXPECT_EQ(ReadFile(name), damaged);
    WriteFile(name, sound);
  }
  ASSERT_THAT(Start(), IsOk());
  EXPECT_THAT(broker().FindTopic("events"), IsOk());
}

TEST_P(BrokerStartTest, WhatIsUnknownGoesToQuarantine) {
  ASSERT_THAT(Start(), IsOk());
  const TopicHandle topic = *Create("events", 2);
  ASSERT_THAT(Append(topic, 0, "a"), IsOk());
  ASSERT_THAT(Stop(), IsOk());
  const std::string stranger = FormatUuid(MakeUuid(1, 2));
  WriteFile("topics/" + stranger + "/0/00000000000000000000.log", "precious");
  WriteFile("topics/" + FormatUuid(topic->id) + "/2/00000000000000000000.log", "too");
  WriteFile("topics/notes.txt", "more");

  ASSERT_THAT(Start(), IsOk());
  const RecoverySummary& recovery = broker().recovery();
  EXPECT_EQ(recovery.findings_total, 3u);
  ASSERT_THAT(recovery.findings, SizeIs(3));
  for (const RecoverySummary::Entry& entry : recovery.findings) {
    EXPECT_EQ(entry.finding.kind, log::Finding::Kind::kQuarantined);
  }
  EXPECT_EQ(ReadFile("quarantine/topics-" + stranger + ".1/0/00000000000000000000.log"),
            "precious");
  EXPECT_EQ(
      ReadFile("quarantine/topics-" + FormatUuid(topic->id) + "-2.1/00000000000000000000.log"),
      "too");
  EXPECT_EQ(ReadFile("quarantine/topics-notes.txt.1"), "more");
  EXPECT_THAT(ReadAll(topic, 0), ElementsAre("a"));
}

TEST_P(BrokerStartTest, ADamagedPartitionIsToldAndTheOthersServe) {
  ASSERT_THAT(Start(), IsOk());
  const TopicHandle topic = *Create("events", 2);
  for (const char* value : {"a", "b", "c"}) {
    ASSERT_THAT(Append(topic, 0, value), IsOk());
    ASSERT_THAT(Append(topic, 1, value), IsOk());
  }
  ASSERT_THAT(Stop(), IsOk());
  const std::string segment = "topics/" + FormatUuid(topic->id) + "/0/00000000000000000000.log";
  WriteFile(segment, ReadFile(segment).substr(0, 2 * 4096));  // The header and one frame.

  for (int restart = 0; restart < 3; ++restart) {
    SCOPED_TRACE(restart);
    // The mark of a clean shutdown is gone after the first; the witness stays.
    ASSERT_THAT(Start(), IsOk());
    ASSERT_THAT(broker().recovery().findings, Not(IsEmpty()));
    EXPECT_EQ(broker().recovery().findings[0].topic, "events");
    EXPECT_EQ(Describe(topic)->at(0).state, log::LogState::kCorrupt);
    EXPECT_THAT(Describe(topic)->at(0).state_detail, HasSubstr(Path(segment)));
    EXPECT_THAT(ReadAll(topic, 0), ElementsAre("a"));
    EXPECT_THAT(Append(topic, 0, "d"), HasReason(Reason::kLogCorrupt));
    EXPECT_THAT(Wait<FetchResult>([&](auto done) {
                  broker().Fetch({.topic = topic, .from = {1}, .wait = true}, std::move(done));
                }),
                HasReason(Reason::kLogCorrupt));
    ASSERT_THAT(Append(topic, 1, "d"), IsOk());
    if (restart == 0) {
      ASSERT_THAT(Stop(), IsOk());
    } else {
      ASSERT_THAT(CrashAndStart(), IsOk());
      ASSERT_THAT(Stop(), IsOk());
    }
  }
}

TEST_P(BrokerStartTest, APartitionWhoseFilesAreGoneIsToldNotMadeAnew) {
  ASSERT_THAT(Start(), IsOk());
  const TopicHandle topic = *Create("events");
  ASSERT_THAT(Append(topic, 0, "a"), IsOk());
  ASSERT_THAT(Stop(), IsOk());
  std::filesystem::remove_all(Path("topics/" + FormatUuid(topic->id)));
  ASSERT_THAT(Start(), IsOk());
  EXPECT_THAT(broker().recovery().findings, SizeIs(1));
  EXPECT_THAT(Append(topic, 0, "b"), HasReason(Reason::kLogCorrupt));
}

INSTANTIATE_TEST_SUITE_P(Backends, BrokerStartTest,
                         testing::Values(io::IoBackendChoice::kUring, io::IoBackendChoice::kPosix),
                         BackendParamName);

}  // namespace
}  // namespace leat::broker
