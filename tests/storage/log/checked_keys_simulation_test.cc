// Conditions on keys through a long random life: those who append know the log up to somewhere, and
// the log stops, is killed, loses power, runs out of space, fails to write, is trimmed and
// compacted, and remembers more keys or fewer. Each record says in its value on which condition it
// was sent, so that the log itself shows whether one was broken.

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "storage/record/error.h"
#include "tests/storage/log/keyed_batch.h"
#include "tests/storage/log/log_fixture.h"

namespace leat::log {
namespace {

using record::Reason;

class KeyWorld {
 public:
  explicit KeyWorld(uint64_t seed) : random_(seed), log_(Options(), seed) {}

  void Live(int steps) {
    for (int i = 0; i < steps && !testing::Test::HasFailure(); ++i) {
      Act();
      if (Below(4) == 0) log_.Run();
      if (Below(16) == 0) LookAtAll();
    }
    Reopen();
  }

  uint64_t appended = 0, duplicates = 0, conflicts = 0, unknown_keys = 0, refused = 0;
  uint64_t reopened = 0, compacted = 0;

 private:
  struct Sent {
    std::vector<KeyedRecord> records;
    std::optional<int64_t> expected;
    bool at_end = false;  // No key can be there or after it.
    size_t limit = 0;     // Of keys.
  };

  // What was told of a key, which the log must show.
  struct Claim {
    std::vector<KeyedRecord> records;
    int64_t offset = 0;
  };

