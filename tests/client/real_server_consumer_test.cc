// Members of a group against a real server in this process.

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/synchronization/mutex.h"
#include "client/admin.h"
#include "client/consumer.h"
#include "client/producer.h"
#include "storage/record/error.h"
#include "tests/client/real_server_fixture.h"

namespace leat::client {
namespace {

using record::Reason;
using CommitMode = ConsumerOptions::CommitMode;
using Kind = ConsumeEvent::Kind;
using Offsets = std::map<std::pair<uint32_t, int64_t>, int>;  // How often each record was returned.

// What a listener was told, in short.
class Notes : public AssignmentListener {
 public:
  void OnAssigned(const std::vector<MemberPosition>& partitions, ChangeReason) override {
    assigned += partitions.size();
  }
  void OnRevoked(const std::vector<MemberPosition>& partitions, absl::Duration) override {
    revoked += partitions.size();
  }
  void OnLost(const std::vector<MemberPosition>& partitions, ChangeReason) override {
    lost += partitions.size();
  }
  void OnDisconnected(const absl::Status&) override { ++disconnected; }

  std::atomic<size_t> assigned = 0, revoked = 0, lost = 0, disconnected = 0;
};

class RealServerConsumerTest : public RealServerTest {
 protected:
  static ConsumerOptions Options(CommitMode commit = CommitMode::kManual) {
    return {.group = "g", .topics = {"t"}, .commit = commit};
  }

  // Records with their offsets as values.
  void Produce(uint32_t partition, int count) {
    Producer producer(Connect(), {});
    for (int i = 0; i < count; ++i) {
      const std::string value = std::to_string(produced_[partition]++);
      ASSERT_TRUE(producer.Send("t", {.value = value, .partition = partition}).ok());
    }
    ASSERT_TRUE(producer.Flush().ok());
  }

  // The next event, which must be a record.
  static ConsumeEvent NextRecord(Consumer& consumer) {
    auto event = consumer.Next(absl::Seconds(60));
    EXPECT_TRUE(event.ok()) << event.status();
    if (!event.ok()) return {};
    EXPECT_EQ(event->kind, Kind::kRecord);
    EXPECT_EQ(event->record.value, std::to_string(event->record.offset));
    return *std::move(event);
  }

  // Committed offsets by partition.
  std::map<uint32_t, int64_t> Committed() {
    std::map<uint32_t, int64_t> committed;
    const auto group = Admin(Connect()).GetGroup("g");
    EXPECT_TRUE(group.ok()) << group.status();
    for (const auto& partition : group->partitions()) {
      committed[partition.partition()] = partition.committed_offset();
    }
    return committed;
  }

