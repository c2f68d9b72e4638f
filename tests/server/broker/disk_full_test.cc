// What the server's log says of a disk that is full without a watch on free space.

#include <memory>
#include <sstream>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "spdlog/sinks/ostream_sink.h"
#include "spdlog/spdlog.h"
#include "tests/server/broker/matchers.h"
#include "tests/server/broker/simulated_broker.h"

namespace leat::broker {
namespace {

using record::Reason;
using testing::HasSubstr;
using testing::IsEmpty;

class DiskFullTest : public testing::Test {
 protected:
  DiskFullTest() {
    before_ = spdlog::default_logger();
    spdlog::set_default_logger(std::make_shared<spdlog::logger>(
        "test", std::make_shared<spdlog::sinks::ostream_sink_mt>(log_)));
  }
  ~DiskFullTest() override { spdlog::set_default_logger(before_); }

  // What was logged since the last call.
  std::string TakeLog() {
    std::string text = log_.str();
    log_.str("");
    return text;
  }

  std::ostringstream log_;
  std::shared_ptr<spdlog::logger> before_;
  SimulatedBroker server_{1};
};

TEST_F(DiskFullTest, IsLoggedWhenItBeginsAndWhenItEnds) {
  ASSERT_THAT(server_.Start(), IsOk());
  const TopicHandle topic = *server_.Create("t");
  TakeLog();
  server_.disk().SetCapacity(0);
  EXPECT_THAT(server_.Append(topic, 0, "a"), HasReason(Reason::kDiskFull));
  EXPECT_THAT(TakeLog(), HasSubstr(FormatUuid(topic->id) + "/0: appends are refused: "));
  EXPECT_THAT(server_.Append(topic, 0, "a"), HasReason(Reason::kDiskFull));
  EXPECT_THAT(TakeLog(), IsEmpty());
  server_.disk().SetCapacity(uint64_t{1} << 30);
  EXPECT_THAT(server_.Append(topic, 0, "a"), IsOk());
  EXPECT_THAT(TakeLog(), HasSubstr("appends are taken again"));
  EXPECT_THAT(server_.Append(topic, 0, "b"), IsOk());
  EXPECT_THAT(TakeLog(), IsEmpty());
}

}  // namespace
}  // namespace leat::broker
