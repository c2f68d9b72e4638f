// Every file of a small data directory, rotten bit by bit, cut short, removed, exchanged, doubled:
// the damage is named, what is not damaged is served, and nothing is deleted.
//
// Takes a sample; LEAT_FLIPS=65000 flips about so many bits of each directory, LEAT_FLIPS=all every
// one, and cuts files in small steps (`./dev corrupt`).

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <random>
#include <set>
#include <string>

#include "fmt/format.h"
#include "gtest/gtest.h"
#include "spdlog/spdlog.h"
#include "storage/io/aligned_buffer.h"
#include "tests/server/survey/small_directory.h"

namespace leat::survey {
namespace {

using Ending = SmallDirectory::Ending;
using Disk = std::unique_ptr<io::SimulatedFileSystem>;

class CorruptionTest : public testing::TestWithParam<Ending> {
 protected:
  CorruptionTest() : directory_(GetParam()) { spdlog::set_level(spdlog::level::off); }
  ~CorruptionTest() override { spdlog::set_level(spdlog::level::info); }

  // Everything that is promised of a directory in which `damaged` are not as they were.
  void Expect(Disk disk, const std::set<std::string>& damaged, bool must_be_noticed) {
    const SmallDirectory::Judgement judgement = directory_.Judge(disk->Kill(), damaged);
    ASSERT_EQ(judgement.wrong, "");
    if (must_be_noticed) {
      ASSERT_TRUE(judgement.noticed());
    }
    by_server_ += judgement.by_start || judgement.by_read;
    by_verify_ += judgement.by_verify;
    ++tried_;
    if (judgement.by_verify) {
      ASSERT_EQ(directory_.Repair(std::move(disk), damaged), "");
    }
  }

  static void Write(io::FileSystem& files, const std::string& path, const std::string& content) {
    ASSERT_TRUE(io::ReplaceFile(files, path, content).ok());
  }

  void Report(const std::string& what) {
    const std::string line = fmt::format("{} {}: {} named by the server, {} by verify", tried_,
                                         what, by_server_, by_verify_);
    RecordProperty("tried", line);
    fmt::print("{}\n", line);
  }

