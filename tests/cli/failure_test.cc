#include "cli/failure.h"

#include <gtest/gtest.h>

#include "storage/record/error.h"

namespace leat::cli {
namespace {

using record::MakeError;
using record::Reason;

TEST(FailureTest, ExitCodes) {
  EXPECT_EQ(ExitCodeOf(absl::OkStatus()), kOk);
  EXPECT_EQ(ExitCodeOf(MakeError(Reason::kTopicNotFound, "")), kNotFound);
  EXPECT_EQ(ExitCodeOf(MakeError(Reason::kTopicAlreadyExists, "")), kConflict);
  EXPECT_EQ(ExitCodeOf(MakeError(Reason::kTopicRecreated, "")), kConflict);
  EXPECT_EQ(ExitCodeOf(MakeError(Reason::kServerStopping, "")), kUnavailable);
  EXPECT_EQ(ExitCodeOf(MakeError(Reason::kInvalidField, "")), kUsage);
  EXPECT_EQ(ExitCodeOf(MakeError(Reason::kTooLarge, "")), kFailed);
  EXPECT_EQ(ExitCodeOf(MakeError(Reason::kPartitionOffline, "")), kFailed);
  EXPECT_EQ(ExitCodeOf(absl::UnavailableError("")), kUnavailable);
  EXPECT_EQ(ExitCodeOf(absl::DeadlineExceededError("")), kUnavailable);
  EXPECT_EQ(ExitCodeOf(absl::InvalidArgumentError("")), kUsage);
  EXPECT_EQ(ExitCodeOf(absl::DataLossError("")), kFailed);
}

TEST(FailureTest, OneLineThatSaysWhatToDo) {
  EXPECT_EQ(Explain(MakeError(Reason::kTopicNotFound, "topic 'a' does not exist"), {"s:1", "a"}),
            "topic 'a' does not exist; 'leat topic create a' makes it, 'leat topic ls' shows what "
            "there is");
  EXPECT_EQ(Explain(MakeError(Reason::kOffsetOutOfRange, "offset 9 is out of range",
                              {{"logStartOffset", "2"}, {"highWatermark", "5"}}),
                    {}),
            "offset 9 is out of range; readable are offsets 2 up to 5; '-o start' takes the first, "
            "'-p' other partitions only");
  EXPECT_EQ(Explain(absl::UnavailableError("connect:\nrefused"), {"s:1", ""}),
            "connect: refused; is a server listening on s:1? 'leat serve' starts one, '-s "
            "HOST:PORT' names another");
  EXPECT_EQ(Explain(absl::InternalError(""), {}), "INTERNAL");
}

}  // namespace
}  // namespace leat::cli
