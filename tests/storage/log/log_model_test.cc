// A log against a model of it, through a long random life: appends, reads, trims, checkpoints, full
// disks, write errors, clean stops, kills and power cuts, all from one seed.

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <map>
#include <random>
#include <string>
#include <utility>

#include "gtest/gtest.h"
#include "storage/record/error.h"
#include "tests/storage/log/batches.h"
#include "tests/storage/log/log_fixture.h"

namespace leat::log {
namespace {

using record::Reason;

class LogModel {
 public:
  explicit LogModel(uint64_t seed) : random_(seed), log_(RandomOptions(), seed) {}

  void Live(int steps) {
    for (int step = 0; step < steps && !testing::Test::HasFailure(); ++step) {
      SCOPED_TRACE(testing::Message() << "step " << step);
      Act();
      NoteAnswers();
    }
    Reopen([this] { log_.Restart().IgnoreError(); });
  }

  size_t acknowledged() const { return acknowledged_; }
  size_t reopened() const { return reopened_; }
  size_t read() const { return read_; }
  size_t rewritten() const { return rewritten_; }

 private:
  uint64_t Below(uint64_t limit) { return random_() % limit; }

  LogOptions RandomOptions() {
    LogOptions options;
    options.segment_bytes = (4 + Below(60)) * 4096;
    options.tail_bytes = Below(2) * Below(64 << 10);
    options.max_frame_bytes = 1 + Below(20'000);
    options.segment_age = absl::Minutes(1 + Below(1000));
    return options;
  }

  void Act() {
    const uint64_t dice = Below(1000);
    if (dice < 450) return Append();
    if (dice < 800) return TakeSteps();
    if (dice < 950) return Read();
    if (dice < 955) return log_.SaveCheckpoint();
    if (dice < 960) return Rewrite();
    if (dice < 970) return Trim();
    if (dice < 980) return log_.Wait(absl::Milliseconds(Below(400)));
    if (dice < 984) return log_.log().SetOptions(log_.options() = RandomOptions());
    if (dice < 988) return log_.disk().SetCapacity(Below(2) == 0 ? 0 : uint64_t{1} << 40);
    if (dice < 990) return FailSomeOperation();
    if (dice < 993) return Reopen([this] { log_.Restart().IgnoreError(); });
    if (dice < 996) return Reopen([this] { log_.Kill(); });
    Reopen([this] { log_.CutPower(random_()); });
  }

  void Append() {
    const size_t bytes = Below(20) == 0 ? Below(50'000) : Below(300);
    const std::string value = std::to_string(log_.sent().size()) + std::string(bytes, '.');
    doubtful_.push_back(log_.Append(value, 1 + static_cast<uint32_t>(Below(3))));
  }

  void TakeSteps() {
    for (uint64_t steps = Below(20); steps > 0; --steps) log_.loop().Step();
  }

  // Whatever comes back agrees with what was acknowledged.
  void Read() {
    const int64_t start = log_.log().log_start().value;
    const int64_t range = log_.log().high_watermark().value - start + 1;
    const int64_t from = start + static_cast<int64_t>(Below(static_cast<uint64_t>(range)));
    log_.log().Read({from}, Below(30'000), [this, from](absl::StatusOr<ReadResult> result) {
      NoteAnswers();
      if (!result.ok()) {
        EXPECT_EQ(record::ReasonOf(result.status()), Reason::kOffsetOutOfRange) << result.status();
        EXPECT_LT(from, log_.log().log_start().value);
        return;
      }
      ++read_;
      int64_t next = from;
      for (const record::Batch& batch : result->batches) {
        CheckBatch(batch);
        EXPECT_LE(batch.header.base_offset.value, next);
        EXPECT_GT(batch.header.next_offset().value, next);
        next = batch.header.next_offset().value;
      }
      EXPECT_EQ(result->next_offset.value, next);
      EXPECT_TRUE(next > from || from == log_.log().high_watermark().value || from < next);
    });
  }

  void CheckBatch(const record::Batch& batch) {
    const auto known = durable_.find(batch.header.base_offset.value);
    if (known == durable_.end()) {
      EXPECT_LE(batch.header.next_offset(), log_.log().log_start()) << "never acknowledged";
      return;
    }
    const LogFixture::Sent& sent = log_.sent()[known->second];
    EXPECT_EQ(batch.payload, MakeBatch(0, sent.records, sent.value, 0).payload);
  }

  void Trim() {
    const int64_t start = log_.log().log_start().value;
    const int64_t range = log_.log().high_watermark().value - start;
    log_.TrimTo(start + static_cast<int64_t>(Below(static_cast<uint64_t>(range / 2 + 1))));
    ForgetTrimmed();
  }

  void ForgetTrimmed() {
    while (!durable_.empty()) {
      const auto first = durable_.begin();
      if (first->first + log_.sent()[first->second].records > log_.log_start()) break;
      durable_.erase(first);
    }
  }

  // Takes out padding, and nothing else.
  void Rewrite() {
    if (!log_.log().CompactionDue()) return;
    log_.log().Compact({.step_bytes = 1 + Below(30'000)},
                       [this](const absl::Status&, const CompactionReport& report) {
                         EXPECT_EQ(report.records_removed, 0u);
                         rewritten_ += report.segments_rewritten;
                       });
  }

  void FailSomeOperation() {
    const absl::Status error =
        Below(2) == 0 ? absl::DataLossError("EIO") : absl::ResourceExhaustedError("ENOSPC");
    log_.disk().Inject({.nth = 1 + Below(20),
                        .error = error,
                        .matches = [](const io::SimulatedOperation& operation) {
                          return io::ChangesDisk(operation.kind);
                        }});
  }

  // Acknowledged appends are durable from now on, in order; refused ones never were.
  void NoteAnswers() {
    std::erase_if(doubtful_, [this](size_t number) {
      const auto& answer = log_.sent()[number].answer;
      return answer.has_value() && !answer->ok() &&
             record::ReasonOf(answer->status()) != Reason::kAppendOutcomeUnknown;
    });
    while (!doubtful_.empty()) {
      const auto& answer = log_.sent()[doubtful_.front()].answer;
      if (!answer.has_value() || !answer->ok()) break;
      EXPECT_EQ((*answer)->base_offset.value, end_);
      TakeDurable(doubtful_.front());
      doubtful_.pop_front();
      ++acknowledged_;
    }
    EXPECT_EQ(log_.log().high_watermark().value, end_);
  }

  void TakeDurable(size_t number) {
    durable_[end_] = number;
    end_ += log_.sent()[number].records;
  }

  // What is found then: all that is durable, and of what was in doubt a beginning.
  template <typename Die>
  void Reopen(Die die) {
    NoteAnswers();
    log_.disk().ClearFaults();
    log_.disk().SetCapacity(uint64_t{1} << 40);
    die();
    ++reopened_;
    ASSERT_EQ(log_.log().state(), LogState::kOnline) << log_.log().state_detail();
    // Some appends were answered on the way.
    NoteLateAnswers();
    ASSERT_LE(end_, log_.log().high_watermark().value) << "acknowledged records are lost";
    while (end_ < log_.log().high_watermark().value) {
      ASSERT_FALSE(doubtful_.empty()) << "records were invented";
      TakeDurable(doubtful_.front());
      doubtful_.pop_front();
    }
    ASSERT_EQ(end_, log_.log().high_watermark().value);
    doubtful_.clear();
    CheckAll();
  }

  void NoteLateAnswers() {
    while (!doubtful_.empty() && log_.sent()[doubtful_.front()].answer.has_value()) {
      const auto& answer = *log_.sent()[doubtful_.front()].answer;
      if (record::ReasonOf(answer.status()) == Reason::kAppendOutcomeUnknown) break;
      if (answer.ok()) TakeDurable(doubtful_.front());
      doubtful_.pop_front();
    }
  }

  void CheckAll() {
    record::Offset next = log_.log().log_start();
    while (next < log_.log().high_watermark()) {
      const absl::StatusOr<ReadResult> result = log_.ReadBatches(next.value, 100'000);
      ASSERT_TRUE(result.ok()) << result.status();
      for (const record::Batch& batch : result->batches) CheckBatch(batch);
      ASSERT_GT(result->next_offset, next);
      next = result->next_offset;
    }
  }

  std::mt19937_64 random_;
  LogFixture log_;
  std::map<int64_t, size_t> durable_;  // Numbers of appends by base offset.
  std::deque<size_t> doubtful_;  // Numbers of appends not answered, or answered with "unknown".
  int64_t end_ = 0;              // Of `durable_`.
  size_t acknowledged_ = 0;
  size_t reopened_ = 0;
  size_t read_ = 0;
  size_t rewritten_ = 0;
};

// LEAT_MODEL_SEEDS=first-last runs other lives than the usual ones.
std::pair<uint64_t, uint64_t> Seeds() {
  std::pair<uint64_t, uint64_t> seeds{1, 5};
  const char* given = std::getenv("LEAT_MODEL_SEEDS");
  if (given != nullptr) std::sscanf(given, "%lu-%lu", &seeds.first, &seeds.second);
  return seeds;
}

TEST(LogModelTest, LivesLikeItsModel) {
  const auto [first, last] = Seeds();
  for (uint64_t seed = first; seed <= last; ++seed) {
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    LogModel model(seed);
    model.Live(5000);
    if (HasFailure()) break;
    // It did live.
    EXPECT_GT(model.acknowledged(), 500u);
    EXPECT_GT(model.read(), 200u);
    EXPECT_GT(model.reopened(), 10u);
    EXPECT_GT(model.rewritten(), 0u);
  }
}

}  // namespace
}  // namespace leat::log
