// What goes wrong: every operation on the disk fails once or for ever, the power goes at every
// operation.
//
// Whatever happens: nothing acknowledged is lost, nothing refused is found, what is found was sent,
// in order, with dense offsets.

#include <cerrno>
#include <cstring>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "storage/io/posix_error.h"
#include "storage/record/error.h"
#include "tests/storage/log/log_fixture.h"

namespace leat::log {
namespace {

using io::FaultRepeat;
using io::OperationKind;
using io::SimulatedOperation;
using record::Reason;
using ::testing::ElementsAre;

using Values = std::vector<std::string>;

bool IsRefused(const LogFixture::Sent& sent) {
  return sent.answer.has_value() && !sent.answer->ok() &&
         record::ReasonOf(sent.answer->status()) != Reason::kAppendOutcomeUnknown;
}

// What is in the log is a selection of what was sent, in order, with all that was acknowledged and
// nothing that was refused.
void CheckContent(LogFixture& log) {
  const absl::StatusOr<Values> found = log.ReadAll();
  ASSERT_TRUE(found.ok()) << found.status();
  size_t next = 0;
  for (const LogFixture::Sent& sent : log.sent()) {
    const bool there = next < found->size() && (*found)[next] == sent.value;
    if (sent.answer.has_value() && sent.answer->ok()) {
      ASSERT_TRUE(there) << sent.value << " was acknowledged";
      ASSERT_EQ((*sent.answer)->base_offset.value, static_cast<int64_t>(next));
    }
    if (there) {
      ASSERT_FALSE(IsRefused(sent)) << sent.value << " was refused";
      ++next;
    }
  }
  ASSERT_EQ(next, found->size()) << "was not sent";
}

// Rolls twice, falls idle, closes.
void Work(LogFixture& log) {
  for (int i = 0; i < 36; ++i) {
    log.Append("value " + std::to_string(log.sent().size()));
    for (int steps = i % 5; steps > 0; --steps) log.loop().Step();
    if (i == 20) log.Wait(absl::Seconds(1));
  }
  log.Wait(absl::Seconds(1));
  log.Close().IgnoreError();
}

LogOptions Options() {
  LogOptions options = SmallSegments();
  options.max_frame_bytes = 300;  // One or two batches.
  return options;
}

uint64_t CountOperations() {
  LogFixture log(Options());
  const uint64_t before = log.disk().operations();
  Work(log);
  CheckContent(log);
  return log.disk().operations() - before;
}

void SweepFaults(const absl::Status& error, FaultRepeat repeat) {
  const uint64_t operations = CountOperations();
  ASSERT_GT(operations, 60u);
  for (uint64_t n = 1; n <= operations; ++n) {
    SCOPED_TRACE(testing::Message() << "operation " << n);
    LogFixture log(Options());
    log.disk().FailNth(n, error, repeat);
    Work(log);
    for (const LogFixture::Sent& sent : log.sent()) ASSERT_TRUE(sent.answer.has_value());
    log.disk().ClearFaults();
    ASSERT_NO_FATAL_FAILURE(CheckContent(log));
    // The same after the process or the power went; and it goes on.
    if (n % 2 == 0) {
      log.Kill();
    } else {
      log.CutPower(n);
    }
    ASSERT_EQ(log.log().state(), LogState::kOnline) << log.log().state_detail();
    ASSERT_NO_FATAL_FAILURE(CheckContent(log));
    ASSERT_TRUE(log.AppendNow("after").ok());
    ASSERT_NO_FATAL_FAILURE(CheckContent(log));
  }
}

class EveryOperationTest : public testing::TestWithParam<int> {};

TEST_P(EveryOperationTest, FailsOnce) {
  SweepFaults(io::PosixError(GetParam(), "simulated", "disk"), FaultRepeat::kOnce);
}

TEST_P(EveryOperationTest, FailsForEver) {
  SweepFaults(io::PosixError(GetParam(), "simulated", "disk"), FaultRepeat::kForever);
}

INSTANTIATE_TEST_SUITE_P(, EveryOperationTest,
                         testing::Values(EIO, ENOSPC, EDQUOT, EROFS, EMFILE, ENOMEM, ECANCELED),
                         [](const auto& info) { return strerrorname_np(info.param); });

TEST(LogFaultTest, ThePowerGoesAtEveryOperation) {
  const uint64_t operations = CountOperations();
  for (uint64_t n = 1; n <= operations; ++n) {
    for (uint64_t seed = 1; seed <= 2; ++seed) {
      SCOPED_TRACE(testing::Message() << "operation " << n << ", seed " << seed);
      LogFixture log(Options(), seed);
      log.disk().FailNth(n, absl::DataLossError("power"), FaultRepeat::kForever);
      Work(log);
      log.CutPower(n * 100 + seed);
      ASSERT_EQ(log.log().state(), LogState::kOnline) << log.log().state_detail();
      ASSERT_NO_FATAL_FAILURE(CheckContent(log));
      ASSERT_TRUE(log.AppendNow("after").ok());
      log.CutPower(seed);
      ASSERT_NO_FATAL_FAILURE(CheckContent(log));
    }
  }
}

TEST(LogFaultTest, ThePowerGoesAtEveryStep) {
  for (uint64_t seed = 1; seed <= 3; ++seed) {
    for (int steps = 0;; ++steps) {
      SCOPED_TRACE(testing::Message() << "step " << steps << ", seed " << seed);
      LogFixture log(Options(), seed);
      for (int i = 0; i < 20; ++i) log.Append(std::to_string(i));
      bool idle = false;
      for (int i = 0; i < steps && !idle; ++i) idle = !log.loop().Step();
      log.CutPower(seed);
      ASSERT_EQ(log.log().state(), LogState::kOnline) << log.log().state_detail();
      ASSERT_NO_FATAL_FAILURE(CheckContent(log));
      if (idle) break;
    }
  }
}

// The n-th flushed write from now on fails.
io::Fault WriteFault(uint64_t nth) {
  return {.nth = nth, .matches = [](const SimulatedOperation& operation) {
            return operation.kind == OperationKind::kWriteDurably;
          }};
}

TEST(LogFaultTest, AWriteErrorTakesTheLogOfflineForEver) {
  LogFixture log(Options());
  ASSERT_TRUE(log.AppendNow("a").ok());
  log.disk().Inject(WriteFault(1));
  int changes = 0;
  log.log().set_observer([&changes] { ++changes; });
  const size_t failed = log.Append("b");
  log.Run();
  EXPECT_EQ(record::ReasonOf(log.Answer(failed)), Reason::kAppendOutcomeUnknown);
  EXPECT_EQ(log.log().state(), LogState::kOffline);
  EXPECT_EQ(record::ReasonOf(log.log().state_detail()), Reason::kPartitionOffline);
  EXPECT_EQ(changes, 1);
  EXPECT_EQ(record::ReasonOf(log.AppendNow("c").status()), Reason::kPartitionOffline);
  EXPECT_THAT(*log.ReadAll(), ElementsAre("a"));
  log.log().SetOptions({.tail_bytes = 0});
  EXPECT_THAT(*log.ReadAll(), ElementsAre("a"));
  EXPECT_FALSE(log.Close().ok()) << "the checkpoint must not call this a clean stop";
  log.CutPower(1);
  EXPECT_TRUE(log.AppendNow("d").ok());
}

TEST(LogFaultTest, WhatWasNeverWrittenIsRefused) {
  for (uint64_t seed = 1; seed <= 30; ++seed) {
    LogOptions options;
    options.max_frame_bytes = 1;
    LogFixture log(options, seed);
    ASSERT_TRUE(log.AppendNow("first").ok());
    log.disk().Inject(WriteFault(3));
    for (int i = 0; i < 10; ++i) log.Append(std::to_string(i));
    log.Run();
    // Frames before the third are acknowledged; it, and one that may have been in flight with it,
    // are in doubt; the rest is refused. All in order.
    std::string answers;
    for (const LogFixture::Sent& sent : log.sent()) {
      const std::optional<Reason> reason = record::ReasonOf(sent.answer->status());
      answers += sent.answer->ok() ? 'a' : reason == Reason::kAppendOutcomeUnknown ? 'u' : 'r';
    }
    EXPECT_THAT(answers, testing::AnyOf("aaauurrrrrr", "aaaurrrrrrr")) << seed;
    EXPECT_EQ(log.log().high_watermark(), record::Offset{3});
    CheckContent(log);
  }
}

TEST(LogFaultTest, WhatWaitsAtTheGateIsRefusedToo) {
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    LogFixture log({}, seed);
    ASSERT_TRUE(log.AppendNow("a").ok());
    // One place is left.
    for (int i = 0; i < 63; ++i) log.gate().Enter([] {});
    log.disk().Inject(WriteFault(1));
    const size_t failed = log.Append("b");
    while (log.loop().in_flight() == 0) log.loop().Step();
    const size_t waiting = log.Append("c");
    log.Run();
    EXPECT_EQ(record::ReasonOf(log.Answer(failed)), Reason::kAppendOutcomeUnknown);
    EXPECT_EQ(record::ReasonOf(log.Answer(waiting)), Reason::kPartitionOffline);
    // The place was given back.
    bool let_in = false;
    log.gate().Enter([&let_in] { let_in = true; });
    EXPECT_TRUE(let_in);
  }
}

TEST(LogFaultTest, AMarkThatFailsTakesTheLogOffline) {
  LogFixture log;
  ASSERT_TRUE(log.AppendNow("a").ok());
  log.disk().Inject(WriteFault(1));
  log.Wait(absl::Seconds(1));
  EXPECT_EQ(log.log().state(), LogState::kOffline);
  EXPECT_THAT(*log.ReadAll(), ElementsAre("a"));
}

// No write of a record is concerned, but what the file says of its blocks is not known any more.
TEST(LogFaultTest, AFlushThatFailsAheadOfTheFramesTakesTheLogOffline) {
  LogFixture log;
  log.disk().Inject({.nth = 1, .matches = [&log](const SimulatedOperation& operation) {
                       return operation.kind == OperationKind::kSync && !log.Acked().empty();
                     }});
  while (log.AppendNow("x").ok()) ASSERT_LT(log.sent().size(), 100u);
  EXPECT_EQ(log.log().state(), LogState::kOffline);
  EXPECT_EQ(log.sent().size(), 4u) << "one block was still ready";
  EXPECT_THAT(*log.ReadAll(), ElementsAre("x", "x", "x"));
}

}  // namespace
}  // namespace leat::log