  SmallDirectory directory_;
  int tried_ = 0;
  int by_server_ = 0;
  int by_verify_ = 0;
};

TEST_P(CorruptionTest, ASoundDirectoryIsSound) {
  const SmallDirectory::Judgement judgement = directory_.Judge(directory_.Copy(), {});
  EXPECT_EQ(judgement.wrong, "");
  EXPECT_FALSE(judgement.noticed());
  EXPECT_EQ(directory_.Repair(directory_.Copy(), {}), "");
}

// One in how many bits is turned: of those of bytes that are not zero, and of the others.
struct Sample {
  uint64_t written = 192;
  uint64_t zero = 16384;
};

bool OnlySample() { return std::getenv("LEAT_FLIPS") == nullptr; }

// Half of what is asked for goes to bytes that are not zero, which are few.
Sample SampleOf(const Tree& tree) {
  if (OnlySample()) return {};
  const std::string asked = std::getenv("LEAT_FLIPS");
  if (asked == "all") return {.written = 1, .zero = 1};
  const uint64_t half = std::max<uint64_t>(1, std::strtoull(asked.c_str(), nullptr, 10) / 2);
  uint64_t zero_bits = 0;
  uint64_t written_bits = 0;
  for (const auto& [path, content] : tree) {
    const auto zeros = static_cast<uint64_t>(std::count(content.begin(), content.end(), '\0'));
    zero_bits += 8 * zeros;
    written_bits += 8 * (content.size() - zeros);
  }
  return {.written = std::max<uint64_t>(1, written_bits / half),
          .zero = std::max<uint64_t>(1, zero_bits / half)};
}

TEST_P(CorruptionTest, EveryBitCounts) {
  const Sample sample = SampleOf(directory_.tree());
  std::minstd_rand random(1);
  for (const auto& [path, content] : directory_.tree()) {
    // Blocks made ready for frames to come are zeros that nobody vouches for: garbage there is a
    // torn write, which is what a start calls it.
    for (uint64_t position = 0; position < content.size(); ++position) {
      const bool written = content[position] != 0;
      for (int bit = 0; bit < 8; ++bit) {
        if (random() % (written ? sample.written : sample.zero) != 0) continue;
        Disk disk = directory_.Copy();
        ASSERT_TRUE(disk->Corrupt(path, {position}, static_cast<uint8_t>(1 << bit)).ok());
        SCOPED_TRACE(fmt::format("{} byte {} bit {}", path, position, bit));
        Expect(std::move(disk), {path}, /*must_be_noticed=*/true);
        if (HasFatalFailure()) return;
      }
    }
  }
  Report("bits flipped");
}

TEST_P(CorruptionTest, EveryFileCutShort) {
  for (const auto& [path, content] : directory_.tree()) {
    const uint64_t step = (content.size() > 4096 ? 512 : 16) * (OnlySample() ? 4 : 1);
    for (uint64_t size = 0; size < content.size(); size += step) {
      Disk disk = directory_.Copy();
      Write(*disk, path, content.substr(0, size));
      SCOPED_TRACE(fmt::format("{} cut to {} bytes", path, size));
      // A log that was not stopped may end with any frame behind the last record.
      const bool may_end = GetParam() == Ending::kKilled && size % io::kBlockBytes == 0;
      Expect(std::move(disk), {path}, !may_end);
      if (HasFatalFailure()) return;
    }
  }
  Report("files cut short");
}

TEST_P(CorruptionTest, EveryFileRemoved) {
  for (const auto& [path, content] : directory_.tree()) {
    Disk disk = directory_.Copy();
    ASSERT_TRUE(disk->Remove(path).ok());
    SCOPED_TRACE(path + " removed");
    // The lock file is made again, and a log that begins earlier holds what it held before.
    Expect(std::move(disk), {path}, !path.ends_with("LOCK") && !path.ends_with(".start"));
    if (HasFatalFailure()) return;
  }
  Report("files removed");
}

TEST_P(CorruptionTest, EveryTwoFilesExchanged) {
  for (const auto& [path, content] : directory_.tree()) {
    for (const auto& [other, other_content] : directory_.tree()) {
      if (other <= path || content == other_content) continue;
      if (path.ends_with("LOCK") || other.ends_with("LOCK")) continue;
      Disk disk = directory_.Copy();
      Write(*disk, path, other_content);
      Write(*disk, other, content);
      SCOPED_TRACE(path + " and " + other + " exchanged");
      Expect(std::move(disk), {path, other}, true);
      if (HasFatalFailure()) return;
    }
  }
  Report("pairs of files exchanged");
}

TEST_P(CorruptionTest, EveryFileDoubled) {
  for (const auto& [path, content] : directory_.tree()) {
    if (content.empty()) continue;
    for (const char* name : {"00000000000000000001.log", "00000000000000000007.log", "copy"}) {
      const std::string copy = io::JoinPath(io::ParentDirectory(path), name);
      if (directory_.tree().contains(copy)) continue;
      Disk disk = directory_.Copy();
      Write(*disk, copy, content);
      SCOPED_TRACE(path + " also as " + copy);
      // Beside logs nobody looks for files that are none.
      Expect(std::move(disk), {path, copy}, path.ends_with(".log"));
      if (HasFatalFailure()) return;
    }
  }
  Report("files doubled");
}

INSTANTIATE_TEST_SUITE_P(Endings, CorruptionTest,
                         testing::Values(Ending::kStopped, Ending::kKilled), [](const auto& info) {
                           return info.param == Ending::kStopped ? "Stopped" : "Killed";
                         });

}  // namespace
}  // namespace leat::survey
