// Power cuts, kills and errors at every operation of a compaction: the log is whole afterwards, and
// the next run completes what this one began.

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/storage/log/keyed_log.h"

namespace leat::log {
namespace {

using testing::IsEmpty;

constexpr CompactionLimits kSmallSteps{.step_bytes = 32768};

// Three sealed segments, two of them compacted before, and an active one. The third supersedes
// and deletes records in all of them.
std::unique_ptr<KeyedLog> MakeLog() {
  LogOptions options{.segment_bytes = 15 * 4096,
                     .compact = true,
                     .tombstone_retention = absl::ZeroDuration(),
                     .tail_bytes = 0};
  auto log = std::make_unique<KeyedLog>(options);
  const auto append = [&log](int first_key, int end_key) {
    for (int key = first_key; key < end_key; ++key) {
      const std::string value = std::to_string(log->end()) + std::string(500, '.');
      EXPECT_TRUE(log->AppendKeyed("key" + std::to_string(key), value).ok());
    }
  };
  append(0, 20);
  log->Roll();
  EXPECT_TRUE(log->Compact(kSmallSteps).ok());
  append(10, 17);
  append(15, 19);
  EXPECT_TRUE(log->AppendKeyed("key5", std::nullopt).ok());
  EXPECT_TRUE(log->AppendKeyed("key19", std::nullopt).ok());
  log->Roll();
  append(0, 3);
  return log;
}

// Takes out what is superseded, and then the tombstones.
void CompactTwice(KeyedLog& log) {
  if (log.Compact(kSmallSteps).ok()) (void)log.Compact(kSmallSteps);
}

// How many operations that takes.
uint64_t CountOperations() {
  const std::unique_ptr<KeyedLog> log = MakeLog();
  const uint64_t before = log->disk().operations();
  EXPECT_TRUE(log->Compact(kSmallSteps).ok());
  EXPECT_EQ(log->report().segments_rewritten, 3u);
  EXPECT_TRUE(log->Compact(kSmallSteps).ok());
  EXPECT_EQ(log->report().segments_rewritten, 1u);
  EXPECT_EQ(log->report().records_removed, 2u);
  return log->disk().operations() - before;
}

// LEAT_COMPACTION_CUTS tries so many power cuts at each operation.
uint64_t CutsForEach() {
  const char* given = std::getenv("LEAT_COMPACTION_CUTS");
  return given == nullptr ? 1 : std::strtoull(given, nullptr, 10);
}

// Each key once in what is sealed.
void ExpectCompactable(KeyedLog& log) {
  ASSERT_EQ(log.log().state(), LogState::kOnline) << log.log().state_detail();
  log.ExpectSound();
  ASSERT_TRUE(log.Compact(kSmallSteps).ok()) << log.compaction_status();
  log.ExpectSound();
  const int64_t sealed_end = log.SealedEnd();
  const std::map<std::string, int64_t> last = LastOffsets(log.appended(), sealed_end);
  for (const auto& [offset, record] : log.ReadKeyed()) {
    if (offset >= sealed_end) break;
    EXPECT_EQ(offset, last.at(*record.key));
  }
  EXPECT_TRUE(log.AppendKeyed("key1", "goes on").ok());
  log.ExpectSound();
}

TEST(CompactionCrashTest, APowerCutAtAnyOperationLosesNothing) {
  const uint64_t operations = CountOperations();
  ASSERT_GT(operations, 40u);
  uint64_t images = 0;
  for (uint64_t n = 1; n <= operations + 1; ++n) {
    for (uint64_t cut = 1; cut <= CutsForEach(); ++cut) {
      const uint64_t seed = n * CutsForEach() + cut;
      SCOPED_TRACE(testing::Message() << "operation " << n << ", seed " << seed);
      const std::unique_ptr<KeyedLog> log = MakeLog();
      log->disk().FailNth(n, absl::DataLossError("EIO"), io::FaultRepeat::kForever);
      CompactTwice(*log);
      log->CutPower(seed);
      log->ForgetCompaction();
      log->ExpectSound();
      // A second start finds nothing to do.
      log->Kill();
      EXPECT_THAT(log->recovered().findings, IsEmpty());
      ExpectCompactable(*log);
      if (testing::Test::HasFailure()) return;
      ++images;
    }
  }
  std::printf("%lu images of %lu operations\n", images, operations);
}

TEST(CompactionCrashTest, AKillAtAnyStepLosesNothing) {
  for (int steps = 0;; ++steps) {
    SCOPED_TRACE(testing::Message() << "after step " << steps);
    const std::unique_ptr<KeyedLog> log = MakeLog();
    // Few keys, so that several passes are needed and some end in the middle of a segment.
    log->BeginCompaction({.key_bytes = 500, .step_bytes = 32768});
    for (int step = 0; step < steps && log->compacting(); ++step) log->loop().Step();
    const bool ended = !log->compacting();
    log->Kill();
    log->ForgetCompaction();
    ExpectCompactable(*log);
    if (ended || testing::Test::HasFailure()) return;
  }
}

TEST(CompactionCrashTest, AnErrorOfAnyOperationHarmsNothing) {
  const uint64_t operations = CountOperations();
  for (const absl::Status& error :
       {absl::DataLossError("EIO"), absl::ResourceExhaustedError("ENOSPC")}) {
    for (uint64_t n = 1; n <= operations; ++n) {
      SCOPED_TRACE(testing::Message() << "operation " << n << ": " << error);
      const std::unique_ptr<KeyedLog> log = MakeLog();
      log->disk().FailNth(n, error, io::FaultRepeat::kOnce);
      CompactTwice(*log);
      ExpectCompactable(*log);
      EXPECT_TRUE(log->Restart().ok());
      EXPECT_THAT(log->recovered().findings, IsEmpty());
      log->ExpectSound();
      if (testing::Test::HasFailure()) return;
    }
  }
}

}  // namespace
}  // namespace leat::log
