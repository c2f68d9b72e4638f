#include "server/broker/answer.h"

#include <memory>
#include <optional>
#include <utility>

#include "gtest/gtest.h"
#include "tests/server/broker/matchers.h"

namespace leat::broker {
namespace {

using record::Reason;

class AnswerTest : public testing::Test {
 protected:
  Answer<int> Make() {
    return Answer<int>([this](absl::StatusOr<int> result) {
      EXPECT_FALSE(given_.has_value());
      given_ = std::move(result);
    });
  }

  std::optional<absl::StatusOr<int>> given_;
};

TEST_F(AnswerTest, IsGivenOnce) {
  {
    Answer<int> first = Make();
    Answer<int> second = std::move(first);
    std::move(second)(7);
  }
  EXPECT_EQ(**given_, 7);
}

TEST_F(AnswerTest, SaysThatNothingWasDoneWhenItGoesAway) {
  { const Answer<int> answer = Make(); }
  EXPECT_THAT(*given_, HasReason(Reason::kServerStopping));
}

TEST_F(AnswerTest, DoesNotSaySoOfAnAppendThatHasBegun) {
  {
    Answer<int> answer = Make();
    answer.BeginAppend();
    const Answer<int> moved = std::move(answer);
  }
  EXPECT_THAT(*given_, HasReason(Reason::kAppendOutcomeUnknown));
}

}  // namespace
}  // namespace leat::broker
