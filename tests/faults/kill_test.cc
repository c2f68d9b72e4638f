// The real program is killed again and again, or the power of its file system cut, in the middle
// of many producers and a reader that follows: every record that was acknowledged is where it was
// acknowledged, none is invented, doubled or out of order, offsets are dense, and what a reader was
// shown once stays.
//
// LEAT_KILLS says how often (default 15, and 3 power cuts); a failure prints the seed of the
// moments, LEAT_SEED. Without leave to mount loop devices the power cuts are skipped.

#include <signal.h>
#include <sys/wait.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "bench/server_process.h"
#include "client/admin.h"
#include "client/client.h"
#include "client/producer.h"
#include "client/reader.h"
#include "gtest/gtest.h"
#include "tests/faults/kill_ledger.h"
#include "tests/faults/loop_disk.h"

namespace leat {
namespace {

constexpr uint32_t kProducers = 4;
constexpr uint32_t kPartitions = 3;
constexpr char kTopic[] = "killed";

uint64_t NumberFrom(const char* variable, uint64_t otherwise) {
  const char* text = std::getenv(variable);
  uint64_t number = otherwise;
  if (text != nullptr) {
    EXPECT_TRUE(absl::SimpleAtoi(text, &number)) << variable << "=" << text;
  }
  return number;
}

class KillTest : public testing::Test {
 protected:
  KillTest() { RecordProperty("seed", absl::StrCat(seed_)); }

  virtual void Strike() { server_->Kill(); }

  // Starts it where it listened before.
  void StartServer() {
    const std::string listen = server_.has_value() ? server_->address() : "127.0.0.1:0";
    const absl::Time begin = absl::Now();
    // No mark: the disk of a power cut is small.
    auto started =
        bench::ServerProcess::Start({"cli/leat", "serve", "--data-dir", data_directory_, "--listen",
                                     listen, "--set", "storage.min_free_bytes=0"});
    ASSERT_TRUE(started.ok()) << started.status();
    slowest_start_ = std::max(slowest_start_, absl::Now() - begin);
    server_.reset();
    server_.emplace(*std::move(started));
  }

  client::Client Connect() const { return client::Client::Connect({.target = server_->address()}); }

  void CreateTopic() {
    v1::CreateTopicRequest request;
    request.set_topic(kTopic);
    request.set_partition_count(kPartitions);
    request.mutable_config()->set_segment_bytes(1 << 20);  // Rolls are under way at some kills.
    const auto created = client::Admin(Connect()).CreateTopic(request);
    ASSERT_TRUE(created.ok()) << created.status();
  }

  // Sends until told to stop. What is not known to be in the log is not sent again.
  void Produce(uint32_t number) {
    client::Producer producer(
        Connect(),
        {.batch_bytes = 32 << 10, .linger = absl::Milliseconds(1), .buffer_bytes = 256 << 10});
    for (uint32_t i = 0; !stop_producing_; ++i) {
      std::string value = ledger_.NextValue(number);
      const uint32_t partition = i % kPartitions;
      const absl::Status taken =
          producer.Send(kTopic, {.value = value, .partition = partition},
                        [this, value, partition](const client::SendResult& result) {
                          if (result.status.ok()) {
                            ledger_.Acknowledge(partition, result.offset, value);
                          } else if (result.outcome == client::AppendOutcome::kNotAppended) {
                            ledger_.Refuse(value);
                          }
                        });
      if (!taken.ok()) return ledger_.Fail(taken);
    }
    if (absl::Status flushed = producer.Flush(absl::Minutes(1)); !flushed.ok()) {
      ledger_.Fail(flushed);
    }
  }

  // Tells the ledger what it reads, until the end or, without one, until it is stopped.
  void Read(client::Reader& reader) {
    while (true) {
      const auto event = reader.Next();
      if (absl::IsCancelled(event.status())) return;
      if (!event.ok()) return ledger_.Fail(event.status());
      if (!event->has_value()) return;
      const client::ReadEvent& read = **event;
      if (read.kind == client::ReadEvent::Kind::kRecord) {
        ledger_.Find(read.partition, read.record.offset, read.record.value.value_or(""));
      } else if (read.kind != client::ReadEvent::Kind::kEndOfPartition) {
        ledger_.Fail(absl::DataLossError("a gap, or damage"));
      }
    }
  }

