// Power cuts at every operation of making, filling, sealing and recovering a log.

#include <gtest/gtest.h>

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "storage/io/simulated_file_system.h"
#include "storage/log/recovery.h"
#include "tests/storage/log/test_log.h"

namespace leat::log {
namespace {

const absl::Status kPowerCut = absl::DataLossError("power cut");

// Everything a log does in its life, until the first error.
absl::Status Live(io::SimulatedFileSystem& disk, History& history, uint64_t seed) {
  TestLog log(disk, history, seed);
  absl::Status status = log.Open();
  // An earlier life may have left a segment active.
  if (status.ok() && !log.active()) status = log.CreateSegment();
  if (status.ok()) status = log.Append({10});
  if (status.ok()) status = log.Append({6000, 20});
  if (status.ok()) status = log.WriteControlFrame();
  if (status.ok()) status = log.SaveCheckpoint();
  if (status.ok()) status = log.Append({30, 9000});
  if (status.ok()) status = log.Seal();
  if (status.ok()) status = log.CreateSegment();
  if (status.ok()) status = log.Append({40, 50});
  if (status.ok()) status = log.SaveCheckpoint();
  if (status.ok()) status = log.Append({6000});
  return status;
}

// Lives with the power cut at operation `nth`. False when there are not that many.
bool LiveUntil(uint64_t nth, io::SimulatedFileSystem& disk, History& history, uint64_t seed) {
  disk.FailNth(nth, kPowerCut, io::FaultRepeat::kForever);
  const bool survived = Live(disk, history, seed).ok();
  disk.ClearFaults();
  return !survived;
}

// What recovery did to `disk` it does not do again.
void ExpectRecoveredForGood(io::SimulatedFileSystem& disk) {
  const std::map<std::string, std::string> before = Snapshot(disk);
  const absl::StatusOr<RecoveredLog> again = Recover(disk);
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_TRUE(again->findings.empty()) << again->findings[0].detail;
  EXPECT_TRUE(before == Snapshot(disk));
}

TEST(RecoveryCrashTest, LosesAndInventsNothingWhereverThePowerIsCut) {
  uint64_t cuts = 0;
  for (uint64_t nth = 1;; ++nth) {
    io::SimulatedFileSystem disk({.seed = nth});
    MakeDirectories(disk);
    History history;
    if (!LiveUntil(nth, disk, history, nth)) break;
    for (uint64_t seed = 0; seed < 25; ++seed, ++cuts) {
      const std::unique_ptr<io::SimulatedFileSystem> after = disk.Crash(seed);
      History seen = history;
      const absl::Status verified = RecoverAndVerify(*after, seen);
      ASSERT_TRUE(verified.ok()) << "operation " << nth << ", seed " << seed << ": " << verified;
      ExpectRecoveredForGood(*after);
    }
  }
  EXPECT_GT(cuts, 1000u);
}

TEST(RecoveryCrashTest, LosesAndInventsNothingWhereverTheProcessDies) {
  for (uint64_t nth = 1;; ++nth) {
    io::SimulatedFileSystem disk({.seed = nth});
    MakeDirectories(disk);
    History history;
    if (!LiveUntil(nth, disk, history, nth)) break;
    const std::unique_ptr<io::SimulatedFileSystem> after = disk.Kill();
    const absl::Status verified = RecoverAndVerify(*after, history);
    ASSERT_TRUE(verified.ok()) << "operation " << nth << ": " << verified;
    ExpectRecoveredForGood(*after);
  }
}

void ExpectToSurvivePowerCuts(const io::SimulatedFileSystem& disk, const History& history) {
  for (uint64_t seed = 0; seed < 5; ++seed) {
    History seen = history;
    const absl::Status verified = RecoverAndVerify(*disk.Crash(seed), seen);
    ASSERT_TRUE(verified.ok()) << "seed " << seed << ": " << verified;
  }
}

// What the next process does, on a disk that still has the last one's cache.
void RecoverAndShow(io::SimulatedFileSystem& disk, History& history) {
  const absl::Status verified = RecoverAndVerify(disk, history);
  ASSERT_TRUE(verified.ok()) << verified;
}

void RecoverAndLive(io::SimulatedFileSystem& disk, History& history) {
  ASSERT_TRUE(Live(disk, history, 1000).ok());
}

class NextProcessTest
    : public testing::TestWithParam<void (*)(io::SimulatedFileSystem&, History&)> {};

// A process that is killed did not flush what it was about to. What recovery finds all the same
// readers see, and the next life builds upon: it must survive a power cut.
TEST_P(NextProcessTest, MakesDurableWhatItFinds) {
  for (uint64_t nth = 1;; ++nth) {
    io::SimulatedFileSystem disk({.seed = nth});
    MakeDirectories(disk);
    History history;
    uint64_t count = 0;
    bool dead = false;
    bool taken_over = false;
    // Before the nth operation the process dies: the next one runs while that call waits for ever.
    disk.Inject({.error = kPowerCut,
                 .repeat = io::FaultRepeat::kForever,
                 .matches = [&](const io::SimulatedOperation& operation) {
                   if (dead) return taken_over;
                   if (operation.kind == io::OperationKind::kWriteDurably) return false;
                   if (++count < nth) return false;
                   dead = true;
                   GetParam()(disk, history);
                   ExpectToSurvivePowerCuts(disk, history);
                   taken_over = true;
                   return true;
                 }});
    Live(disk, history, nth).IgnoreError();
    if (!dead) break;
    if (HasFatalFailure()) FAIL() << "operation " << nth;
  }
}

INSTANTIATE_TEST_SUITE_P(All, NextProcessTest, testing::Values(RecoverAndShow, RecoverAndLive));

TEST(RecoveryCrashTest, MayBeCutAnywhereItself) {
  uint64_t cuts = 0;
  for (uint64_t nth = 1;; ++nth) {
    io::SimulatedFileSystem disk({.seed = nth});
    MakeDirectories(disk);
    History history;
    if (!LiveUntil(nth, disk, history, nth)) break;
    const std::unique_ptr<io::SimulatedFileSystem> crashed = disk.Crash(nth);
    for (uint64_t inner = 1;; ++inner) {
      const std::unique_ptr<io::SimulatedFileSystem> after = crashed->Kill();  // A copy.
      after->FailNth(inner, kPowerCut, io::FaultRepeat::kForever);
      if (Recover(*after).ok()) break;
      for (uint64_t seed = 0; seed < 4; ++seed, ++cuts) {
        const std::unique_ptr<io::SimulatedFileSystem> again = after->Crash(seed);
        History seen = history;
        const absl::Status verified = RecoverAndVerify(*again, seen);
        ASSERT_TRUE(verified.ok())
            << "operation " << nth << ", then " << inner << ", seed " << seed << ": " << verified;
      }
    }
  }
  EXPECT_GT(cuts, 1000u);
}

// Offsets that were cut are given away again: no cut frame may come back, however often.
TEST(RecoveryCrashTest, SurvivesManyLives) {
  for (uint64_t seed = 0; seed < 80; ++seed) {
    io::SimulatedRandom random(seed);
    auto disk = std::make_unique<io::SimulatedFileSystem>(io::SimulatedOptions{.seed = seed});
    MakeDirectories(*disk);
    History history;
    for (int life = 0; life < 8; ++life) {
      LiveUntil(1 + random() % 90, *disk, history, random());
      disk = random() % 4 == 0 ? disk->Kill() : disk->Crash(random());
      const absl::Status verified = RecoverAndVerify(*disk, history);
      ASSERT_TRUE(verified.ok()) << "seed " << seed << ", life " << life << ": " << verified;
    }
  }
}

// Power goes while frames are in flight: any part of any of them may have reached the disk.
TEST(RecoveryCrashTest, CutsFramesInFlight) {
  int cut = 0;
  for (uint64_t seed = 0; seed < 300; ++seed) {
    io::SimulatedFileSystem disk;
    MakeDirectories(disk);
    History history;
    TestLog log(disk, history, seed);
    ASSERT_TRUE(log.Open().ok());
    ASSERT_TRUE(log.CreateSegment().ok());
    ASSERT_TRUE(log.Append({10}).ok());
    log.BeginAppend({5000, 20});
    const std::unique_ptr<io::SimulatedFileSystem> after = disk.Crash(seed);
    const absl::StatusOr<RecoveredLog> recovered = Recover(*after);
    ASSERT_TRUE(recovered.ok()) << recovered.status();
    ASSERT_FALSE(recovered->corrupt.has_value()) << recovered->corrupt->detail;
    if (!recovered->findings.empty()) ++cut;
    const absl::Status verified = RecoverAndVerify(*after, history);
    ASSERT_TRUE(verified.ok()) << verified;
  }
  EXPECT_GT(cut, 50);
}

}  // namespace
}  // namespace leat::log
