#include "bench/temporary_directory.h"

#include <signal.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "gtest/gtest.h"

namespace leat::bench {
namespace {

class RunInTemporaryDirectoryTest : public testing::Test {
 protected:
  // What came of `end`, behind a file and a server in the directory.
  int Run(absl::FunctionRef<absl::Status()> end) {
    return RunInTemporaryDirectory("test", parent_, [&](const std::string& path) {
      std::ofstream(path + "/file") << "something";
      const pid_t owner = getpid();
      if (fork() == 0) WriteOn(path, owner);
      return end();
    });
  }
  bool IsEmpty() const { return std::filesystem::is_empty(parent_); }

 private:
  // Until whoever started it is gone, and a little longer.
  [[noreturn]] static void WriteOn(const std::string& path, pid_t owner) {
    for (int i = 0; getppid() == owner; ++i) std::ofstream(path + "/" + std::to_string(i % 100));
    for (int i = 0; i < 1'000; ++i) std::ofstream(path + "/" + std::to_string(i));
    _exit(0);
  }

  const TemporaryDirectory directory_ = *TemporaryDirectory::Make(testing::TempDir());
  const std::string parent_ = directory_.path();
};

TEST_F(RunInTemporaryDirectoryTest, LeavesNothing) {
  EXPECT_EQ(Run([] { return absl::OkStatus(); }), 0);
  EXPECT_TRUE(IsEmpty());
}

TEST_F(RunInTemporaryDirectoryTest, AnErrorIsAnExitCode) {
  EXPECT_EQ(Run([] { return absl::DataLossError("lost"); }), 1);
  EXPECT_TRUE(IsEmpty());
}

// As Ctrl-C does it, which all processes of a terminal get.
TEST_F(RunInTemporaryDirectoryTest, LeavesNothingWhenInterrupted) {
  EXPECT_EQ(Run([] {
              kill(getppid(), SIGINT);
              while (true) pause();
              return absl::OkStatus();
            }),
            128 + SIGINT);
  EXPECT_TRUE(IsEmpty());
}

TEST_F(RunInTemporaryDirectoryTest, LeavesNothingWhenKilled) {
  EXPECT_EQ(Run([] {
              raise(SIGKILL);
              return absl::OkStatus();
            }),
            128 + SIGKILL);
  EXPECT_TRUE(IsEmpty());
}

}  // namespace
}  // namespace leat::bench