  std::map<uint32_t, int64_t> produced_;
};

TEST_F(RealServerConsumerTest, AutoCommitLeavesNothingForTheNext) {
  Create("t", 2);
  Produce(0, 30);
  Produce(1, 30);
  {
    Consumer consumer(Connect(), Options(CommitMode::kAuto));
    for (int i = 0; i < 60; ++i) NextRecord(consumer);
    // The last one counts as handled with the next call.
    EXPECT_TRUE(absl::IsDeadlineExceeded(consumer.Next(absl::ZeroDuration()).status()));
    EXPECT_TRUE(consumer.Close().ok());
  }
  EXPECT_EQ(Committed(), (std::map<uint32_t, int64_t>{{0, 30}, {1, 30}}));
  Produce(1, 1);
  Consumer next(Connect(), Options(CommitMode::kAuto));
  EXPECT_EQ(NextRecord(next).record.offset, 30);
}

TEST_F(RealServerConsumerTest, ALargeGroupIsDescribedInPages) {
  constexpr uint32_t kPartitions = 1'024;
  Create("t", kPartitions);
  v1::CommitOffsetsRequest request;
  request.set_group("g");
  request.set_metadata(std::string(4'096, 'm'));
  for (uint32_t partition = 0; partition < kPartitions; ++partition) {
    v1::PartitionPosition& position = *request.add_positions();
    position.set_topic("t");
    position.set_partition(partition);
  }
  const Admin admin(Connect());
  ASSERT_TRUE(admin.CommitOffsets(request).ok());
  const auto group = admin.GetGroup("g");
  ASSERT_TRUE(group.ok()) << group.status();
  ASSERT_EQ(group->partitions_size(), static_cast<int>(kPartitions));
  for (uint32_t p = 0; p < kPartitions; ++p) EXPECT_EQ(group->partitions(p).partition(), p);
  EXPECT_EQ(group->next_page_token(), "");
}

TEST_F(RealServerConsumerTest, AutoCommitNeedsNoEnd) {
  Create("t", 1);
  Produce(0, 3);
  ConsumerOptions options = Options(CommitMode::kAuto);
  options.auto_commit_interval = absl::Milliseconds(10);
  Consumer consumer(Connect(), options);
  for (int i = 0; i < 3; ++i) NextRecord(consumer);
  while (Committed()[0] < 3) {
    EXPECT_TRUE(absl::IsDeadlineExceeded(consumer.Next(absl::Milliseconds(10)).status()));
  }
}

TEST_F(RealServerConsumerTest, ManualCommitsAreAllThatCounts) {
  Create("t", 1);
  Produce(0, 10);
  {
    Consumer consumer(Connect(), Options());
    for (int i = 0; i < 6; ++i) NextRecord(consumer);
    const CommitResult result = consumer.CommitAndWait();
    ASSERT_TRUE(result.status.ok()) << result.status;
    ASSERT_EQ(result.partitions.size(), 1u);
    EXPECT_EQ(result.partitions[0].committed_offset, 6);
    for (int i = 0; i < 4; ++i) NextRecord(consumer);
    EXPECT_EQ(record::ReasonOf(consumer.CommitAndWait({{{"t", 0}, 11}}).status),
              Reason::kOffsetOutOfRange);
    EXPECT_TRUE(consumer.Close().ok());
  }
  Consumer next(Connect(), Options());
  EXPECT_EQ(NextRecord(next).record.offset, 6);
}

TEST_F(RealServerConsumerTest, MetadataIsKeptWithTheOffset) {
  Create("t", 2);
  Produce(0, 2);
  Produce(1, 2);
  Consumer consumer(Connect(), Options());
  for (int i = 0; i < 4; ++i) NextRecord(consumer);
  const CommitResult result =
      consumer.CommitAndWait({{{"t", 0}, 1, 0, "file-7"}, {{"t", 1}, 2, 0, "file-9"}});
  EXPECT_TRUE(result.status.ok()) << result.status;
  EXPECT_EQ(result.partitions.size(), 2u);
  const auto group = Admin(Connect()).GetGroup("g");
  ASSERT_TRUE(group.ok());
  EXPECT_EQ(group->partitions(0).metadata(), "file-7");
  EXPECT_EQ(group->partitions(1).metadata(), "file-9");
}

TEST_F(RealServerConsumerTest, PartitionsAreHandedOverWithoutLossOrRepetition) {
  constexpr int kPartitions = 4;
  Create("t", kPartitions);
  absl::Mutex mutex;
  Offsets seen;
  std::atomic<size_t> returned = 0;
  const auto consume = [&](Consumer& consumer) {
    while (true) {
      const auto event = consumer.Next(absl::Seconds(60));
      if (absl::IsCancelled(event.status())) break;
      ASSERT_TRUE(event.ok()) << event.status();
      absl::MutexLock lock(&mutex);
      ++seen[{event->partition, event->record.offset}];
      ++returned;
    }
    EXPECT_TRUE(consumer.Close().ok());
  };
  const auto produce_until = [&](const std::atomic<size_t>& count, size_t enough) {
    while (count < enough) {
      for (uint32_t partition = 0; partition < kPartitions; ++partition) Produce(partition, 10);
    }
  };

  Notes first_notes, second_notes;
  Consumer first(Connect(), Options(CommitMode::kAuto), &first_notes);
  Consumer second(Connect(), Options(CommitMode::kAuto), &second_notes);
  std::thread first_thread([&] { consume(first); });
  produce_until(first_notes.assigned, kPartitions);
  std::thread second_thread([&] { consume(second); });
  produce_until(second_notes.assigned, kPartitions / 2);
  EXPECT_EQ(first_notes.revoked, kPartitions / 2u);
  first.Stop();
  produce_until(second_notes.assigned, kPartitions);
  first_thread.join();

  size_t total = 0;
  for (const auto& [partition, count] : produced_) total += count;
  const auto all_seen = [&] { return returned >= total; };
  {
    absl::MutexLock lock(&mutex);
    EXPECT_TRUE(mutex.AwaitWithTimeout(absl::Condition(&all_seen), absl::Seconds(60)));
  }
  second.Stop();
  second_thread.join();
  EXPECT_EQ(seen.size(), total);
  EXPECT_TRUE(std::all_of(seen.begin(), seen.end(), [](const auto& s) { return s.second == 1; }));
  EXPECT_EQ(first_notes.lost + second_notes.lost, 0u);
}

TEST_F(RealServerConsumerTest, GoesOnWhenTheServerComesBack) {
  Create("t", 2);
  Notes notes;
  Consumer consumer(Connect(), Options(), &notes);
  Offsets seen;
  for (int restart = 0; restart < 3; ++restart) {
    Produce(0, 10);
    Produce(1, 10);
    for (int i = 0; i < 20; ++i) {
      const ConsumeEvent event = NextRecord(consumer);
      ++seen[{event.partition, event.record.offset}];
      if (i == 10) consumer.Commit();
    }
    Stop();
    Start();
  }
  EXPECT_EQ(seen.size(), 60u);
  EXPECT_TRUE(std::all_of(seen.begin(), seen.end(), [](const auto& s) { return s.second == 1; }));
  EXPECT_TRUE(consumer.CommitAndWait().status.ok());
  EXPECT_EQ(Committed(), (std::map<uint32_t, int64_t>{{0, 30}, {1, 30}}));
  EXPECT_TRUE(absl::IsDeadlineExceeded(consumer.Next(absl::ZeroDuration()).status()));
  EXPECT_EQ(notes.disconnected, 3u);
  EXPECT_EQ(notes.assigned, 2u) << "the partitions stayed";
  EXPECT_EQ(notes.lost, 0u);
}

TEST_F(RealServerConsumerTest, ADeletedTopicIsLost) {
  Create("t", 2);
  Produce(0, 1);
  Notes notes;
  Consumer consumer(Connect(), Options(), &notes);
  NextRecord(consumer);
  EXPECT_EQ(notes.assigned, 2u);
  v1::DeleteTopicRequest request;
  request.set_topic("t");
  ASSERT_TRUE(Admin(Connect()).DeleteTopic(request).ok());
  while (notes.lost < 2) {
    ASSERT_TRUE(absl::IsDeadlineExceeded(consumer.Next(absl::Milliseconds(10)).status()));
  }
  EXPECT_EQ(notes.revoked, 0u);
  EXPECT_TRUE(consumer.Assignment().empty());
}

TEST_F(RealServerConsumerTest, DamageIsToldAndCanBePassed) {
  Create("t", 2);
  {
    Producer producer(Connect(), {});
    for (const std::string value : {"0", "damaged", "2"}) {
      ASSERT_TRUE(producer.SendAndWait("t", {.value = value, .partition = 0}).status.ok());
    }
  }
  Produce(1, 1);
  Stop();
  for (const auto& entry : std::filesystem::recursive_directory_iterator(directory_)) {
    const std::filesystem::path& path = entry.path();
    if (path.extension() != ".log" || path.parent_path().filename() != "0" ||
        path.string().find("/topics/") == std::string::npos) {
      continue;
    }
    std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
    const std::string bytes((std::istreambuf_iterator<char>(file)), {});
    file.seekp(static_cast<std::streamoff>(bytes.find("damaged"))).put('?');
  }
  Start();
  Consumer consumer(Connect(), Options());
  Offsets seen;
  absl::Status damage;
  while (seen.size() < 2 || damage.ok()) {
    const auto event = consumer.Next(absl::Seconds(60));
    ASSERT_TRUE(event.ok()) << event.status();
    if (event->kind == Kind::kDamage) {
      damage = event->damage;
      EXPECT_EQ(event->partition, 0u);
    } else {
      ++seen[{event->partition, event->record.offset}];
    }
  }
  EXPECT_EQ(record::ReasonOf(damage), Reason::kLogCorrupt);
  EXPECT_EQ(seen, (Offsets{{{0, 0}, 1}, {{1, 0}, 1}}));
  EXPECT_TRUE(consumer.Seek({"t", 0}, Position::AtOffset(2)).ok());
  EXPECT_EQ(NextRecord(consumer).record.offset, 2);
}

}  // namespace
}  // namespace leat::client
