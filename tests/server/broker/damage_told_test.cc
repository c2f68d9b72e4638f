// What the server's log and the state of a partition say of damage that shows while it runs.

#include <memory>
#include <sstream>
#include <string>

#include "fmt/format.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "spdlog/sinks/ostream_sink.h"
#include "spdlog/spdlog.h"
#include "storage/io/simulated_faults.h"
#include "tests/server/broker/matchers.h"
#include "tests/server/broker/simulated_broker.h"

namespace leat::broker {
namespace {

using record::Reason;
using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;

class DamageToldTest : public testing::Test {
 protected:
  DamageToldTest() {
    before_ = spdlog::default_logger();
    spdlog::set_default_logger(std::make_shared<spdlog::logger>(
        "test", std::make_shared<spdlog::sinks::ostream_sink_mt>(log_)));
  }
  ~DamageToldTest() override { spdlog::set_default_logger(before_); }

  // What was logged since the last call.
  std::string TakeLog() {
    std::string text = log_.str();
    log_.str("");
    return text;
  }

  // Records 0 to 2 of a topic `t`, none of them in memory, and the payload of 1 rotten.
  void MakeDamaged() {
    ASSERT_THAT(server_.Start(), IsOk());
    topic_ = *server_.Create("t");
    for (const char* value : {"a", "b", "c"}) ASSERT_THAT(server_.Append(topic_, 0, value), IsOk());
    ASSERT_THAT(server_.Stop(), IsOk());
    ASSERT_THAT(server_.Start(), IsOk());
    segment_ = fmt::format("{}/topics/{}/0/00000000000000000000.log", SimulatedBroker::kDirectory,
                           FormatUuid(topic_->id));
    Rot();
    TakeLog();
  }

  // The second frame, behind the headers of frame and batch.
  void Rot() { ASSERT_THAT(server_.disk().Corrupt(segment_, {2 * 4096 + 200}, 1), IsOk()); }

  std::string Detail() { return server_.Describe(topic_, 0)->state_detail; }

  std::ostringstream log_;
  std::shared_ptr<spdlog::logger> before_;
  SimulatedBroker server_{1};
  TopicHandle topic_;
  std::string segment_;
};

TEST_F(DamageToldTest, ByAReaderThatFindsIt) {
  MakeDamaged();
  EXPECT_THAT(Detail(), IsEmpty());
  EXPECT_THAT(server_.ReadAll(topic_, 0), HasReason(Reason::kLogCorrupt));
  EXPECT_THAT(Detail(), AllOf(HasSubstr("offset 1 is not readable"), HasSubstr(segment_),
                              HasSubstr("byte 8192")));
  EXPECT_THAT(TakeLog(), AllOf(HasSubstr(FormatUuid(topic_->id) + "/0: a read met damage"),
                               HasSubstr(segment_)));
  // Once, however many readers come; and appends go on.
  EXPECT_THAT(server_.ReadAll(topic_, 0), HasReason(Reason::kLogCorrupt));
  EXPECT_THAT(TakeLog(), IsEmpty());
  EXPECT_EQ(server_.Describe(topic_, 0)->state, log::LogState::kOnline);
  EXPECT_THAT(server_.Append(topic_, 0, "d"), IsOk());
}

TEST_F(DamageToldTest, UntilItIsTrimmedAway) {
  MakeDamaged();
  EXPECT_THAT(server_.ReadAll(topic_, 0), HasReason(Reason::kLogCorrupt));
  ASSERT_THAT(server_.Trim(topic_, 0, 2), IsOk());
  EXPECT_THAT(Detail(), IsEmpty());
}

TEST_F(DamageToldTest, UntilThePlaceCanBeReadAfterAll) {
  MakeDamaged();
  EXPECT_THAT(server_.ReadAll(topic_, 0), HasReason(Reason::kLogCorrupt));
  Rot();  // The same bit again.
  EXPECT_THAT(server_.ReadAll(topic_, 0), IsOk());
  EXPECT_THAT(Detail(), IsEmpty());
}

TEST_F(DamageToldTest, ByAFlushThatFails) {
  ASSERT_THAT(server_.Start(), IsOk());
  topic_ = *server_.Create("t");
  ASSERT_THAT(server_.Append(topic_, 0, "a"), IsOk());
  TakeLog();
  server_.disk().Inject({.matches = [](const io::SimulatedOperation& operation) {
    return operation.kind == io::OperationKind::kWriteDurably;
  }});
  EXPECT_THAT(server_.Append(topic_, 0, "b"), HasReason(Reason::kAppendOutcomeUnknown));
  EXPECT_THAT(TakeLog(), AllOf(HasSubstr(FormatUuid(topic_->id) + "/0: "),
                               HasSubstr("takes no writes"), HasSubstr("EIO")));
  EXPECT_THAT(server_.Append(topic_, 0, "c"), HasReason(Reason::kPartitionOffline));
  EXPECT_EQ(server_.Describe(topic_, 0)->state, log::LogState::kOffline);
  EXPECT_THAT(Detail(), HasSubstr("EIO"));
  EXPECT_THAT(TakeLog(), IsEmpty());
  EXPECT_THAT(server_.ReadAll(topic_, 0), IsOk());
}

}  // namespace
}  // namespace leat::broker
