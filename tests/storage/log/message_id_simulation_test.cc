// Message ids through a long random life: records are sent in ever other company, while the log
// stops, is killed, loses power, runs out of space, fails to write, is trimmed and compacted, and
// the window grows, shrinks, is closed and opened again. Every record that becomes durable is
// looked at once: no id comes a second time inside its window, and whoever was told where a record
// is finds it there.

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "gtest/gtest.h"
#include "storage/record/error.h"
#include "tests/storage/log/identified.h"
#include "tests/storage/log/log_fixture.h"

namespace leat::log {
namespace {

using record::Reason;

constexpr uint64_t kWindow = 200;  // Ids, at first.

class IdWorld {
 public:
  explicit IdWorld(uint64_t seed) : random_(seed), log_(Options(), seed) {}

  void Live(int steps) {
    for (int i = 0; i < steps && !testing::Test::HasFailure(); ++i) {
      Act();
      if (Below(4) == 0) log_.Run();
      if (Below(16) == 0) LookAtAll();
    }
    Reopen();
  }

  uint64_t appended = 0, duplicates = 0, refused = 0, unknown = 0, reopened = 0, compacted = 0;

 private:
  struct Claim {
    std::string id;
    std::string value;  // Empty when it is another one's.
  };

  static LogOptions Options() {
    LogOptions options = SmallSegments();
    options.segment_bytes *= 4;
    options.compact = true;
    options.deduplication_time = absl::Hours(1'000);
    options.deduplication_ids = kWindow;
    return options;
  }

  uint64_t Below(uint64_t limit) { return random_() % limit; }

  void Act() {
    const uint64_t dice = Below(10'000);
    if (dice < 9'000) return Send();
    if (dice < 9'300) return log_.SaveCheckpoint();
    if (dice < 9'500) return log_.Wait(absl::Milliseconds(Below(300)));
    if (dice < 9'600) return log_.clock().JumpWall(absl::Hours(1) * (int64_t(Below(200)) - 100));
    if (dice < 9'650) return log_.TrimTo(looked_at_ - int64_t(Below(looked_at_ + 1)));
    if (dice < 9'700) return Compact();
    if (dice < 9'760) return log_.disk().SetCapacity(Below(2) == 0 ? 0 : uint64_t{1} << 40);
    if (dice < 9'770) return FailSomeOperation();
    if (dice < 9'790) return SetWindow();
    if (dice < 9'920) return;
    Reopen();
  }

  // New records and old ones, some of them twice, and in any order.
  void Send() {
    std::vector<IdAndValue> records;
    for (uint64_t i = 1 + Below(5); i > 0; --i) {
      next_id_ += Below(2);
      const uint64_t back = std::min<uint64_t>(next_id_, Below(3) == 0 ? Below(100) : Below(8));
      const bool has_id = Below(10) != 0;
      records.push_back({has_id ? std::to_string(next_id_ - back) : "", std::to_string(++values_)});
    }
    const auto codec = Below(8) == 0 ? record::Codec::kLz4 : record::Codec::kNone;
    IdentifiedBatch made = MakeIdentified(records, log_.clock().WallMillis(), codec);
    log_.log().Append(
        std::move(made.batch), made.conditions,
        [this, records](const absl::StatusOr<AppendResult>& answer) { OnAnswer(records, answer); });
  }

  void OnAnswer(const std::vector<IdAndValue>& records,
                const absl::StatusOr<AppendResult>& answer) {
    if (!answer.ok()) {
      const Reason reason = record::ReasonOf(answer.status()).value_or(Reason::kInternal);
      EXPECT_TRUE(reason == Reason::kDuplicatesNotSeparable || reason == Reason::kDiskFull ||
                  reason == Reason::kAppendOutcomeUnknown || reason == Reason::kPartitionOffline)
          << answer.status();
      ++(reason == Reason::kAppendOutcomeUnknown ? unknown : refused);
      return;
    }
    for (size_t i = 0; i < records.size(); ++i) {
      const RecordPlaces* const places = answer->places.get();
      const int64_t offset =
          places == nullptr ? answer->base_offset.value + int64_t(i) : places->offsets[i].value;
      const bool duplicate = places != nullptr && places->duplicates[i];
      ASSERT_LT(offset, log_.log().high_watermark().value) << "acknowledged and not durable";
      ++(duplicate ? duplicates : appended);
      const Claim claim{records[i].id, duplicate ? "" : records[i].value};
      offset < looked_at_ ? CheckClaim(claim, offset) : (void)claims_.emplace(offset, claim);
    }
  }

  void CheckClaim(const Claim& claim, int64_t offset) {
    const auto found = durable_.find(offset);
    if (found == durable_.end()) {
      EXPECT_TRUE(compacted > 0) << offset << " is not there";
      return;
    }
    EXPECT_EQ(found->second.id, claim.id) << "at " << offset;
    if (claim.value.empty()) return;
    EXPECT_EQ(found->second.value, claim.value) << "at " << offset;
  }

  void LookAtAll() {
    log_.Run();
    while (looked_at_ < log_.log().high_watermark().value) {
      const absl::StatusOr<ReadResult> read = log_.ReadBatches(looked_at_);
      ASSERT_TRUE(read.ok()) << read.status();
      for (const record::Batch& batch : read->batches) Look(batch);
    }
    for (const auto& [offset, claim] : claims_) CheckClaim(claim, offset);
    claims_.clear();
  }

  void Look(const record::Batch& batch) {
    std::string set(batch.payload);
    if (batch.header.codec != record::Codec::kNone) {
      set = *record::Decompress(batch.header.codec, set, batch.header.uncompressed_bytes);
    }
    const absl::Status read =
        record::ForEachRecord(set, [&](const record::RecordView& record, uint32_t delta) {
          const int64_t offset = batch.header.base_offset.value + delta;
          if (offset < looked_at_) return true;
          const std::string id =
              record.headers.empty() ? "" : std::string(*record.headers[0].value);
          durable_[offset] = {id, std::string(*record.value)};
          if (!id.empty()) NoteId(id, offset);
          return true;
        });
    ASSERT_TRUE(read.ok()) << read;
    looked_at_ = batch.header.next_offset().value;
  }

  void NoteId(const std::string& id, int64_t offset) {
    ++ids_;
    const auto [known, is_new] = last_.try_emplace(id, ids_);
    if (is_new) return;
    EXPECT_LT(known->second, std::max(forgotten_before_, ids_ - std::min(ids_, window_)))
        << "id " << id << " is there again at " << offset;
    known->second = ids_;
  }

  // What is outside of the window then is forgotten for good; and all, when there is none.
  void SetWindow() {
    LookAtAll();
    constexpr uint64_t kWindows[] = {0, 50, kWindow, 400};
    const uint64_t before = std::exchange(window_, kWindows[Below(4)]);
    const uint64_t left = std::min({before, window_, ids_});
    forgotten_before_ = std::max(forgotten_before_, ids_ - left + 1);
    log_.options().deduplication_time = window_ == 0 ? absl::ZeroDuration() : absl::Hours(1'000);
    log_.options().deduplication_ids = window_;
    log_.log().SetOptions(log_.options());
  }

  // All records have one key.
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
    for (const Finding& finding : log_.recovered().findings) {
      EXPECT_NE(finding.kind, Finding::Kind::kProducersRebuilt) << finding.detail;
    }
    LookAtAll();
  }

  std::mt19937_64 random_;
  LogFixture log_;
  uint64_t next_id_ = 0;
  uint64_t values_ = 0;
  std::map<int64_t, IdAndValue> durable_;
  std::multimap<int64_t, Claim> claims_;  // Of what was not looked at yet.
  std::map<std::string, uint64_t> last_;  // By id: which one it was of all in the log.
  uint64_t ids_ = 0;
  uint64_t window_ = kWindow;
  uint64_t forgotten_before_ = 0;  // Numbers of those that may have been forgotten are less.
  int64_t looked_at_ = 0;
};

// LEAT_ID_STEPS=steps,first-last runs other lives than the usual ones.
TEST(MessageIdSimulationTest, NoIdTwiceInsideItsWindow) {
  int steps = 5'000;
  uint64_t first = 1, last = 4;
  const char* given = std::getenv("LEAT_ID_STEPS");
  if (given != nullptr) std::sscanf(given, "%d,%lu-%lu", &steps, &first, &last);
  for (uint64_t seed = first; seed <= last && !HasFailure(); ++seed) {
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    IdWorld world(seed);
    world.Live(steps);
    std::printf(
        "seed %lu: %d steps, %lu appended, %lu duplicates, %lu refused, %lu unknown, %lu "
        "reopened, %lu compacted\n",
        seed, steps, world.appended, world.duplicates, world.refused, world.unknown, world.reopened,
        world.compacted);
    // It did live.
    EXPECT_GT(world.appended, 500u);
    EXPECT_GT(world.duplicates, 500u);
    EXPECT_GT(world.reopened, 5u);
    EXPECT_GT(world.compacted, 30u);
  }
}

}  // namespace
}  // namespace leat::log
