#include "server/rpc/calls.h"

#include <gtest/gtest.h>

#include <optional>
#include <utility>

#include "storage/record/error.h"

namespace leat::rpc {
namespace {

using record::Reason;

TEST(Calls, AreLimited) {
  Calls calls(2);
  std::optional<Calls::Ticket> first = *calls.Enter();
  const auto second = calls.Enter();
  EXPECT_TRUE(second.ok());
  EXPECT_EQ(record::ReasonOf(calls.Enter().status()), Reason::kBacklogFull);
  first.reset();
  EXPECT_TRUE(calls.Enter().ok());
}

TEST(Calls, LearnOfAStopOnceAndNoMoreComeIn) {
  Calls calls(10);
  int told = 0;
  int gone = 0;
  auto call = *calls.Enter([&] { ++told; });
  {
    const auto over = *calls.Enter([&] { ++gone; });
  }
  calls.Stop();
  calls.Stop();
  EXPECT_EQ(told, 1);
  EXPECT_EQ(gone, 0);
  EXPECT_EQ(record::ReasonOf(calls.Enter().status()), Reason::kServerStopping);
}

TEST(Calls, MovedTicketsAreReturnedOnce) {
  Calls calls(1);
  Calls::Ticket ticket;
  ticket = *calls.Enter();
  Calls::Ticket other = std::move(ticket);
  EXPECT_FALSE(calls.Enter().ok());
  other = {};
  EXPECT_TRUE(calls.Enter().ok());
}

}  // namespace
}  // namespace leat::rpc