  void KillAgainAndAgain(uint64_t kills) {
    std::minstd_rand random(static_cast<uint32_t>(seed_));
    for (uint64_t i = 0; i < kills; ++i) {
      const uint64_t more = 1 + random() % 3000;
      const absl::Status awaited = ledger_.AwaitAcknowledged(ledger_.acknowledged() + more);
      ASSERT_TRUE(awaited.ok()) << awaited << ", kill " << i << ", LEAT_SEED=" << seed_;
      Strike();
      if (!HasFatalFailure()) StartServer();
      if (HasFatalFailure()) return;
    }
  }

  // Reads everything from the beginning and holds it against what was acknowledged.
  void CheckEverything() {
    client::Reader reader(Connect(), {.topic = kTopic, .end = client::Position::Latest()});
    Read(reader);
    const auto found = client::Admin(Connect()).GetTopic(kTopic);
    ASSERT_TRUE(found.ok()) << found.status();
    std::vector<int64_t> ends(kPartitions);
    for (const v1::Partition& partition : found->partitions()) {
      ends[partition.partition()] = partition.high_watermark();
    }
    const absl::Status checked = ledger_.Check(ends);
    ASSERT_TRUE(checked.ok()) << checked << ", LEAT_SEED=" << seed_;
  }

  // The whole test.
  void SurviveUnderLoad(uint64_t kills) {
    StartServer();
    CreateTopic();
    if (HasFatalFailure()) return;
    client::Reader follower(Connect(), {.topic = kTopic});
    std::thread following([&] { Read(follower); });
    std::vector<std::thread> producing;
    for (uint32_t i = 0; i < kProducers; ++i) producing.emplace_back([this, i] { Produce(i); });

    KillAgainAndAgain(kills);
    stop_producing_ = true;
    for (std::thread& thread : producing) thread.join();
    follower.Stop();
    following.join();
    if (!HasFatalFailure()) CheckEverything();
    if (HasFatalFailure()) return;
    const absl::Status ended = server_->Terminate();
    EXPECT_TRUE(ended.ok()) << ended;
    std::printf("%lu times, %lu records acknowledged, 0 lost; slowest start %.0f ms\n", kills,
                ledger_.acknowledged(), absl::ToDoubleMilliseconds(slowest_start_));
  }

  const uint64_t seed_ = NumberFrom("LEAT_SEED", std::random_device()());
  std::string data_directory_ = absl::StrCat(testing::TempDir(), "/data");
  std::optional<bench::ServerProcess> server_;
  absl::Duration slowest_start_;
  KillLedger ledger_{kProducers, kPartitions};
  std::atomic<bool> stop_producing_ = false;
};

TEST_F(KillTest, NothingAcknowledgedIsLost) { SurviveUnderLoad(NumberFrom("LEAT_KILLS", 15)); }

// The parameter: features of the file system.
class PowerCutTest : public KillTest, public testing::WithParamInterface<const char*> {
 protected:
  void SetUp() override {
    directory_ = absl::StrCat(testing::TempDir(), "/power-cut-XXXXXX");
    ASSERT_NE(mkdtemp(directory_.data()), nullptr);
    auto made = LoopDisk::Make(directory_, GetParam());
    if (!made.ok()) GTEST_SKIP() << "SKIPPED: " << made.status();
    disk_ = *std::move(made);
    data_directory_ = disk_->path() + "/data";
  }
  void TearDown() override {
    server_.reset();
    disk_.reset();
    std::filesystem::remove_all(directory_);
  }

  void Strike() override {
    // Nothing runs on without its disk, and tells a reader of it.
    ASSERT_EQ(kill(server_->pid(), SIGSTOP), 0);
    ASSERT_EQ(waitpid(server_->pid(), nullptr, WUNTRACED), server_->pid());
    absl::Status cut = disk_->Stop();
    server_->Kill();
    cut.Update(disk_->Resume());
    ASSERT_TRUE(cut.ok()) << cut;
  }

  std::string directory_;
  std::unique_ptr<LoopDisk> disk_;
};

TEST_P(PowerCutTest, NothingAcknowledgedIsLost) { SurviveUnderLoad(NumberFrom("LEAT_KILLS", 3)); }

INSTANTIATE_TEST_SUITE_P(Ext4, PowerCutTest, testing::Values("has_journal", "^has_journal"),
                         [](const auto& info) {
                           return info.index == 0 ? "WithJournal" : "WithoutJournal";
                         });

}  // namespace
}  // namespace leat
