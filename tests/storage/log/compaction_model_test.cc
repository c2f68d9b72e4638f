// A compacted log against a model of it, through a long random life: appends, tombstones, rolls,
// compactions, readers, trims, errors, kills and power cuts, all from one seed.

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
#include "storage/inspect/log_report.h"
#include "storage/record/error.h"
#include "tests/storage/log/keyed_log.h"

namespace leat::log {
namespace {

constexpr absl::Duration kTombstoneRetention = absl::Minutes(10);

class CompactionModel {
 public:
  explicit CompactionModel(uint64_t seed) : random_(seed), log_(RandomOptions(), seed) {}

  void Live(int steps) {
    for (int step = 0; step < steps && !testing::Test::HasFailure(); ++step) {
      SCOPED_TRACE(testing::Message() << "step " << step);
      Act();
    }
    if (!testing::Test::HasFailure()) ComeToRest();
  }

  int compactions() const { return compactions_; }
  int reopened() const { return reopened_; }
  int read() const { return read_; }
  uint64_t removed() const { return removed_; }

 private:
  uint64_t Below(uint64_t limit) { return random_() % limit; }

  LogOptions RandomOptions() {
    return {.segment_bytes = (4 + Below(40)) * 4096,
            .compact = true,
            .tombstone_retention = kTombstoneRetention,
            .tail_bytes = Below(2) * Below(32 << 10),
            .max_frame_bytes = 1 + Below(20'000)};
  }

  void Act() {
    const uint64_t dice = Below(1000);
    if (dice < 300) return Append();
    if (dice < 600) return TakeSteps();
    if (dice < 800) return Read();
    if (dice < 900) return Compact();
    if (dice < 920) return log_.Roll();
    if (dice < 940) return log_.Wait(absl::Seconds(Below(200)));
    if (dice < 950) return log_.SaveCheckpoint();
    if (dice < 955) return Trim();
    if (dice < 975) return FailSomeOperation();
    if (dice < 983) return Reopen([this] { log_.Restart().IgnoreError(); });
    if (dice < 991) return Reopen([this] { log_.Kill(); });
    Reopen([this] { log_.CutPower(random_()); });
  }

  KeyedRecord RandomRecord() {
    KeyedRecord record{.timestamp_ms = log_.clock().WallMillis() + static_cast<int64_t>(Below(99))};
    if (Below(30) > 0) record.key = "key" + std::to_string(Below(Below(2) == 0 ? 5 : 100));
    if (Below(6) > 0) record.value = std::string(Below(Below(20) == 0 ? 20'000 : 300), 'v');
    return record;
  }

  void Append() {
    std::vector<KeyedRecord> records(1 + Below(6));
    std::generate(records.begin(), records.end(), [this] { return RandomRecord(); });
    const auto codec = static_cast<record::Codec>(Below(3));
    const absl::Status appended = log_.AppendKeyed(records, codec);
    // An injected error took it offline.
    if (!appended.ok()) Reopen([this] { log_.CutPower(random_()); });
  }

  void TakeSteps() {
    for (uint64_t steps = Below(30); steps > 0; --steps) log_.loop().Step();
    NoteCompaction();
  }

  void Compact() {
    if (log_.compacting()) return;
    NoteCompaction();
    ++compactions_;
    counted_ = false;
    log_.BeginCompaction({.key_bytes = Below(8) == 0 ? size_t{1'000} : size_t{20'000},
                          .bytes_per_second = Below(2) * (4096 + Below(1 << 20)),
                          .step_bytes = 1 + Below(50'000)});
  }

  void NoteCompaction() {
    if (log_.compacting() || std::exchange(counted_, true)) return;
    removed_ += log_.report().records_removed;
  }

  // One reader goes through the log, again and again, while it changes.
  void Read() {
    const int64_t start = log_.log().log_start().value;
    const int64_t end = log_.log().high_watermark().value;
    if (reader_next_ < start || reader_next_ >= end) BeginReading(start);
    if (start == end) return;
    const absl::StatusOr<ReadResult> result = log_.ReadBatches(reader_next_, Below(20'000));
    NoteCompaction();
    ASSERT_TRUE(result.ok()) << result.status();
    for (const record::Batch& batch : result->batches) {
      for (const auto& [offset, record] : RecordsOf(batch)) {
        if (offset < reader_next_) continue;  // The read began inside the batch.
        EXPECT_TRUE(seen_.emplace(offset, record).second) << offset << " twice";
      }
      EXPECT_GT(batch.header.next_offset().value, reader_next_);
      reader_next_ = batch.header.next_offset().value;
    }
    EXPECT_EQ(reader_next_, result->next_offset.value);
    log_.ExpectSound(seen_, std::max(reader_begin_, start), reader_next_);
    ++read_;
  }

  void BeginReading(int64_t start) {
    seen_.clear();
    reader_begin_ = reader_next_ = start;
  }

  void Trim() {
    const int64_t start = log_.log().log_start().value;
    const int64_t range = log_.log().high_watermark().value - start;
    log_.TrimTo(start + static_cast<int64_t>(Below(static_cast<uint64_t>(range / 4 + 1))));
  }

  void FailSomeOperation() {
    const absl::Status error =
        Below(2) == 0 ? absl::DataLossError("EIO") : absl::ResourceExhaustedError("ENOSPC");
    log_.disk().Inject({.nth = 1 + Below(10),
                        .error = error,
                        .matches = [](const io::SimulatedOperation& operation) {
                          return operation.path.ends_with(".new");
                        }});
  }

  template <typename Die>
  void Reopen(Die die) {
    log_.disk().ClearFaults();
    die();
    log_.ForgetCompaction();
    ++reopened_;
    ASSERT_EQ(log_.log().state(), LogState::kOnline) << log_.log().state_detail();
    log_.ExpectSound();
    ExpectNoFault();
    BeginReading(log_.log().log_start().value);
  }

  // In the end each key is there once, and no tombstone is.
  void ComeToRest() {
    log_.disk().ClearFaults();
    while (log_.compacting()) log_.Wait(absl::Seconds(10));
    log_.Roll();
    ASSERT_TRUE(log_.Compact().ok()) << log_.compaction_status();
    log_.Wait(kTombstoneRetention);
    ASSERT_TRUE(log_.Compact().ok()) << log_.compaction_status();
    EXPECT_FALSE(log_.log().CompactionDue());
    log_.ExpectSound();
    std::map<std::string, int> count;
    for (const auto& [offset, record] : log_.ReadKeyed()) {
      if (!record.key.has_value()) continue;
      EXPECT_EQ(++count[*record.key], 1) << *record.key;
      EXPECT_TRUE(record.value.has_value()) << "a tombstone at " << offset;
    }
    ASSERT_TRUE(log_.Restart().ok());
    log_.ExpectSound();
    ExpectNoFault();
  }

  // Not to those either who look at the files from outside.
  void ExpectNoFault() {
    const absl::StatusOr<inspect::LogReport> report =
        inspect::InspectLog(log_.disk(), log_.Place(), inspect::Depth::kFrames);
    ASSERT_TRUE(report.ok()) << report.status();
    for (const inspect::Fault& fault : report->faults) {
      ADD_FAILURE() << fault.file << " at byte " << fault.position.bytes << ": " << fault.what;
    }
  }

  std::mt19937_64 random_;
  KeyedLog log_;
  KeyedRecords seen_;
  int64_t reader_begin_ = 0;
  int64_t reader_next_ = 0;
  bool counted_ = true;
  int compactions_ = 0;
  int reopened_ = 0;
  int read_ = 0;
  uint64_t removed_ = 0;
};

// LEAT_MODEL_SEEDS=first-last runs other lives than the usual ones.
std::pair<uint64_t, uint64_t> Seeds() {
  std::pair<uint64_t, uint64_t> seeds{1, 4};
  const char* given = std::getenv("LEAT_MODEL_SEEDS");
  if (given != nullptr) std::sscanf(given, "%lu-%lu", &seeds.first, &seeds.second);
  return seeds;
}

TEST(CompactionModelTest, LivesLikeItsModel) {
  const auto [first, last] = Seeds();
  for (uint64_t seed = first; seed <= last; ++seed) {
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    CompactionModel model(seed);
    model.Live(1000);
    if (HasFailure()) break;
    // It did live.
    EXPECT_GT(model.compactions(), 10);
    EXPECT_GT(model.removed(), 100u);
    EXPECT_GT(model.read(), 100);
    EXPECT_GT(model.reopened(), 5);
  }
}

}  // namespace
}  // namespace leat::log
