#include "server/recovery_text.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace leat::server {
namespace {

using broker::RecoverySummary;
using testing::ElementsAre;
using testing::IsEmpty;
using Kind = log::Finding::Kind;

TEST(RecoveryTextTest, TellsHowTheLastRunEndedAndHowLongTheStartTook) {
  RecoverySummary summary{.duration = absl::Milliseconds(12), .partitions_opened = 4};
  summary.bytes_checked = 8192;
  EXPECT_EQ(DescribeRecovery(summary),
            "started after a crash: 4 partitions, 8192 bytes checked, 0 findings, in 12ms");
  summary.clean_shutdown = true;
  EXPECT_EQ(DescribeRecovery(summary),
            "started after an orderly stop: 4 partitions, 8192 bytes checked, 0 findings, in 12ms");
  EXPECT_THAT(DescribeFindings(summary), IsEmpty());
}

TEST(RecoveryTextTest, TellsWhatWasFoundWhere) {
  RecoverySummary summary;
  summary.AddFinding({"orders",
                      3,
                      {.kind = Kind::kTailCut,
                       .file = "/d/0.log",
                       .position = {8192},
                       .bytes = 4096,
                       .offset = {7},
                       .detail = "a torn write"}});
  summary.AddFinding({"orders", 4, {.kind = Kind::kCorrupt, .file = "/d/1.log", .detail = "gone"}});
  summary.AddFinding({"", 0, {.kind = Kind::kQuarantined, .file = "/d/x", .detail = "unknown"}});
  summary.AddFinding({"", 0, {.kind = Kind::kMissing, .file = "/d/checkpoint", .detail = "why"}});
  summary.AddFinding(
      {"orders", 5, {.kind = Kind::kLeftoverRemoved, .file = "/d/n", .detail = "w"}});
  summary.AddFinding(
      {"orders", 5, {.kind = Kind::kProducersRebuilt, .file = "/d/p", .detail = ""}});
  ++summary.findings_total;
  EXPECT_THAT(
      DescribeFindings(summary),
      ElementsAre("cut: topic orders, partition 3, offset 7: /d/0.log 4096 bytes at byte 8192: a "
                  "torn write",
                  "corrupt: topic orders, partition 4, offset 0: /d/1.log at byte 0: gone",
                  "moved aside: /d/x: unknown", "missing: /d/checkpoint: why", "removed: /d/n: w",
                  "rebuilt: /d/p: ", "and 1 more"));
}

}  // namespace
}  // namespace leat::server
