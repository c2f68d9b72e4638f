// Compaction and dense rewriting of one log, told in its verbs.

#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "storage/record/error.h"
#include "tests/storage/log/keyed_log.h"

namespace leat::log {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Key;
using testing::SizeIs;

LogOptions Compacted() {
  LogOptions options = SmallSegments();
  options.compact = true;
  options.tail_bytes = 0;
  options.tombstone_retention = absl::Hours(1);
  return options;
}

class LogCompactionTest : public testing::Test {
 protected:
  void Append(const std::string& key, std::optional<std::string> value) {
    ASSERT_TRUE(log_.AppendKeyed(key, std::move(value)).ok());
  }

  void ExpectOffsets(const std::vector<int64_t>& offsets) {
    std::vector<int64_t> found;
    for (const auto& [offset, record] : log_.ReadKeyed()) found.push_back(offset);
    EXPECT_EQ(found, offsets);
  }

  KeyedLog log_{Compacted()};
};

TEST_F(LogCompactionTest, KeepsTheLastRecordOfEachKeyWithItsOffset) {
  Append("a", "1");
  Append("b", "1");
  Append("a", "2");
  Append("c", "1");
  log_.Roll();
  Append("b", "2");
  log_.Roll();
  ASSERT_TRUE(log_.Compact().ok());
  ExpectOffsets({2, 3, 4});
  log_.ExpectSound();
  EXPECT_EQ(log_.report().records_removed, 2u);
  EXPECT_EQ(log_.report().segments_rewritten, 2u);
  EXPECT_EQ(log_.log().high_watermark().value, 5);
}

TEST_F(LogCompactionTest, TheActiveSegmentIsNotTouchedAndSupersedesNothing) {
  Append("a", "1");
  log_.Roll();
  Append("a", "2");
  Append("a", "3");
  ASSERT_TRUE(log_.Compact().ok());
  ExpectOffsets({0, 1, 2});
}

TEST_F(LogCompactionTest, RecordsWithoutAKeyStay) {
  ASSERT_TRUE(log_.AppendKeyed({{.value = "x"}, {.key = "a", .value = "1"}, {.value = "y"}}).ok());
  ASSERT_TRUE(log_.AppendKeyed({{.value = "x"}, {.key = "a", .value = "2"}}).ok());
  log_.Roll();
  ASSERT_TRUE(log_.Compact().ok());
  ExpectOffsets({0, 2, 3, 4});
  log_.ExpectSound();
}

TEST_F(LogCompactionTest, ATombstoneStaysForItsTimeOnceAllItSupersedesIsGone) {
  Append("a", "1");
  Append("b", "1");
  log_.Roll();
  Append("a", std::nullopt);
  log_.Roll();
  log_.Wait(absl::Hours(5));  // Its age does not count before that.
  ASSERT_TRUE(log_.Compact().ok());
  ExpectOffsets({1, 2});
  log_.Wait(absl::Minutes(59));
  EXPECT_FALSE(log_.log().CompactionDue());
  ASSERT_TRUE(log_.Compact().ok());
  ExpectOffsets({1, 2});
  log_.Wait(absl::Minutes(1));
  EXPECT_TRUE(log_.log().CompactionDue());
  ASSERT_TRUE(log_.Compact().ok());
  ExpectOffsets({1});
  EXPECT_FALSE(log_.log().CompactionDue());
  log_.ExpectSound();
}

TEST_F(LogCompactionTest, ATombstoneOutlivesARestart) {
  Append("a", "1");
  Append("a", std::nullopt);
  log_.Roll();
  ASSERT_TRUE(log_.Compact().ok());
  log_.Wait(absl::Hours(1));
  ASSERT_TRUE(log_.Restart().ok());
  ExpectOffsets({1});
  ASSERT_TRUE(log_.Compact().ok());
  ExpectOffsets({});
  EXPECT_EQ(log_.log().high_watermark().value, 2);
  Append("a", "2");
  ExpectOffsets({2});
}

TEST_F(LogCompactionTest, IsDueOnceTheDirtyPartIsAsLargeAsTheCleanOne) {
  Append("a", "1");
  EXPECT_FALSE(log_.log().CompactionDue());
  log_.Roll();
  EXPECT_TRUE(log_.log().CompactionDue());
  ASSERT_TRUE(log_.Compact().ok());
  EXPECT_FALSE(log_.log().CompactionDue());
  for (int i = 0; i < 3; ++i) {
    Append(std::string(20'000, 'k') + std::to_string(i), "large");
  }
  log_.Roll();
  ASSERT_TRUE(log_.Compact().ok());
  Append("b", "1");
  log_.Roll();
  EXPECT_FALSE(log_.log().CompactionDue());
  for (int i = 0; i < 3; ++i) Append(std::string(20'000, 'b'), "large");
  log_.Roll();
  EXPECT_TRUE(log_.log().CompactionDue());
}

TEST_F(LogCompactionTest, WhatHasBeenCompactedIsKnownAfterARestart) {
  Append("a", "1");
  Append("a", "2");
  log_.Roll();
  ASSERT_TRUE(log_.Compact().ok());
  log_.Kill();
  EXPECT_FALSE(log_.log().CompactionDue());
  EXPECT_THAT(log_.recovered().findings, IsEmpty());
  ExpectOffsets({1});
}

TEST_F(LogCompactionTest, FewKeysAtATimeTakeSeveralPasses) {
  for (int round = 0; round < 3; ++round) {
    for (int key = 0; key < 10; ++key) Append("key" + std::to_string(key), std::to_string(round));
  }
  log_.Roll();
  ASSERT_TRUE(log_.Compact({.key_bytes = 3 * (CompactionKeys::kKeyOverheadBytes + 4)}).ok());
  EXPECT_EQ(log_.report().passes, 10u);
  EXPECT_THAT(log_.ReadKeyed(), SizeIs(10));
  log_.ExpectSound();
  EXPECT_FALSE(log_.log().CompactionDue());
}

TEST_F(LogCompactionTest, EmptiedBatchesAreReadOver) {
  for (int i = 0; i < 40; ++i) {
    Append("a", std::to_string(i));
    log_.Wait(absl::Milliseconds(1));
  }
  log_.Roll();
  ASSERT_TRUE(log_.Compact().ok());
  ExpectOffsets({39});
  // Batches that became one are as old as the last of them.
  const record::BatchHeader joined = log_.ReadBatches(0)->batches.front().header;
  EXPECT_GT(joined.last_offset_delta, 0u);
  EXPECT_EQ(joined.append_timestamp_ms,
            log_.appended().at(joined.next_offset().value - 1).append_timestamp_ms);
  for (int64_t from = 0; from < 40; ++from) {
    const absl::StatusOr<ReadResult> read = log_.ReadBatches(from, 1 << 20);
    ASSERT_TRUE(read.ok()) << read.status();
    EXPECT_GT(read->next_offset.value, from);
    EXPECT_LE(read->batches.front().header.base_offset.value, from);
  }
}

TEST_F(LogCompactionTest, TimesAreFoundAmongWhatIsLeft) {
  const int64_t start = log_.clock().WallMillis();
  for (int i = 0; i < 20; ++i) {
    const std::string key = i % 5 == 0 ? "kept" + std::to_string(i) : "gone";
    ASSERT_TRUE(
        log_.AppendKeyed({{.key = key, .value = "v", .timestamp_ms = start + 100 * i}}).ok());
  }
  log_.Roll();
  ASSERT_TRUE(log_.Compact().ok());
  ExpectOffsets({0, 5, 10, 15, 19});
  EXPECT_EQ(*log_.FindTimestamp(start + 1), 5);
  EXPECT_EQ(*log_.FindTimestamp(start + 500), 5);
  EXPECT_EQ(*log_.FindTimestamp(start + 501), 10);
  EXPECT_EQ(*log_.FindTimestamp(start + 1501), 19);
  EXPECT_EQ(*log_.FindTimestamp(start + 1901), 20);
}

TEST_F(LogCompactionTest, AReaderInTheMiddleMissesNothingAndMeetsNothingTwice) {
  for (int i = 0; i < 60; ++i) Append("key" + std::to_string(i % 7), std::to_string(i));
  log_.Roll();
  KeyedRecords seen;
  int64_t next = 0;
  const auto read_some = [&] {
    const absl::StatusOr<ReadResult> read = log_.ReadBatches(next, 100);
    ASSERT_TRUE(read.ok()) << read.status();
    for (const record::Batch& batch : read->batches) {
      for (const auto& [offset, record] : RecordsOf(batch)) {
        EXPECT_GE(offset, next);
        EXPECT_TRUE(seen.emplace(offset, record).second) << offset << " twice";
      }
    }
    next = read->next_offset.value;
  };
  for (int i = 0; i < 3; ++i) read_some();
  log_.BeginCompaction({.step_bytes = 4096});
  while (next < 60) {
    log_.loop().Step();
    read_some();
  }
  log_.ExpectSound(seen, 0, 60);
}

// A file that is opened while another one takes its path is not taken for that.
TEST(LogCompactionReadersTest, WhoBeginsToReadAtAnyMomentIsUndisturbed) {
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    KeyedLog log(Compacted(), seed);
    for (int i = 0; i < 40; ++i) {
      ASSERT_TRUE(log.AppendKeyed("key" + std::to_string(i % 7), std::to_string(i)).ok());
    }
    log.Roll();
    int under_way = 0;
    log.BeginCompaction({.step_bytes = 4096});
    for (int64_t from = 0; log.compacting() && log.loop().Step(); from = (from + 7) % 40) {
      ++under_way;
      log.log().Read({from}, 1, [&under_way](const absl::StatusOr<ReadResult>& read) {
        EXPECT_TRUE(read.ok()) << read.status();
        --under_way;
      });
    }
    log.Run();
    EXPECT_EQ(under_way, 0);
    EXPECT_TRUE(log.compaction_status().ok()) << log.compaction_status();
  }
}

TEST_F(LogCompactionTest, ATrimMeanwhileWins) {
  for (int i = 0; i < 60; ++i) Append("key" + std::to_string(i % 7), std::to_string(i));
  log_.Roll();
  log_.BeginCompaction({.step_bytes = 4096});
  for (int i = 0; i < 20; ++i) log_.loop().Step();
  log_.TrimTo(60);
  log_.Wait(absl::Seconds(5));
  EXPECT_FALSE(log_.compacting());
  EXPECT_TRUE(log_.compaction_status().ok()) << log_.compaction_status();
  EXPECT_THAT(log_.Files(), IsEmpty());
}

TEST_F(LogCompactionTest, ClosingEndsItSoon) {
  for (int i = 0; i < 60; ++i) Append("key" + std::to_string(i % 7), std::to_string(i));
  log_.Roll();
  log_.BeginCompaction({.bytes_per_second = 1, .step_bytes = 4096});
  log_.Run();
  EXPECT_TRUE(log_.compacting());
  ASSERT_TRUE(log_.Restart().ok());
  EXPECT_FALSE(log_.compacting());
  EXPECT_TRUE(absl::IsCancelled(log_.compaction_status()));
  log_.ExpectSound();
}

TEST_F(LogCompactionTest, KeepsToItsRate) {
  for (int i = 0; i < 60; ++i) Append("key" + std::to_string(i), std::string(3'000, 'v'));
  log_.Roll();
  const uint64_t bytes = log_.log().bytes_on_disk();
  log_.BeginCompaction({.bytes_per_second = bytes / 10});
  // Read twice, and written once without the padding.
  log_.Wait(absl::Seconds(20));
  EXPECT_TRUE(log_.compacting());
  log_.Wait(absl::Seconds(10));
  EXPECT_FALSE(log_.compacting());
}

TEST_F(LogCompactionTest, LittleSpaceIsLeftAlone) {
  Append("a", "1");
  Append("a", "2");
  log_.Roll();
  log_.disk().SetCapacity(log_.log().bytes_on_disk() + 10'000);
  EXPECT_TRUE(absl::IsResourceExhausted(log_.Compact({.min_free_bytes = 1 << 20})));
  ExpectOffsets({0, 1});
  EXPECT_THAT(log_.Files(), SizeIs(1));
  // Not at once again: it would read everything each time.
  EXPECT_FALSE(log_.log().CompactionDue());
  log_.Wait(absl::Minutes(10));
  EXPECT_TRUE(log_.log().CompactionDue());
}

TEST_F(LogCompactionTest, ASwapThatMayNotBeDurableIsTheLastOne) {
  Append("a", "1");
  log_.Roll();
  Append("a", std::nullopt);
  log_.Roll();
  log_.disk().Inject(
      {.error = absl::DataLossError("EIO"), .matches = [](const io::SimulatedOperation& operation) {
         return operation.kind == io::OperationKind::kSyncDirectory;
       }});
  EXPECT_FALSE(log_.Compact().ok());
  ExpectOffsets({1});  // The old file of the first segment may come back all the same.
  log_.Wait(absl::Hours(1));
  EXPECT_FALSE(log_.log().CompactionDue());
  log_.Kill();
  EXPECT_TRUE(log_.log().CompactionDue());
}

TEST_F(LogCompactionTest, AWallClockThatJumpsDropsNoTombstone) {
  Append("a", "1");
  Append("a", std::nullopt);
  for (int i = 0; i < 20; ++i) Append("key" + std::to_string(i), "v");
  log_.Roll();
  ASSERT_TRUE(log_.Compact().ok());
  Append("key0", "w");
  log_.Roll();
  log_.BeginCompaction({.bytes_per_second = 100'000, .step_bytes = 4096});
  log_.clock().JumpWall(absl::Hours(24 * 365));
  log_.Wait(absl::Minutes(1));
  ASSERT_FALSE(log_.compacting());
  EXPECT_EQ(log_.report().records_removed, 1u);
  EXPECT_TRUE(log_.ReadKeyed().contains(1));
}

TEST_F(LogCompactionTest, OtherRulesEndIt) {
  for (int i = 0; i < 60; ++i) Append("key" + std::to_string(i % 7), std::to_string(i));
  log_.Roll();
  log_.BeginCompaction({.bytes_per_second = 1, .step_bytes = 4096});
  log_.Run();
  LogOptions options = log_.options();
  options.tail_bytes = 1;
  log_.log().SetOptions(options);
  log_.Run();
  EXPECT_TRUE(log_.compacting());
  options.compact = false;
  log_.log().SetOptions(options);
  log_.Run();
  EXPECT_FALSE(log_.compacting());
  EXPECT_TRUE(absl::IsCancelled(log_.compaction_status()));
  EXPECT_THAT(log_.ReadKeyed(), SizeIs(60));
}

TEST_F(LogCompactionTest, DamageEndsItAndIsNotTriedAgain) {
  Append("a", std::string(100, 'v'));
  Append("a", "2");
  log_.Roll();
  ASSERT_TRUE(log_.disk().Corrupt(log_.FilePath(0), {4096 + 64 + 128 + 50}, 1).ok());
  EXPECT_EQ(record::ReasonOf(log_.Compact()), record::Reason::kLogCorrupt);
  EXPECT_FALSE(log_.log().CompactionDue());
  EXPECT_EQ(log_.log().state(), LogState::kOnline);
}

TEST_F(LogCompactionTest, AnInterruptedRewriteIsRemovedAndTold) {
  for (int i = 0; i < 60; ++i) Append("key" + std::to_string(i % 7), std::to_string(i));
  log_.Roll();
  log_.BeginCompaction({.step_bytes = 4096});
  const auto replacements = [this] {
    const std::vector<std::string> files = log_.Files();
    return std::count_if(files.begin(), files.end(), IsReplacementName);
  };
  while (replacements() == 0) ASSERT_TRUE(log_.loop().Step());
  log_.Kill();
  log_.ForgetCompaction();
  ASSERT_THAT(log_.recovered().findings, SizeIs(1));
  EXPECT_EQ(log_.recovered().findings[0].kind, Finding::Kind::kLeftoverRemoved);
  EXPECT_EQ(replacements(), 0);
  log_.ExpectSound();
  log_.Kill();
  EXPECT_THAT(log_.recovered().findings, IsEmpty());
}

TEST(LogCompactionTailTest, WhatIsInMemoryGivesWayToWhatIsLeft) {
  LogOptions options = Compacted();
  options.tail_bytes = 1 << 20;
  KeyedLog log(options);
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(log.AppendKeyed("a", std::to_string(i)).ok());
  log.Roll();
  ASSERT_TRUE(log.AppendKeyed("b", "1").ok());
  ASSERT_TRUE(log.Compact().ok());
  EXPECT_THAT(log.ReadKeyed(), ElementsAre(Key(4), Key(5)));
}

TEST(LogDenseTest, PaddingIsTakenOutAndNothingElse) {
  LogOptions options = SmallSegments();
  options.tail_bytes = 0;
  KeyedLog log(options);
  for (int i = 0; i < 30; ++i) ASSERT_TRUE(log.AppendKeyed("a", std::to_string(i)).ok());
  log.Roll();
  const uint64_t before = log.log().bytes_on_disk();
  ASSERT_TRUE(log.log().CompactionDue());
  ASSERT_TRUE(log.Compact().ok());
  EXPECT_EQ(log.report().records_removed, 0u);
  EXPECT_LT(log.log().bytes_on_disk(), before / 2);
  EXPECT_EQ(log.ReadKeyed(), log.appended());
  EXPECT_FALSE(log.log().CompactionDue());
  ASSERT_TRUE(log.Restart().ok());
  EXPECT_FALSE(log.log().CompactionDue());
  EXPECT_EQ(log.ReadKeyed(), log.appended());
}

TEST(LogDenseTest, FullFramesAreLeftAlone) {
  LogOptions options = SmallSegments();
  KeyedLog log(options);
  for (int i = 0; i < 30; ++i) {
    ASSERT_TRUE(log.AppendKeyed("a", std::string(3'800, 'v')).ok());
  }
  log.Roll();
  EXPECT_FALSE(log.log().CompactionDue());
}

}  // namespace
}  // namespace leat::log