  static LogOptions Options() {
    LogOptions options = SmallSegments();
    options.segment_bytes *= 4;
    options.compact = true;
    options.checked_keys = 20;
    options.deduplication_time = absl::Hours(1'000);
    options.deduplication_ids = 1'000;
    return options;
  }

  uint64_t Below(uint64_t limit) { return random_() % limit; }

  void Act() {
    const uint64_t dice = Below(10'000);
    if (dice < 9'000) return Send();
    if (dice < 9'300) return log_.SaveCheckpoint();
    if (dice < 9'500) return log_.Wait(absl::Milliseconds(Below(300)));
    if (dice < 9'600) return SetLimit();
    if (dice < 9'650) return log_.TrimTo(looked_at_ - int64_t(Below(looked_at_ + 1)));
    if (dice < 9'700) return Compact();
    if (dice < 9'760) return log_.disk().SetCapacity(Below(2) == 0 ? 0 : uint64_t{1} << 40);
    if (dice < 9'770) return FailSomeOperation();
    if (dice < 9'920) return;
    Reopen();
  }

  // Few keys come often, many seldom.
  std::string SomeKey() { return std::to_string(Below(2) == 0 ? Below(8) : Below(200)); }

  // Somewhere, and mostly near the end.
  int64_t ReadUpTo() {
    const int64_t end = log_.log().log_end().value;
    const uint64_t dice = Below(4);
    if (dice == 0) return end;
    return end - int64_t(Below(uint64_t(dice == 1 ? end : std::min<int64_t>(end, 12)) + 1));
  }

  void Send() {
    Sent sent{.limit = log_.options().checked_keys};
    if (Below(4) != 0) sent.expected = ReadUpTo();
    sent.at_end = sent.expected == log_.log().log_end().value;
    const std::string condition =
        sent.expected.has_value() ? std::to_string(*sent.expected) : "none";
    for (uint64_t i = 1 + Below(3); i > 0; --i) {
      next_id_ += Below(2);
      const std::string id =
          Below(3) == 0 ? std::to_string(next_id_ - Below(next_id_ + 1) % 4) : "";
      sent.records.push_back({SomeKey(), condition, id});
    }
    KeyedBatch made = MakeKeyed(sent.records, log_.clock().WallMillis(), sent.expected);
    if (!sent.expected.has_value() && Below(30) == 0) made.conditions.keys = nullptr;
    log_.log().Append(
        std::move(made.batch), made.conditions,
        [this, sent](const absl::StatusOr<AppendResult>& answer) { OnAnswer(sent, answer); });
  }

  void OnAnswer(const Sent& sent, const absl::StatusOr<AppendResult>& answer) {
    if (answer.ok()) {
      ++(answer->duplicate ? duplicates : appended);
      return;
    }
    switch (record::ReasonOf(answer.status()).value_or(Reason::kInternal)) {
      case Reason::kOffsetConflict:
        return OnConflict(sent, answer.status());
      case Reason::kKeysNotChecked:
        EXPECT_EQ(sent.limit, 0u);
        break;
      case Reason::kDiskFull:
      case Reason::kAppendOutcomeUnknown:
      case Reason::kPartitionOffline:
        break;
      default:
        ADD_FAILURE() << answer.status();
    }
    ++refused;
  }

  // Whoever is refused can go on by reading to where he is told.
  void OnConflict(const Sent& sent, const absl::Status& status) {
    EXPECT_FALSE(sent.at_end) << status;
    const auto [name, value] = record::MetadataOf(status)[0];
    const int64_t offset = std::stoll(value);
    if (name == "horizon") {
      EXPECT_LT(*sent.expected, offset);
      EXPECT_LE(offset, log_.log().high_watermark().value) << "told before it is durable";
      ++unknown_keys;
      return;
    }
    EXPECT_LE(*sent.expected, offset);
    EXPECT_LT(offset, log_.log().high_watermark().value) << "told before it is durable";
    claims_.push_back({sent.records, offset});
    ++conflicts;
  }

  void LookAtAll() {
    log_.Run();
    while (looked_at_ < log_.log().high_watermark().value) {
      const absl::StatusOr<ReadResult> read = log_.ReadBatches(looked_at_);
      ASSERT_TRUE(read.ok()) << read.status();
      for (const record::Batch& batch : read->batches) Look(batch);
    }
    for (const Claim& claim : claims_) {
      EXPECT_TRUE(
          std::any_of(claim.records.begin(), claim.records.end(),
                      [&](const auto& record) { return record.key == keys_[claim.offset]; }))
          << "no such key at " << claim.offset;
    }
    claims_.clear();
  }

  // No record of a batch is there against its condition.
  void Look(const record::Batch& batch) {
    std::map<std::string, int64_t> here;
    const absl::Status read = record::ForEachRecord(
        std::string(batch.payload), [&](const record::RecordView& record, uint32_t delta) {
          const int64_t offset = batch.header.base_offset.value + delta;
          if (offset < looked_at_) return true;
          const std::string key(*record.key);
          const auto last = last_.find(key);
          if (*record.value != "none" && last != last_.end()) {
            EXPECT_LT(last->second, std::stoll(std::string(*record.value)))
                << "key " << key << " at " << offset;
          }
          here[key] = offset;
          keys_[offset] = key;
          return true;
        });
    ASSERT_TRUE(read.ok()) << read;
    for (const auto& [key, offset] : here) last_[key] = offset;
    looked_at_ = batch.header.next_offset().value;
  }

  void SetLimit() {
    constexpr size_t kLimits[] = {0, 5, 20, 100};
    log_.options().checked_keys = kLimits[Below(4)];
    log_.log().SetOptions(log_.options());
  }

  void Compact() {
    LookAtAll();
    log_.log().Compact({}, [this](const absl::Status& status, const CompactionReport& report) {
      compacted += status.ok() ? report.records_removed : 0;
    });
    log_.Run();
  }

  void FailSomeOperation() {
    log_.disk().Inject({.nth = 1 + Below(20),
                        .error = Below(2) == 0 ? absl::DataLossError("EIO")
                                               : absl::ResourceExhaustedError("ENOSPC"),
                        .matches = [](const io::SimulatedOperation& operation) {
                          return io::ChangesDisk(operation.kind);
                        }});
  }

  void Reopen() {
    log_.disk().ClearFaults();
    log_.disk().SetCapacity(uint64_t{1} << 40);
    const uint64_t way = Below(3);
    if (way == 0) log_.Restart().IgnoreError();
    if (way == 1) log_.Kill();
    if (way == 2) log_.CutPower(random_());
    ++reopened;
    ASSERT_EQ(log_.log().state(), LogState::kOnline) << log_.log().state_detail();
    LookAtAll();
  }

  std::mt19937_64 random_;
  LogFixture log_;
  uint64_t next_id_ = 0;
  std::vector<Claim> claims_;            // Not looked at yet.
  std::map<int64_t, std::string> keys_;  // By offset.
  std::map<std::string, int64_t> last_;  // By key.
  int64_t looked_at_ = 0;
};

// LEAT_KEY_STEPS=steps,first-last runs other lives than the usual ones.
TEST(CheckedKeysSimulationTest, NothingIsAppendedAgainstItsCondition) {
  int steps = 5'000;
  uint64_t first = 1, last = 4;
  const char* given = std::getenv("LEAT_KEY_STEPS");
  if (given != nullptr) std::sscanf(given, "%d,%lu-%lu", &steps, &first, &last);
  for (uint64_t seed = first; seed <= last && !HasFailure(); ++seed) {
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    KeyWorld world(seed);
    world.Live(steps);
    std::printf(
        "seed %lu: %d steps, %lu appended, %lu duplicates, %lu conflicts, %lu not known, %lu "
        "refused, %lu reopened, %lu compacted\n",
        seed, steps, world.appended, world.duplicates, world.conflicts, world.unknown_keys,
        world.refused, world.reopened, world.compacted);
    // It did live.
    EXPECT_GT(world.appended, 500u);
    EXPECT_GT(world.duplicates, 50u);
    EXPECT_GT(world.conflicts, 100u);
    EXPECT_GT(world.unknown_keys, 100u);
    EXPECT_GT(world.reopened, 5u);
    EXPECT_GT(world.compacted, 30u);
  }
}

}  // namespace
}  // namespace leat::log
