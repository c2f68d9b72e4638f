#include "server/rpc/worker_pool.h"

#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <thread>
#include <vector>

#include "absl/synchronization/notification.h"

namespace leat::rpc {
namespace {

TEST(WorkerPool, RunsEverythingBeforeItEnds) {
  std::atomic<int> ran = 0;
  {
    WorkerPool pool(2);
    for (int i = 0; i < 1'000; ++i) {
      pool.Run([&] {
        if (++ran == 500) pool.Run([&] { ++ran; });
      });
    }
  }
  EXPECT_EQ(ran, 1'001);
}

TEST(Strand, RunsInOrderAndOneAtATime) {
  std::vector<int> order;
  {
    WorkerPool pool(4);
    Strand strand(pool);
    for (int i = 0; i < 10'000; ++i) strand.Post([&order, i] { order.push_back(i); });
  }
  ASSERT_EQ(order.size(), 10'000u);
  for (int i = 0; i < 10'000; ++i) ASSERT_EQ(order[i], i);
}

TEST(Strand, DispatchRunsHereWhenNothingIsUnderWay) {
  WorkerPool pool(1);
  Strand strand(pool);
  std::thread::id ran_on;
  strand.Dispatch([&] { ran_on = std::this_thread::get_id(); });
  EXPECT_EQ(ran_on, std::this_thread::get_id());
}

TEST(Strand, DispatchQueuesBehindWhatIsUnderWay) {
  std::vector<int> order;
  {
    WorkerPool pool(2);
    Strand strand(pool);
    absl::Notification started;
    absl::Notification go_on;
    strand.Post([&] {
      started.Notify();
      go_on.WaitForNotification();
      order.push_back(1);
    });
    started.WaitForNotification();
    strand.Dispatch([&] { order.push_back(2); });
    go_on.Notify();
  }
  EXPECT_EQ(order, (std::vector<int>{1, 2}));
}

TEST(Strand, WhatADispatchedTaskPostsRunsAfterIt) {
  std::vector<int> order;
  {
    WorkerPool pool(2);
    Strand strand(pool);
    strand.Dispatch([&] {
      strand.Post([&] { order.push_back(2); });
      order.push_back(1);
    });
  }
  EXPECT_EQ(order, (std::vector<int>{1, 2}));
}

// As a stream does whose last handle is held by its last task.
TEST(Strand, MayDieInItsOwnTask) {
  WorkerPool pool(2);
  for (int i = 0; i < 1'000; ++i) {
    auto strand = std::make_shared<Strand>(pool);
    Strand& raw = *strand;
    raw.Post([strand = std::move(strand)]() mutable { strand.reset(); });
  }
}

}  // namespace
}  // namespace leat::rpc
