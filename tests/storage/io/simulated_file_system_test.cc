// What the simulated disk lets a power cut, a fault and rot do, and what not. The storage's tests
// are worth what these are.

#include "storage/io/simulated_file_system.h"

#include <bit>
#include <cstdint>
#include <memory>
#include <set>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "gtest/gtest.h"

namespace leat::io {
namespace {

using std::string_view_literals::operator""sv;

constexpr uint64_t kSeeds = 300;
constexpr size_t kSector = 512;

class SimulatedDisk : public testing::Test {
 protected:
  std::unique_ptr<File> Open(const std::string& path, OpenMode mode) {
    auto file = disk_.Open(path, mode);
    EXPECT_TRUE(file.ok()) << file.status();
    return *std::move(file);
  }

  // A file with this content, all of it durable.
  std::unique_ptr<File> Durable(const std::string& path, const std::string& content) {
    std::unique_ptr<File> file = Open(path, OpenMode::kCreate);
    EXPECT_TRUE(file->WriteAt(FilePosition{0}, content).ok());
    EXPECT_TRUE(file->Sync().ok());
    EXPECT_TRUE(disk_.SyncDirectory(ParentDirectory(path)).ok());
    return file;
  }

  static std::string Content(SimulatedFileSystem& disk, const std::string& path) {
    auto content = ReadFile(disk, path, 1 << 20);
    return content.ok() ? *content : std::string(absl::StatusCodeToString(content.status().code()));
  }

  // Every content that `path` may have after a power cut now.
  std::set<std::string> AfterCrash(const std::string& path) {
    std::set<std::string> contents;
    for (uint64_t seed = 0; seed < kSeeds; ++seed) {
      contents.insert(Content(*disk_.Crash(seed), path));
    }
    return contents;
  }

  // Every set of names, joined by spaces, that a directory may have after a power cut now.
  std::set<std::string> NamesAfterCrash(const std::string& directory) {
    std::set<std::string> all;
    for (uint64_t seed = 0; seed < kSeeds; ++seed) {
      std::string names;
      const auto listed = disk_.Crash(seed)->List(directory);
      for (const std::string& name : *listed) names += name + " ";
      all.insert(names);
    }
    return all;
  }

