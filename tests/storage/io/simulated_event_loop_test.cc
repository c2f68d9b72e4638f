#include "storage/io/simulated_event_loop.h"

#include <algorithm>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "gtest/gtest.h"
#include "storage/io/aligned_buffer.h"
#include "storage/io/simulated_file_system.h"

namespace leat::io {
namespace {

using std::string_view_literals::operator""sv;

constexpr uint64_t kSeeds = 300;

class SimulatedLoop : public testing::Test {
 protected:
  SimulatedLoop() {
    file_ = *disk_.Open("/f", OpenMode::kCreateDirect);
    EXPECT_TRUE(file_->Allocate(FilePosition{0}, 4 * kBlockBytes).ok());
    EXPECT_TRUE(file_->Sync().ok());
    EXPECT_TRUE(disk_.SyncDirectory("/").ok());
    std::fill_n(data_.data(), data_.size(), 'n');
  }

  // Begins to write block `block`.
  void Write(
      SimulatedEventLoop& loop, uint64_t block, IoCallback done = [](absl::Status) {}) {
    loop.WriteDurably(*file_, FilePosition{block * kBlockBytes}, data_.span(), std::move(done));
  }

  static std::string Content(SimulatedFileSystem& disk) { return *ReadFile(disk, "/f", 1 << 20); }

  static std::string Block(char content) { return std::string(kBlockBytes, content); }

