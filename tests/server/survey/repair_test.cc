#include "server/survey/repair.h"

#include <memory>
#include <string>

#include "gtest/gtest.h"
#include "storage/io/simulated_file_system.h"

namespace leat::survey {
namespace {

constexpr char kPlace[] = "/data/checkpoint";
constexpr char kKept[] = "/data/quarantine/checkpoint.1";

bool Holds(io::FileSystem& files, const std::string& path) {
  const absl::StatusOr<std::string> content = io::ReadFile(files, path, 4096);
  return content.ok() && *content == "rotten";
}

// A data directory that has been there for long.
std::unique_ptr<io::SimulatedFileSystem> MakeDisk(uint64_t seed) {
  auto disk = std::make_unique<io::SimulatedFileSystem>(io::SimulatedOptions{.seed = seed});
  EXPECT_TRUE(disk->CreateDirectory("/data").ok());
  EXPECT_TRUE(disk->SyncDirectory("/").ok());
  EXPECT_TRUE(io::ReplaceFile(*disk, kPlace, "rotten").ok());
  return disk;
}

TEST(SurveyRepairTest, ACheckpointPutAsideStaysThere) {
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    const auto disk = MakeDisk(seed);
    EXPECT_EQ(*PutCheckpointAside(*disk, "/data"), kKept);
    const auto after = disk->Crash(seed);
    EXPECT_TRUE(Holds(*after, kKept));
    EXPECT_FALSE(Holds(*after, kPlace));
  }
}

TEST(SurveyRepairTest, NoPowerCutLosesACheckpointThatIsPutAside) {
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    bool done = false;
    for (uint64_t cut = 1; !done; ++cut) {
      const auto disk = MakeDisk(seed);
      disk->FailNth(cut, absl::DataLossError("power cut"), io::FaultRepeat::kForever);
      done = PutCheckpointAside(*disk, "/data").ok();
      const auto after = disk->Crash(seed);
      EXPECT_TRUE(Holds(*after, kKept) || Holds(*after, kPlace)) << "cut " << cut;
    }
  }
}

TEST(SurveyRepairTest, EachCheckpointIsKept) {
  const auto disk = MakeDisk(1);
  ASSERT_TRUE(PutCheckpointAside(*disk, "/data").ok());
  ASSERT_TRUE(io::ReplaceFile(*disk, kPlace, "rotten again").ok());
  EXPECT_EQ(*PutCheckpointAside(*disk, "/data"), "/data/quarantine/checkpoint.2");
  EXPECT_TRUE(Holds(*disk, kKept));
}

}  // namespace
}  // namespace leat::survey
