// The whole broker against power cuts at any operation: what was answered is there, what was not
// may be, and nothing else.

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "storage/io/simulated_bytes.h"
#include "tests/server/broker/matchers.h"
#include "tests/server/broker/simulated_broker.h"

namespace leat::broker {
namespace {

// What is known of one topic by the answers that came.
struct KnownTopic {
  TopicHandle handle;
  std::vector<std::vector<std::string>> values;  // By partition, acknowledged, from offset 0.
  std::vector<int64_t> log_starts;
};

class Model {
 public:
  explicit Model(uint64_t seed) : random_(seed), server_(seed) {}

  void Run(int lives) {
    for (int life = 0; life < lives; ++life) {
      SCOPED_TRACE(testing::Message() << "life " << life);
      // The power goes at some operation, during the start or later.
      const uint64_t last = 1 + random_() % 400;
      server_.disk().FailNth(last, absl::DataLossError("power cut"), io::FaultRepeat::kForever);
      if (server_.Start().ok()) {
        ASSERT_NO_FATAL_FAILURE(Verify());
        for (int i = 0; i < 60 && !cut_; ++i) DoSomething();
        if (random_() % 4 == 0 && !cut_) StopAndVerify();
      }
      server_.disk().ClearFaults();
      server_.CutPower(random_());
      cut_ = false;
    }
    ASSERT_THAT(server_.Start(), IsOk());
    ASSERT_NO_FATAL_FAILURE(Verify());
    server_.Advance(absl::Seconds(10));
    ASSERT_NO_FATAL_FAILURE(VerifyFiles());
  }

 private:
  static constexpr uint32_t kPartitions = 2;