  SimulatedFileSystem disk_;
  SimulatedClock clock_;
  std::unique_ptr<File> file_;
  AlignedBuffer data_{kBlockBytes};
};

TEST_F(SimulatedLoop, AFlushedWriteSurvivesWithExactlyItsBytes) {
  SimulatedEventLoop loop(clock_, 1);
  AlignedBuffer unsynced(kBlockBytes);
  std::fill_n(unsynced.data(), unsynced.size(), 'u');
  EXPECT_TRUE(file_->WriteAt(FilePosition{0}, unsynced.span()).ok());
  Write(loop, 1);
  loop.RunUntilIdle();
  bool dropped = false;
  for (uint64_t seed = 0; seed < kSeeds; ++seed) {
    const std::string content = Content(*disk_.Crash(seed));
    EXPECT_EQ(content.substr(kBlockBytes, kBlockBytes), Block('n'));
    dropped = dropped || content.substr(0, kBlockBytes) == Block('\0');
  }
  EXPECT_TRUE(dropped);
}

TEST_F(SimulatedLoop, AFlushOfAPartOfASectorSurvivesAnEarlierUnsyncedWrite) {
  SimulatedEventLoop loop(clock_, 1);
  std::unique_ptr<File> file = *disk_.Open("/f", OpenMode::kReadWrite);
  EXPECT_TRUE(file->WriteAt(FilePosition{0}, "unsynced"sv).ok());
  loop.WriteDurably(*file, FilePosition{8}, "flushed"sv, [](absl::Status) {});
  loop.RunUntilIdle();
  std::set<std::string> before;
  for (uint64_t seed = 0; seed < kSeeds; ++seed) {
    const std::string content = Content(*disk_.Crash(seed));
    EXPECT_EQ(content.substr(8, 7), "flushed");
    before.insert(content.substr(0, 8));
  }
  EXPECT_EQ(before, (std::set<std::string>{"unsynced", std::string(8, '\0')}));
}

TEST_F(SimulatedLoop, AFlushedWriteMakesTheSizeThatItNeedsDurable) {
  SimulatedEventLoop loop(clock_, 1);
  EXPECT_TRUE(file_->Allocate(FilePosition{0}, 6 * kBlockBytes).ok());
  EXPECT_TRUE(file_->Allocate(FilePosition{0}, 8 * kBlockBytes).ok());
  Write(loop, 6);
  loop.RunUntilIdle();
  std::set<size_t> blocks;
  for (uint64_t seed = 0; seed < kSeeds; ++seed) {
    const std::string content = Content(*disk_.Crash(seed));
    ASSERT_GE(content.size(), 7 * kBlockBytes);
    EXPECT_EQ(content.substr(6 * kBlockBytes, kBlockBytes), Block('n'));
    blocks.insert(content.size() / kBlockBytes);
  }
  EXPECT_EQ(blocks, (std::set<size_t>{7, 8}));
}

TEST_F(SimulatedLoop, WritesInFlightAreTornEachByItself) {
  SimulatedEventLoop loop(clock_, 1);
  Write(loop, 0);
  Write(loop, 1);
  EXPECT_EQ(loop.in_flight(), 2);
  EXPECT_EQ(Content(*disk_.Kill()), std::string(4 * kBlockBytes, '\0'));
  bool hole = false;
  bool torn = false;
  bool garbage = false;
  for (uint64_t seed = 0; seed < kSeeds; ++seed) {
    const std::string content = Content(*disk_.Crash(seed));
    const std::string first = content.substr(0, kBlockBytes);
    hole = hole || (first == Block('\0') && content.substr(kBlockBytes, kBlockBytes) == Block('n'));
    for (size_t sector = 0; sector < kBlockBytes; sector += 512) {
      const std::string bytes = first.substr(sector, 512);
      garbage = garbage || (bytes != std::string(512, 'n') && bytes != std::string(512, '\0'));
    }
    torn = torn || (first[0] == 'n' && first[512] == '\0');
    EXPECT_EQ(content.substr(2 * kBlockBytes), std::string(2 * kBlockBytes, '\0'));
  }
  EXPECT_TRUE(hole);
  EXPECT_TRUE(torn);
  EXPECT_TRUE(garbage);
}

TEST_F(SimulatedLoop, OperationsCompleteInEveryOrderTheSeedLikes) {
  std::set<std::string> orders;
  for (uint64_t seed = 0; seed < kSeeds; ++seed) {
    SimulatedEventLoop loop(clock_, seed);
    std::string order;
    for (uint64_t block = 0; block < 3; ++block) {
      Write(loop, block,
            [&order, block](absl::Status) { order += static_cast<char>('0' + block); });
    }
    loop.RunUntilIdle();
    orders.insert(order);
  }
  EXPECT_EQ(orders, (std::set<std::string>{"012", "021", "102", "120", "201", "210"}));
}

TEST_F(SimulatedLoop, AStepDoesOneThing) {
  SimulatedEventLoop loop(clock_, 1);
  int done = 0;
  for (int i = 0; i < 5; ++i) loop.Post([&] { ++done; });
  for (int i = 1; i <= 5; ++i) {
    EXPECT_TRUE(loop.Step());
    EXPECT_EQ(done, i);
  }
  EXPECT_FALSE(loop.Step());
}

TEST_F(SimulatedLoop, AFailedFlushIsReportedAndMayHaveWrittenAPart) {
  SimulatedEventLoop loop(clock_, 1);
  disk_.FailNth(1, absl::DataLossError("EIO"), FaultRepeat::kOnce);
  absl::Status result;
  Write(loop, 0, [&](absl::Status status) { result = status; });
  loop.RunUntilIdle();
  EXPECT_TRUE(absl::IsDataLoss(result));
  std::set<std::string> left;
  for (uint64_t seed = 0; seed < kSeeds; ++seed) left.insert(Content(*disk_.Crash(seed)));
  EXPECT_GT(left.size(), 2);
}

TEST_F(SimulatedLoop, TimePassesOnlyWhenTold) {
  SimulatedEventLoop loop(clock_, 1);
  const MonotonicTime start = clock_.Monotonic();
  std::vector<absl::Duration> fired;
  loop.After(absl::Seconds(2), [&] { fired.push_back(clock_.Monotonic() - start); });
  loop.After(absl::Seconds(1), [&] {
    fired.push_back(clock_.Monotonic() - start);
    loop.After(absl::Milliseconds(500), [&] { fired.push_back(clock_.Monotonic() - start); });
  });
  loop.RunUntilIdle();
  EXPECT_TRUE(fired.empty());
  loop.Advance(absl::Seconds(3));
  EXPECT_EQ(fired, (std::vector<absl::Duration>{absl::Seconds(1), absl::Milliseconds(1500),
                                                absl::Seconds(2)}));
  EXPECT_EQ(clock_.Monotonic() - start, absl::Seconds(3));
}

TEST_F(SimulatedLoop, TheWallClockJumpsAlone) {
  const int64_t wall = clock_.WallMillis();
  const MonotonicTime monotonic = clock_.Monotonic();
  clock_.JumpWall(-absl::Hours(1));
  EXPECT_EQ(clock_.WallMillis(), wall - 3'600'000);
  EXPECT_EQ(clock_.Monotonic(), monotonic);
}

TEST_F(SimulatedLoop, ALoopDestroyedForgetsWhatIsInFlight) {
  auto loop = std::make_unique<SimulatedEventLoop>(clock_, 1);
  Write(*loop, 0, [](absl::Status) { FAIL(); });
  loop->Post([] { FAIL(); });
  loop.reset();
  EXPECT_EQ(Content(disk_), std::string(4 * kBlockBytes, '\0'));
}

using SimulatedLoopDeathTest = SimulatedLoop;

TEST_F(SimulatedLoopDeathTest, CatchesMistakesOfTheCaller) {
  SimulatedEventLoop loop(clock_, 1);
  EXPECT_DEATH(Write(loop, 4), "check failed");
  EXPECT_DEATH(
      {
        Write(loop, 0);
        Write(loop, 0);
      },
      "check failed");
  EXPECT_DEATH(
      {
        Write(loop, 0);
        data_.data()[0] = 'x';
        loop.RunUntilIdle();
      },
      "check failed");
}

}  // namespace
}  // namespace leat::io