  SimulatedFileSystem disk_;
};

using Contents = std::set<std::string>;

TEST_F(SimulatedDisk, SyncedBytesSurvive) {
  Durable("/f", "content");
  EXPECT_EQ(AfterCrash("/f"), Contents{"content"});
}

TEST_F(SimulatedDisk, UnsyncedSectorsAreKeptDroppedOrGarbageEachByItself) {
  std::unique_ptr<File> file = Durable("/f", std::string(2 * kSector, 'o'));
  EXPECT_TRUE(file->WriteAt(FilePosition{0}, std::string(2 * kSector, 'n')).ok());
  std::set<std::string> fates;
  for (const std::string& content : AfterCrash("/f")) {
    ASSERT_EQ(content.size(), 2 * kSector);
    std::string fate;
    for (const size_t begin : {size_t{0}, kSector}) {
      const std::string sector = content.substr(begin, kSector);
      fate += sector == std::string(kSector, 'o')   ? 'o'
              : sector == std::string(kSector, 'n') ? 'n'
                                                    : '?';
    }
    fates.insert(fate);
  }
  for (const char* fate : {"oo", "nn", "on", "no", "?o", "o?", "?n", "n?"}) {
    EXPECT_EQ(fates.count(fate), 1) << fate;
  }
}

TEST_F(SimulatedDisk, AnEarlierUnsyncedContentMayBeWhatIsLeft) {
  std::unique_ptr<File> file = Durable("/f", std::string(kSector, '0'));
  EXPECT_TRUE(file->WriteAt(FilePosition{0}, std::string(kSector, '1')).ok());
  EXPECT_TRUE(file->WriteAt(FilePosition{0}, std::string(kSector, '2')).ok());
  const Contents contents = AfterCrash("/f");
  for (const char content : {'0', '1', '2'}) {
    EXPECT_EQ(contents.count(std::string(kSector, content)), 1) << content;
  }
}

TEST_F(SimulatedDisk, AnUnsyncedSizeIsTheOldOrTheNew) {
  std::unique_ptr<File> file = Durable("/f", "12345678");
  EXPECT_TRUE(file->Truncate(3).ok());
  EXPECT_EQ(AfterCrash("/f").count("123"), 1);
  EXPECT_EQ(AfterCrash("/f").count("12345678"), 1);
  EXPECT_TRUE(file->Sync().ok());
  EXPECT_EQ(AfterCrash("/f"), Contents{"123"});
}

TEST_F(SimulatedDisk, WhatWasCutDoesNotComeBackOnceSynced) {
  std::unique_ptr<File> file = Durable("/f", std::string(4 * kSector, 'x'));
  EXPECT_TRUE(file->Truncate(kSector).ok());
  EXPECT_TRUE(file->Truncate(4 * kSector).ok());
  EXPECT_EQ(Content(disk_, "/f"), std::string(kSector, 'x') + std::string(3 * kSector, '\0'));
  EXPECT_TRUE(file->Sync().ok());
  EXPECT_EQ(AfterCrash("/f"), Contents{std::string(kSector, 'x') + std::string(3 * kSector, '\0')});
}

TEST_F(SimulatedDisk, ASyncedCutStaysCutWhenTheFileGrowsAgain) {
  std::unique_ptr<File> file = Durable("/f", std::string(4 * kSector, 'x'));
  EXPECT_TRUE(file->Truncate(kSector).ok());
  EXPECT_TRUE(file->Sync().ok());
  EXPECT_TRUE(file->Truncate(2 * kSector).ok());
  const std::string cut(kSector, 'x');
  EXPECT_EQ(AfterCrash("/f"), (Contents{cut, cut + std::string(kSector, '\0')}));
}

TEST_F(SimulatedDisk, UnsyncedNamesMayVanishOrStay) {
  EXPECT_TRUE(disk_.CreateDirectory("/d").ok());
  EXPECT_TRUE(disk_.SyncDirectory("/").ok());
  EXPECT_TRUE(Open("/d/a", OpenMode::kCreate)->Sync().ok());
  EXPECT_TRUE(Open("/d/b", OpenMode::kCreate)->Sync().ok());
  EXPECT_EQ(NamesAfterCrash("/d"), (Contents{"", "a ", "b ", "a b "}));
  EXPECT_TRUE(disk_.SyncDirectory("/d").ok());
  EXPECT_EQ(NamesAfterCrash("/d"), (Contents{"a b "}));
  EXPECT_TRUE(disk_.Remove("/d/a").ok());
  EXPECT_EQ(NamesAfterCrash("/d"), (Contents{"b ", "a b "}));
  EXPECT_TRUE(disk_.SyncDirectory("/d").ok());
  EXPECT_EQ(NamesAfterCrash("/d"), (Contents{"b "}));
}

TEST_F(SimulatedDisk, AFileInADirectoryThatVanishesVanishesToo) {
  EXPECT_TRUE(disk_.CreateDirectory("/d").ok());
  Durable("/d/f", "content");
  EXPECT_EQ(AfterCrash("/d/f"), (Contents{"content", "NOT_FOUND"}));
}

TEST_F(SimulatedDisk, RenamesAreAtomicAndDependOnEachOther) {
  Durable("/a", "moved");
  Durable("/b", "replaced");
  EXPECT_TRUE(disk_.Rename("/a", "/b").ok());
  EXPECT_EQ(NamesAfterCrash("/"), (Contents{"a b ", "b "}));
  EXPECT_EQ(AfterCrash("/b"), (Contents{"moved", "replaced"}));
  EXPECT_TRUE(disk_.Rename("/b", "/c").ok());
  EXPECT_EQ(NamesAfterCrash("/"), (Contents{"a b ", "b ", "c "}));
}

TEST_F(SimulatedDisk, ARenameBetweenDirectoriesNeedsBothSynced) {
  for (const char* path : {"/x", "/y"}) EXPECT_TRUE(disk_.CreateDirectory(path).ok());
  EXPECT_TRUE(disk_.SyncDirectory("/").ok());
  Durable("/x/f", "content");
  EXPECT_TRUE(disk_.Rename("/x/f", "/y/f").ok());
  EXPECT_TRUE(disk_.SyncDirectory("/y").ok());
  for (uint64_t seed = 0; seed < kSeeds; ++seed) {
    const auto after = disk_.Crash(seed);
    EXPECT_NE(Content(*after, "/x/f"), Content(*after, "/y/f"));
  }
  EXPECT_EQ(AfterCrash("/y/f").size(), 2);
  EXPECT_TRUE(disk_.SyncDirectory("/x").ok());
  EXPECT_EQ(AfterCrash("/y/f"), Contents{"content"});
}

TEST_F(SimulatedDisk, SyncingADirectoryMakesDurableWhatAChangeDependsOn) {
  for (const char* path : {"/x", "/y"}) EXPECT_TRUE(disk_.CreateDirectory(path).ok());
  EXPECT_TRUE(disk_.SyncDirectory("/").ok());
  Durable("/x/f", "content");
  EXPECT_TRUE(disk_.Rename("/x/f", "/y/f").ok());
  EXPECT_TRUE(disk_.Rename("/y/f", "/y/g").ok());
  EXPECT_TRUE(disk_.SyncDirectory("/y").ok());
  EXPECT_EQ(NamesAfterCrash("/x"), Contents{""});
  EXPECT_EQ(NamesAfterCrash("/y"), Contents{"g "});
}

TEST_F(SimulatedDisk, AMovedFileIsNotLostWithTheDirectoryItLeft) {
  EXPECT_TRUE(disk_.CreateDirectory("/d").ok());
  EXPECT_TRUE(disk_.SyncDirectory("/").ok());
  Durable("/d/f", "content");
  EXPECT_TRUE(disk_.Rename("/d/f", "/f").ok());
  EXPECT_TRUE(disk_.RemoveDirectory("/d").ok());
  EXPECT_EQ(NamesAfterCrash("/"), (Contents{"d/ ", "d/ f ", "f "}));
}

TEST_F(SimulatedDisk, ACrashIsTheSameForTheSameSeedAndChangesNothingHere) {
  std::unique_ptr<File> file = Durable("/f", std::string(kSector, 'o'));
  EXPECT_TRUE(file->WriteAt(FilePosition{0}, std::string(8 * kSector, 'n')).ok());
  for (uint64_t seed = 0; seed < 20; ++seed) {
    EXPECT_EQ(Content(*disk_.Crash(seed), "/f"), Content(*disk_.Crash(seed), "/f"));
  }
  EXPECT_EQ(Content(disk_, "/f"), std::string(8 * kSector, 'n'));
}

TEST_F(SimulatedDisk, WhatACrashLeftIsDurable) {
  std::unique_ptr<File> file = Durable("/f", std::string(kSector, 'o'));
  EXPECT_TRUE(file->WriteAt(FilePosition{0}, std::string(8 * kSector, 'n')).ok());
  for (uint64_t seed = 0; seed < 20; ++seed) {
    const auto once = disk_.Crash(seed);
    EXPECT_EQ(Content(*once->Crash(seed + 1), "/f"), Content(*once, "/f"));
  }
}

TEST_F(SimulatedDisk, AKilledProcessLosesNothingItWrote) {
  EXPECT_TRUE(Open("/f", OpenMode::kCreate)->WriteAt(FilePosition{0}, "unsynced"sv).ok());
  EXPECT_EQ(Content(*disk_.Kill(), "/f"), "unsynced");
}

TEST_F(SimulatedDisk, WhatAKilledProcessDidNotSyncIsUpToTheNextOne) {
  std::unique_ptr<File> file = Durable("/f", std::string(kSector, 'o'));
  EXPECT_TRUE(disk_.CreateDirectory("/d").ok());
  EXPECT_TRUE(disk_.SyncDirectory("/").ok());
  EXPECT_TRUE(file->WriteAt(FilePosition{0}, std::string(kSector, 'n')).ok());
  EXPECT_TRUE(disk_.Rename("/f", "/d/g").ok());
  const auto after = disk_.Kill();
  EXPECT_EQ(Content(*after, "/d/g"), std::string(kSector, 'n'));
  std::set<std::string> left;
  for (uint64_t seed = 0; seed < kSeeds; ++seed) {
    const auto cut = after->Crash(seed);
    left.insert(Content(*cut, "/f").substr(0, 1) + Content(*cut, "/d/g").substr(0, 1));
  }
  // "N" is that of NOT_FOUND.
  for (const char* one : {"oN", "nN", "No", "Nn"}) EXPECT_EQ(left.count(one), 1) << one;
  EXPECT_EQ(left.count("NN"), 0);

  EXPECT_TRUE((*after->Open("/d/g", OpenMode::kReadWrite))->Sync().ok());
  EXPECT_TRUE(after->SyncDirectory("/").ok());
  EXPECT_TRUE(after->SyncDirectory("/d").ok());
  for (uint64_t seed = 0; seed < kSeeds; ++seed) {
    EXPECT_EQ(Content(*after->Crash(seed), "/d/g"), std::string(kSector, 'n'));
  }
  EXPECT_NE(AfterCrash("/f"), Contents{"NOT_FOUND"}) << "the copy is one of its own";
}

TEST_F(SimulatedDisk, ChangesAreWatchedBeforeTheyHappen) {
  std::vector<std::string> seen;
  std::unique_ptr<File> file = Durable("/f", "old");
  disk_.WatchChanges([&] { seen.push_back(Content(*disk_.Kill(), "/f")); });
  EXPECT_TRUE(file->WriteAt(FilePosition{0}, "new"sv).ok());
  EXPECT_TRUE(disk_.List("/").ok());
  EXPECT_TRUE(file->Sync().ok());
  EXPECT_EQ(seen, (std::vector<std::string>{"old", "new"}));
  disk_.WatchChanges(nullptr);
  EXPECT_TRUE(disk_.Remove("/f").ok());
  EXPECT_EQ(seen.size(), 2);
}

TEST_F(SimulatedDisk, AFailedSyncNeverFlushesLater) {
  std::unique_ptr<File> file = Durable("/f", std::string(16 * kSector, 'o'));
  EXPECT_TRUE(file->WriteAt(FilePosition{0}, std::string(16 * kSector, 'n')).ok());
  disk_.FailNth(1, absl::DataLossError("EIO"), FaultRepeat::kOnce);
  EXPECT_TRUE(absl::IsDataLoss(file->Sync()));
  EXPECT_TRUE(file->Sync().ok());
  EXPECT_EQ(Content(disk_, "/f"), std::string(16 * kSector, 'n'));
  const Contents left = AfterCrash("/f");
  ASSERT_EQ(left.size(), 1);
  EXPECT_NE(left.begin()->find('o'), std::string::npos);
  EXPECT_NE(left.begin()->find('n'), std::string::npos);
}

TEST_F(SimulatedDisk, AFailedWriteIsDoneInPart) {
  std::unique_ptr<File> file = Durable("/f", std::string(8 * kSector, 'o'));
  disk_.FailNth(1, absl::DataLossError("EIO"), FaultRepeat::kOnce);
  EXPECT_TRUE(absl::IsDataLoss(file->WriteAt(FilePosition{0}, std::string(8 * kSector, 'n'))));
  const std::string content = Content(disk_, "/f");
  EXPECT_EQ(content.substr(content.find('o')).find('n'), std::string::npos);
}

TEST_F(SimulatedDisk, FailsTheNthOperationOnceOrForever) {
  disk_.FailNth(2, absl::DataLossError("EIO"), FaultRepeat::kOnce);
  EXPECT_TRUE(disk_.List("/").ok());
  EXPECT_TRUE(absl::IsDataLoss(disk_.List("/").status()));
  EXPECT_TRUE(disk_.List("/").ok());
  disk_.FailNth(2, absl::ResourceExhaustedError("ENOSPC"), FaultRepeat::kForever);
  EXPECT_TRUE(disk_.List("/").ok());
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(absl::IsResourceExhausted(disk_.CreateDirectory("/d")));
  EXPECT_TRUE(absl::IsResourceExhausted(disk_.Lock("/LOCK").status()));
  disk_.ClearFaults();
  EXPECT_TRUE(disk_.List("/")->empty());
}

TEST_F(SimulatedDisk, ALostWriteSaysOkAndDoesNothing) {
  std::unique_ptr<File> file = Durable("/f", "old");
  disk_.Inject({.silent = SilentFault::kLostWrite});
  EXPECT_TRUE(file->WriteAt(FilePosition{0}, "new"sv).ok());
  EXPECT_EQ(Content(disk_, "/f"), "old");
  EXPECT_TRUE(file->WriteAt(FilePosition{0}, "new"sv).ok());
  EXPECT_EQ(Content(disk_, "/f"), "new");
}

TEST_F(SimulatedDisk, AMisdirectedWriteLiesInAnotherPlace) {
  std::set<std::string> contents;
  for (uint64_t seed = 0; seed < kSeeds; ++seed) {
    SimulatedFileSystem disk({.seed = seed});
    std::unique_ptr<File> file = *disk.Open("/f", OpenMode::kCreate);
    EXPECT_TRUE(file->WriteAt(FilePosition{0}, "....."sv).ok());
    disk.Inject({.silent = SilentFault::kMisdirectedWrite});
    EXPECT_TRUE(file->WriteAt(FilePosition{1}, "xyz"sv).ok());
    contents.insert(Content(disk, "/f"));
  }
  EXPECT_EQ(contents, (Contents{"xyz..", "..xyz"}));
}

TEST_F(SimulatedDisk, AFlippedBitIsOnTheDiskOrInOneRead) {
  std::unique_ptr<File> file = Durable("/f", "content");
  const auto differing_bits = [](std::string_view a, std::string_view b) {
    int bits = 0;
    for (size_t i = 0; i < a.size(); ++i) bits += std::popcount(static_cast<uint8_t>(a[i] ^ b[i]));
    return bits;
  };
  std::string read(7, '\0');
  disk_.Inject({.silent = SilentFault::kFlippedBit});
  EXPECT_TRUE(file->ReadAt(FilePosition{0}, absl::MakeSpan(read)).ok());
  EXPECT_EQ(differing_bits(read, "content"), 1);
  EXPECT_EQ(Content(disk_, "/f"), "content");
  disk_.Inject({.silent = SilentFault::kFlippedBit});
  EXPECT_TRUE(file->WriteAt(FilePosition{0}, "another"sv).ok());
  EXPECT_EQ(differing_bits(Content(disk_, "/f"), "another"), 1);
}

TEST_F(SimulatedDisk, FailsOnlyWhatMatches) {
  disk_.Inject(
      {.nth = 1,
       .error = absl::PermissionDeniedError("EROFS"),
       .repeat = FaultRepeat::kForever,
       .matches = [](const SimulatedOperation& operation) { return ChangesDisk(operation.kind); }});
  EXPECT_TRUE(disk_.List("/").ok());
  EXPECT_TRUE(disk_.Space("/").ok());
  EXPECT_TRUE(absl::IsPermissionDenied(disk_.CreateDirectory("/d")));
}

TEST_F(SimulatedDisk, CountsAndTracesOperations) {
  std::vector<SimulatedOperation> trace;
  disk_.TraceTo(&trace);
  const uint64_t before = disk_.operations();
  Durable("/f", "content");
  std::ostringstream text;
  for (const SimulatedOperation& operation : trace) text << operation << "; ";
  EXPECT_EQ(text.str(),
            "create /f [0, +0); write /f [0, +7); sync /f [0, +0); sync directory / [0, +0); ");
  EXPECT_EQ(disk_.operations() - before, trace.size());
}

TEST_F(SimulatedDisk, RotTurnsBitsOnTheMedium) {
  Durable("/f", "content");
  EXPECT_TRUE(disk_.Corrupt("/f", FilePosition{0}, 0x20).ok());
  EXPECT_EQ(Content(disk_, "/f"), "Content");
  EXPECT_EQ(AfterCrash("/f"), Contents{"Content"});
  EXPECT_TRUE(absl::IsOutOfRange(disk_.Corrupt("/f", FilePosition{7}, 1)));
  EXPECT_TRUE(absl::IsNotFound(disk_.Corrupt("/g", FilePosition{0}, 1)));
}

TEST_F(SimulatedDisk, SpaceComesBackWhenAFileGoes) {
  disk_.SetCapacity(100);
  Durable("/f", std::string(100, 'x'));
  EXPECT_EQ(disk_.Space("/")->available_bytes, 0);
  std::unique_ptr<File> file = Open("/g", OpenMode::kCreate);
  EXPECT_TRUE(absl::IsResourceExhausted(file->Allocate(FilePosition{0}, 1)));
  EXPECT_TRUE(disk_.Remove("/f").ok());
  EXPECT_TRUE(file->Allocate(FilePosition{0}, 100).ok());
}

TEST_F(SimulatedDisk, DirectIoCanBeRefused) {
  SimulatedFileSystem disk({.direct_io = false});
  EXPECT_FALSE((*disk.Open("/f", OpenMode::kCreateDirect))->direct());
}

TEST_F(SimulatedDisk, LocksDieWithThePower) {
  auto lock = disk_.Lock("/LOCK");
  EXPECT_TRUE(disk_.Crash(1)->Lock("/LOCK").ok());
  EXPECT_TRUE(absl::IsFailedPrecondition(disk_.Lock("/LOCK").status()));
}

}  // namespace
}  // namespace leat::io
