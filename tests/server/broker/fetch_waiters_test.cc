#include "server/broker/fetch_waiters.h"

#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/server/broker/matchers.h"

namespace leat::broker {
namespace {

using testing::ElementsAre;

class FetchWaitersTest : public testing::Test {
 protected:
  void Add(uint64_t ticket, int64_t from) {
    waiters_.Add(ticket, {.from = {from},
                          .max_bytes = ticket,
                          .done = Answer<FetchResult>([this, ticket](auto result) {
                            EXPECT_THAT(result, HasReason(record::Reason::kServerStopping));
                            answered_.push_back(ticket);
                          })});
  }
  static std::vector<uint64_t> Tickets(const std::vector<WaitingFetch>& fetches) {
    std::vector<uint64_t> tickets;
    for (const WaitingFetch& fetch : fetches) tickets.push_back(fetch.max_bytes);
    return tickets;
  }

  FetchWaiters waiters_;
  std::vector<uint64_t> answered_;
};

TEST_F(FetchWaitersTest, OnlyThoseWithSomethingToReadAreReady) {
  Add(1, 10);
  Add(2, 12);
  Add(3, 11);
  EXPECT_THAT(Tickets(waiters_.TakeReady({10})), ElementsAre());
  EXPECT_THAT(Tickets(waiters_.TakeReady({12})), ElementsAre(1, 3));
  EXPECT_THAT(Tickets(waiters_.TakeAll()), ElementsAre(2));
}

TEST_F(FetchWaitersTest, OneIsTakenOnce) {
  Add(1, 10);
  EXPECT_FALSE(waiters_.Take(2).has_value());
  EXPECT_TRUE(waiters_.Take(1).has_value());
  EXPECT_FALSE(waiters_.Take(1).has_value());
}

TEST_F(FetchWaitersTest, OneThatNobodyAnswersIsAnsweredAllTheSame) {
  Add(1, 10);
  { const auto taken = waiters_.Take(1); }
  EXPECT_THAT(answered_, ElementsAre(1));
}

}  // namespace
}  // namespace leat::broker