  // Each leaves `known_` as the answer says, and `maybe_` as what else a cut may have left.
  void DoSomething() {
    const std::string name(1, static_cast<char>('a' + random_() % 3));
    auto found = known_.find(name);
    if (found == known_.end()) return Create(name);
    const uint64_t choice = random_() % 20;
    if (choice == 0) return Delete(found->second);
    if (choice == 1) return Trim(found->second);
    if (choice == 2) return server_.Advance(absl::Milliseconds(random_() % 3'000));
    Append(found->second);
  }

  void Create(const std::string& name) {
    absl::StatusOr<TopicHandle> created =
        server_.Create(name, kPartitions, {.segment_bytes = 64 << 10});
    if (!created.ok()) return NoteCut(created.status(), name);
    known_[name] = {*created, std::vector<std::vector<std::string>>(kPartitions),
                    std::vector<int64_t>(kPartitions)};
  }

  void Delete(const KnownTopic& topic) {
    const std::string name = topic.handle->name;
    absl::StatusOr<TopicHandle> deleted = server_.Delete(topic.handle);
    if (!deleted.ok()) return NoteCut(deleted.status(), name);
    known_.erase(name);
  }

  void Trim(KnownTopic& topic) {
    const uint32_t partition = random_() % kPartitions;
    const int64_t target = random_() % (topic.values[partition].size() + 1);
    maybe_log_start_ = target;
    absl::Status trimmed = server_.Trim(topic.handle, partition, target);
    if (!trimmed.ok()) return NoteCut(trimmed, "");
    int64_t& log_start = topic.log_starts[partition];
    log_start = std::max(log_start, target);
    maybe_log_start_ = 0;
  }

  void Append(KnownTopic& topic) {
    const uint32_t partition = random_() % kPartitions;
    const std::string value(random_() % 3'000, 'x');
    maybe_value_ = std::to_string(next_value_++) + value;
    auto appended = server_.Append(topic.handle, partition, *maybe_value_);
    if (!appended.ok()) return NoteCut(appended.status(), "");
    topic.values[partition].push_back(*maybe_value_);
    EXPECT_EQ(appended->base_offset.value + 1,
              static_cast<int64_t>(topic.values[partition].size()));
  }

  void NoteCut(const absl::Status& status, const std::string& name) {
    cut_ = true;
    maybe_name_ = name;
    last_error_ = status.ToString();
  }

  // Compares what the broker tells with what is known, and takes over what may or may not be.
  void Verify() {
    SCOPED_TRACE(last_error_);
    for (const RecoverySummary::Entry& entry : server_.broker().recovery().findings) {
      EXPECT_EQ(entry.finding.kind, log::Finding::Kind::kTailCut) << entry.finding.file;
    }
    for (const std::string name : {"a", "b", "c"}) {
      absl::StatusOr<TopicHandle> found = server_.broker().FindTopic(name);
      auto known = known_.find(name);
      const bool same = found.ok() == (known != known_.end()) &&
                        (!found.ok() || **found == *known->second.handle);
      if (!same) {
        ASSERT_EQ(name, maybe_name_) << found.status();
        if (known != known_.end()) known_.erase(known);
        if (found.ok()) {
          known_[name] = {*found, std::vector<std::vector<std::string>>(kPartitions),
                          std::vector<int64_t>(kPartitions)};
        }
      }
    }
    for (auto& [name, topic] : known_) {
      for (uint32_t partition = 0; partition < kPartitions; ++partition) {
        ASSERT_NO_FATAL_FAILURE(VerifyPartition(topic, partition)) << name << partition;
      }
    }
    maybe_name_.clear();
  }

  void VerifyPartition(KnownTopic& topic, uint32_t partition) {
    absl::StatusOr<PartitionStatus> status = server_.Describe(topic.handle, partition);
    // The power may go while this reads.
    if (!status.ok() || status->state != log::LogState::kOnline) {
      ASSERT_THAT(status, IsOk());
      ASSERT_EQ(status->state, log::LogState::kOnline) << status->state_detail;
    }
    std::vector<std::string>& values = topic.values[partition];
    int64_t& log_start = topic.log_starts[partition];
    if (status->log_start.value != log_start) {
      ASSERT_EQ(status->log_start.value, std::max(log_start, maybe_log_start_));
      log_start = status->log_start.value;
    }
    absl::StatusOr<std::vector<std::string>> read = server_.ReadAll(topic.handle, partition);
    if (!read.ok()) {
      cut_ = true;
      return;
    }
    if (status->high_watermark.value == static_cast<int64_t>(values.size()) + 1) {
      ASSERT_EQ(read->back(), *maybe_value_);
      values.push_back(*maybe_value_);
    }
    ASSERT_EQ(status->high_watermark.value, static_cast<int64_t>(values.size()));
    ASSERT_EQ(*read, std::vector<std::string>(values.begin() + log_start, values.end()));
  }

  void StopAndVerify() {
    if (!server_.Stop().ok()) return;
    if (!server_.Start().ok()) return;
    EXPECT_TRUE(server_.broker().recovery().clean_shutdown);
    Verify();
  }

  // What is deleted is gone; what is not, and nothing else, is in its place.
  void VerifyFiles() {
    std::set<std::string> known;
    for (const auto& [name, topic] : known_) known.insert(FormatUuid(topic.handle->id) + "/");
    const absl::StatusOr<std::vector<std::string>> topics = server_.disk().List("/data/topics");
    for (const std::string& name : *topics) EXPECT_TRUE(known.contains(name)) << name;
    const auto kept = server_.disk().List("/data/quarantine");
    for (const std::string& name : *kept) EXPECT_FALSE(name.starts_with("topics-")) << name;
  }

  io::SimulatedRandom random_;
  SimulatedBroker server_;
  std::map<std::string, KnownTopic> known_;
  int next_value_ = 0;
  // What the operation that was cut off may have done.
  std::string maybe_name_;
  std::optional<std::string> maybe_value_;
  int64_t maybe_log_start_ = 0;
  bool cut_ = false;
  std::string last_error_;
};

TEST(BrokerCrashTest, WhatWasAnsweredSurvivesPowerCutsAnywhere) {
  for (uint64_t seed = 1; seed <= 40; ++seed) {
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    Model(seed).Run(/*lives=*/12);
    if (testing::Test::HasFailure()) return;
  }
}

}  // namespace
}  // namespace leat::broker
