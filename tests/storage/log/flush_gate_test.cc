#include "storage/log/flush_gate.h"

#include <string>

#include "gtest/gtest.h"

namespace leat::log {
namespace {

TEST(FlushGateTest, LetsInAtOnceWhileThereIsRoom) {
  FlushGate gate(2);
  std::string in;
  gate.Enter([&] { in += 'a'; });
  gate.Enter([&] { in += 'b'; });
  EXPECT_EQ(in, "ab");
  gate.Enter([&] { in += 'c'; });
  EXPECT_EQ(in, "ab");
  gate.Leave();
  EXPECT_EQ(in, "abc");
}

TEST(FlushGateTest, LetsInByTurns) {
  FlushGate gate(1);
  std::string in;
  gate.Enter([&] { in += '-'; });
  for (const char log : {'a', 'b', 'c'}) gate.Enter([&in, log] { in += log; });
  gate.Leave();
  // One that has just been in waits behind those who came before.
  gate.Enter([&] { in += 'a'; });
  for (int i = 0; i < 3; ++i) gate.Leave();
  EXPECT_EQ(in, "-abca");
}

TEST(FlushGateTest, WhoeverIsLetInMayEnterAgain) {
  FlushGate gate(2);
  std::string in;
  gate.Enter([&] {
    in += 'a';
    gate.Enter([&] { in += 'b'; });
  });
  EXPECT_EQ(in, "ab");
}

TEST(FlushGateTest, ManyMayLeaveAtOnce) {
  FlushGate gate(1);
  gate.Enter([] {});
  int in = 0;
  // Each finds nothing to do. Were each let in by the call of the one before, the stack would not
  // hold them.
  for (int i = 0; i < 1'000'000; ++i) {
    gate.Enter([&] {
      ++in;
      gate.Leave();
    });
  }
  gate.Leave();
  EXPECT_EQ(in, 1'000'000);
}

}  // namespace
}  // namespace leat::log
