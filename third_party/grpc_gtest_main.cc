// The main function of tests that run gRPC in their own process.
#include <gtest/gtest.h>

#include "absl/synchronization/mutex.h"

int main(int argc, char** argv) {
  // Debian's Abseil checks the order of every lock that gRPC takes: slow, and
  // able to abort a client whose server leaves.
  absl::SetMutexDeadlockDetectionMode(absl::OnDeadlockCycle::kIgnore);
  testing::InitGoogleTest(&argc, argv);
  return RUN_ALL_TESTS();
}
