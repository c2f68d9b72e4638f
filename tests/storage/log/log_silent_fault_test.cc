// A disk that lies: a write that is lost, goes elsewhere or arrives with one bit wrong, a read that
// returns one. Readers get what was sent or an error, never anything else; and what is missing
// after a stop in order is found when the log is opened.

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "storage/record/error.h"
#include "tests/storage/log/log_fixture.h"

namespace leat::log {
namespace {

using io::OperationKind;
using io::SilentFault;
using io::SimulatedOperation;
using record::Reason;

bool IsWrite(const SimulatedOperation& operation) {
  return operation.kind == OperationKind::kWrite || operation.kind == OperationKind::kWriteDurably;
}

bool IsRead(const SimulatedOperation& operation) { return operation.kind == OperationKind::kRead; }

// Rolls twice and falls idle. Values have so many bytes more.
void Work(LogFixture& log, size_t more) {
  for (int i = 0; i < 36; ++i) {
    log.Append("value " + std::to_string(i) + std::string(more, 'x'));
    for (int steps = i % 5; steps > 0; --steps) log.loop().Step();
  }
  log.Wait(absl::Seconds(1));
}

class SilentFaultTest : public testing::Test {
 protected:
  // Values of what was acknowledged by offset; one record a batch.
  static std::map<int64_t, std::string> Acknowledged(const LogFixture& log) {
    std::map<int64_t, std::string> values;
    for (const LogFixture::Sent& sent : log.sent()) {
      if (sent.answer->ok()) values[(*sent.answer)->base_offset.value] = sent.value;
    }
    return values;
  }

  // Reads record by record. Gives the number of those that could not be read.
  static size_t ReadEach(LogFixture& log) {
    size_t unreadable = 0;
    for (const auto& [offset, value] : Acknowledged(log)) {
      const absl::StatusOr<std::vector<std::string>> read = log.Read(offset, 1);
      if (read.ok() && !read->empty()) {
        EXPECT_EQ(read->front(), value) << offset;
        continue;
      }
      ++unreadable;
      if (!read.ok() && record::ReasonOf(read.status()) != Reason::kOffsetOutOfRange) {
        EXPECT_EQ(record::ReasonOf(read.status()), Reason::kLogCorrupt) << read.status();
      }
    }
    return unreadable;
  }

  // Lives with the n-th operation that matches doing `fault`, stops in order and opens again. False
  // when there are not that many.
  bool Live(uint64_t nth, SilentFault fault, bool (*matches)(const SimulatedOperation&)) {
    LogOptions options = SmallSegments();
    options.max_frame_bytes = 300;
    options.tail_bytes = 0;  // Reads go to the disk.
    LogFixture log(options, nth, {.seed = 1 + round_});
    bool struck = false;
    uint64_t count = 0;
    log.disk().Inject(
        {.silent = fault, .repeat = io::FaultRepeat::kForever, .matches = [&](auto& o) {
           const bool strikes = matches(o) && ++count == nth;
           struck = struck || strikes;
           return strikes;
         }});
    Work(log, more_bytes_);
    found_ += ReadEach(log);
    (void)log.Restart();
    log.disk().ClearFaults();
    const size_t unreadable = ReadEach(log);
    found_ += unreadable;
    if (log.log().state() == LogState::kOnline) {
      EXPECT_EQ(log.log().high_watermark().value, static_cast<int64_t>(Acknowledged(log).size()));
    } else {
      EXPECT_EQ(log.log().state(), LogState::kCorrupt);
      EXPECT_EQ(record::ReasonOf(log.log().state_detail()), Reason::kLogCorrupt);
      ++found_;
    }
    return struck;
  }

  // There are more than `least` operations.
  void Sweep(SilentFault fault, bool (*matches)(const SimulatedOperation&), uint64_t least) {
    uint64_t nth = 1;
    for (; Live(nth, fault, matches); ++nth) {
      ASSERT_FALSE(HasFailure()) << "operation " << nth;
    }
    EXPECT_GT(nth, least);
  }

  // Some of them must matter.
  void ExpectFound(size_t least) const { EXPECT_GE(found_, least); }

  uint64_t round_ = 0;     // Another bit or place each time.
  size_t more_bytes_ = 0;  // In each value.
  size_t found_ = 0;
};

TEST_F(SilentFaultTest, EveryWriteIsLost) {
  Sweep(SilentFault::kLostWrite, IsWrite, 40);
  ExpectFound(11);
}

TEST_F(SilentFaultTest, EveryWriteGoesElsewhere) {
  Sweep(SilentFault::kMisdirectedWrite, IsWrite, 40);
  ExpectFound(11);
}

TEST_F(SilentFaultTest, EveryWriteArrivesWithABitWrong) {
  Sweep(SilentFault::kFlippedBit, IsWrite, 40);
  ExpectFound(11);
}

TEST_F(SilentFaultTest, EveryReadReturnsABitWrong) {
  more_bytes_ = 3000;  // Or most of what is read is padding, which is nobody's.
  for (; round_ < 20; ++round_) Sweep(SilentFault::kFlippedBit, IsRead, 3);
  ExpectFound(5);
}

}  // namespace
}  // namespace leat::log
