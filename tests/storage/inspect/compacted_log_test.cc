// Segments that compaction has gone over are as sound as any to those who look at files.

#include <optional>
#include <string>

#include "absl/status/status.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "storage/inspect/log_repair.h"
#include "storage/inspect/log_report.h"
#include "storage/log/segment_file.h"
#include "tests/storage/log/keyed_log.h"

namespace leat::inspect {
namespace {

using testing::IsEmpty;
using testing::SizeIs;

class CompactedLogTest : public testing::Test {
 protected:
  // Sealed and compacted: [0, 10), of which the first eight are one batch without records, and [10,
  // 14); active [14, 15).
  CompactedLogTest() {
    for (int i = 0; i < 8; ++i) Append("superseded", "1");
    Append("a", "1");
    Append("b", std::nullopt);
    log_.Roll();
    Must(log_.AppendKeyed({{.key = "superseded", .value = "2"}, {.key = "c", .value = "1"}}));
    Must(log_.AppendKeyed({{.key = "c", .value = "2"}, {.key = "d", .value = "1"}}));
    log_.Roll();
    Must(log_.Compact());
    Append("a", "2");
  }

  static void Must(const absl::Status& status) { ASSERT_TRUE(status.ok()) << status; }

  void Append(const std::string& key, std::optional<std::string> value) {
    Must(log_.AppendKeyed(key, std::move(value)));
    log_.Wait(absl::Seconds(1));
  }

  LogReport Look() { return *InspectLog(log_.disk(), log_.Place(), Depth::kFrames); }

  static log::LogOptions Options() {
    log::LogOptions options;
    options.compact = true;
    return options;
  }

  log::KeyedLog log_{Options()};
};

TEST_F(CompactedLogTest, IsSound) {
  const LogReport report = Look();
  EXPECT_THAT(report.faults, IsEmpty());
  EXPECT_THAT(report.at_start, IsEmpty());
  ASSERT_THAT(report.segments, SizeIs(3));
  EXPECT_TRUE(report.segments[0].footer->compaction.compacted());
  EXPECT_EQ(report.segments[0].footer->compaction.tombstones, 1u);
  EXPECT_EQ(report.segments[0].batches, 3u);
  EXPECT_EQ(report.segments[0].records, 2u);
  EXPECT_EQ(report.segments[1].records, 3u);
  EXPECT_EQ(report.known_end.value, 15);
  EXPECT_THAT(PlanRepair(report, log_.Place(), Beginning::kMovable).steps, IsEmpty());
}

TEST_F(CompactedLogTest, AFooterIsWrittenAnew) {
  Must(log_.Close());
  const SegmentReport before = Look().segments[0];
  Must(log_.disk().Corrupt(before.path, {before.chain_end.bytes + 40}, 1));
  const LogReport damaged = Look();
  ASSERT_THAT(damaged.faults, SizeIs(1));
  EXPECT_EQ(damaged.faults[0].kind, Fault::Kind::kFooter);
  const RepairPlan plan = PlanRepair(damaged, log_.Place(), Beginning::kMovable);
  EXPECT_EQ(plan.end.value, 15);
  for (const RepairStep& step : plan.steps) {
    Must(DoStep(log_.disk(), log_.Place(), step).status());
  }
  log_.Kill();
  EXPECT_EQ(log_.log().state(), log::LogState::kOnline) << log_.log().state_detail();
  EXPECT_THAT(Look().faults, IsEmpty());
  log_.ExpectSound();
  // What the footer knew besides the frames is found out again.
  EXPECT_TRUE(log_.log().CompactionDue());
  Must(log_.Compact());
  EXPECT_EQ(Look().segments[0].footer->compaction.tombstones, 1u);
}

TEST_F(CompactedLogTest, AnInterruptedRewriteIsToldAndIsNoDamage) {
  Must(io::ReplaceFile(log_.disk(), log::ReplacementPath(log_.FilePath(1)), "half a segment"));
  const LogReport report = Look();
  EXPECT_THAT(report.faults, IsEmpty());
  ASSERT_THAT(report.at_start, SizeIs(1));
  EXPECT_EQ(report.at_start[0].kind, log::Finding::Kind::kLeftoverRemoved);
  EXPECT_THAT(PlanRepair(report, log_.Place(), Beginning::kMovable).steps, IsEmpty());
}

}  // namespace
}  // namespace leat::inspect
