#include "server/broker/log_opening.h"

#include <fstream>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "storage/io/posix_file_system.h"
#include "tests/server/broker/matchers.h"

namespace leat::broker {
namespace {

// Logs without files, each with a log start of its own.
std::vector<log::RecoveryInput> Places(int count) {
  std::vector<log::RecoveryInput> places;
  for (int i = 0; i < count; ++i) {
    places.push_back({.directory = testing::TempDir() + "/none/" + std::to_string(i),
                      .log_start = record::Offset{i}});
  }
  return places;
}

TEST(LogOpeningTest, SeveralThreadsRecoverEachLogInItsPlace) {
  for (const size_t threads : {0, 1, 2, 8, 1000}) {
    SCOPED_TRACE(threads);
    const auto logs = RecoverAll(io::PosixFileSystem(), Places(500), threads);
    ASSERT_THAT(logs, IsOk());
    ASSERT_EQ(logs->size(), 500u);
    for (int i = 0; i < 500; ++i) EXPECT_EQ((*logs)[i].next_offset, record::Offset{i});
  }
}

TEST(LogOpeningTest, NoLogsAreNoError) {
  EXPECT_THAT(RecoverAll(io::PosixFileSystem(), {}, 8), IsOk());
}

TEST(LogOpeningTest, TheFileSystemFailsForOne) {
  std::vector<log::RecoveryInput> places = Places(500);
  places[250].directory = testing::TempDir() + "/file";
  std::ofstream(places[250].directory) << "no directory";
  for (const size_t threads : {1, 8}) {
    EXPECT_THAT(RecoverAll(io::PosixFileSystem(), places, threads).status().message(),
                testing::HasSubstr(places[250].directory));
  }
}

}  // namespace
}  // namespace leat::broker
