// Every operation of a whole server on its disk fails, once or for good, with each errno: those of
// its checkpoint, of the topics' log, of a log of groups and the files beside it, from the start to
// the stop.
//
// Whatever happens: the next start finds all that was acknowledged where it was acknowledged,
// nothing that was refused, no damage, and goes on.

#include <cerrno>
#include <cstring>
#include <map>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "spdlog/spdlog.h"
#include "storage/io/posix_error.h"
#include "tests/server/broker/matchers.h"
#include "tests/server/broker/simulated_broker.h"

namespace leat::broker {
namespace {

using io::FaultRepeat;
using record::Reason;
using testing::Contains;
using testing::Not;
using Values = std::vector<std::string>;

constexpr uint32_t kGroupLog = 3;

// What must be there, what must not, and, of neither, what may be.
enum class Fate { kThere, kNotThere, kUnknown };

Fate FateOf(const absl::Status& status) {
  if (status.ok()) return Fate::kThere;
  return record::ReasonOf(status) == Reason::kAppendOutcomeUnknown ? Fate::kUnknown
                                                                   : Fate::kNotThere;
}

// What was sent to one log, and what was answered.
class SentRecords {
 public:
  void Note(const std::string& value, const absl::StatusOr<log::AppendResult>& answer) {
    const Fate fate = FateOf(answer.status());
    if (fate == Fate::kThere) acknowledged_[answer->base_offset.value] = value;
    if (fate == Fate::kNotThere) refused_.push_back(value);
  }
  // After the last that was acknowledged.
  int64_t end() const { return acknowledged_.empty() ? 0 : acknowledged_.rbegin()->first + 1; }
  void NoteTrim(int64_t log_start, const absl::Status& answer) {
    if (answer.ok()) log_start_ = log_start;
  }

  void Check(const Values& found, int64_t log_start) const {
    EXPECT_GE(log_start, log_start_);
    for (const auto& [offset, value] : acknowledged_) {
      if (offset < log_start) continue;
      const auto index = static_cast<size_t>(offset - log_start);
      ASSERT_LT(index, found.size()) << value << " was acknowledged";
      EXPECT_EQ(found[index], value);
    }
    for (const std::string& value : refused_) EXPECT_THAT(found, Not(Contains(value)));
  }

 private:
  std::map<int64_t, std::string> acknowledged_;
  Values refused_;
  int64_t log_start_ = 0;
};

class FaultyServer {
 public:
  explicit FaultyServer(uint64_t seed) : server_(seed) { server_.options().shard_count = 1; }

  SimulatedBroker& server() { return server_; }

  // A little of everything that is written, from the start to the stop.
  void Work() {
    if (!server_.Start().ok()) return;
    const auto kept = Create("kept");
    for (int i = 0; i < 4; ++i) {
      if (kept.ok()) Append(*kept, "early " + std::to_string(i));
      AppendToGroupLog("early " + std::to_string(i));
    }
    if (kept.ok()) records_.NoteTrim(2, server_.Trim(*kept, 0, 2));
    // As groups do: never past what they know to be there.
    if (groups_.end() >= 3) groups_.NoteTrim(3, server_.TrimGroupLog(kGroupLog, 3));
    server_.Advance(absl::Seconds(2));  // A checkpoint.
    const auto gone = Create("gone");
    if (gone.ok()) topics_["gone"] = Opposite(FateOf(server_.Delete(*gone).status()));
    if (kept.ok()) Append(*kept, "late");
    AppendToGroupLog("late");
    server_.Advance(absl::Seconds(2));
    server_.Stop().IgnoreError();
  }

  void CheckAfterRestart() {
    ASSERT_THAT(server_.Start(), IsOk());
    for (const auto& entry : server_.broker().recovery().findings) {
      EXPECT_NE(entry.finding.kind, log::Finding::Kind::kCorrupt) << entry.finding.detail;
    }
    for (const auto& [name, fate] : topics_) {
      if (fate == Fate::kUnknown) continue;
      EXPECT_EQ(server_.broker().FindTopic(name).ok(), fate == Fate::kThere) << name;
    }
    const InternalLog& log = server_.broker().group_log(kGroupLog);
    groups_.Check(*server_.ReadGroupLog(kGroupLog), log.log_start().value);
    EXPECT_THAT(server_.AppendToGroupLog(kGroupLog, "after"), IsOk());
    const auto made = server_.Create("after");
    ASSERT_THAT(made, IsOk());
    EXPECT_THAT(server_.Append(*made, 0, "after"), IsOk());
    const auto kept = server_.broker().FindTopic("kept");
    if (!kept.ok()) return;
    records_.Check(*server_.ReadAll(*kept, 0), server_.Describe(*kept, 0)->log_start.value);
    EXPECT_THAT(server_.Append(*kept, 0, "after"), IsOk());
  }

 private:
  static Fate Opposite(Fate fate) {
    if (fate == Fate::kUnknown) return fate;
    return fate == Fate::kThere ? Fate::kNotThere : Fate::kThere;
  }

  absl::StatusOr<TopicHandle> Create(const std::string& name) {
    auto created = server_.Create(name, 1, {.segment_bytes = 3 * 4096});
    topics_[name] = FateOf(created.status());
    return created;
  }
  void Append(const TopicHandle& topic, const std::string& value) {
    records_.Note(value, server_.Append(topic, 0, value));
  }
  void AppendToGroupLog(const std::string& value) {
    groups_.Note(value, server_.AppendToGroupLog(kGroupLog, value));
  }

  SimulatedBroker server_;
  std::map<std::string, Fate> topics_;
  SentRecords records_;  // Of the topic "kept".
  SentRecords groups_;
};

class BrokerFaultTest : public testing::TestWithParam<int> {
 protected:
  BrokerFaultTest() { spdlog::set_level(spdlog::level::off); }
  ~BrokerFaultTest() override { spdlog::set_level(spdlog::level::info); }

  void Sweep(FaultRepeat repeat) {
    FaultyServer sound(1);
    sound.Work();
    const uint64_t operations = sound.server().disk().operations();
    ASSERT_GT(operations, 100u);
    const absl::Status error = io::PosixError(GetParam(), "simulated", "disk");
    for (uint64_t n = 1; n <= operations; ++n) {
      SCOPED_TRACE(testing::Message() << "operation " << n);
      FaultyServer faulty(1);
      SimulatedBroker& server = faulty.server();
      server.disk().FailNth(n, error, repeat);
      faulty.Work();
      server.disk().ClearFaults();
      // The process or the power went.
      n % 2 == 0 ? server.GoOnWith(server.disk().Kill()) : server.CutPower(n);
      ASSERT_NO_FATAL_FAILURE(faulty.CheckAfterRestart());
      if (HasFailure()) return;
    }
    RecordProperty("operations", std::to_string(operations));
  }
};

TEST_P(BrokerFaultTest, EveryOperationFailsOnce) { Sweep(FaultRepeat::kOnce); }
TEST_P(BrokerFaultTest, EveryOperationFailsForEver) { Sweep(FaultRepeat::kForever); }

INSTANTIATE_TEST_SUITE_P(, BrokerFaultTest,
                         testing::Values(EIO, ENOSPC, EDQUOT, EROFS, EMFILE, ENOMEM, ECANCELED),
                         [](const auto& info) { return strerrorname_np(info.param); });

}  // namespace
}  // namespace leat::broker
