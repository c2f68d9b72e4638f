// Groups on a broker with threads: calls from several of them, also while it stops.

#include <atomic>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <variant>
#include <vector>

#include "absl/synchronization/notification.h"
#include "gtest/gtest.h"
#include "server/group_host.h"
#include "tests/server/broker/broker_fixture.h"
#include "tests/server/broker/matchers.h"

namespace leat::server {
namespace {

using broker::IsOk;

// Leaves no call and no stream uncounted.
struct Counts {
  std::atomic<int> asked = 0;
  std::atomic<int> answered = 0;
  std::atomic<int> joined = 0;
  std::atomic<int> closed = 0;
};

class CountingStream : public group::MemberChannel {
 public:
  explicit CountingStream(Counts& counts) : counts_(counts) {}
  void Send(group::MemberEvent event) override {
    if (std::holds_alternative<group::event::Closed>(event)) ++counts_.closed;
  }

 private:
  Counts& counts_;
};

class GroupHostThreadsTest : public broker::BrokerTest {
 protected:
  void StartAll() {
    ASSERT_THAT(Start(), IsOk());
    host_ = std::make_unique<GroupHost>(broker(), group::GroupLog::Options{});
    absl::Notification loaded;
    host_->Load([&loaded] { loaded.Notify(); });
    loaded.WaitForNotification();
    host_->Start();
  }

  void StopAll() {
    absl::Notification closed;
    host_->Close([&closed] { closed.Notify(); });
    closed.WaitForNotification();
    EXPECT_THAT(broker().Stop(), IsOk());
  }

  template <typename T>
  group::Coordinator::Callback<T> Counted() {
    ++counts_.asked;
    return [this](const absl::StatusOr<T>&) { ++counts_.answered; };
  }

  // Every kind of call, about one group.
  void Call(const std::string& group, const broker::TopicHandle& topic) {
    group::command::Join join;
    join.group = group;
    join.subscription.topics = {topic->name};
    ++counts_.joined;
    host_->Join(std::move(join), std::make_shared<CountingStream>(counts_));
    host_->Submit(group::command::Commit{.group = group + "-free",
                                         .positions = {{{{topic->id, 0}, 0}, 0, 0}}},
                  Counted<group::Outcome>());
    host_->Describe(group, Counted<group::GroupDescription>());
    host_->List("", "", 10, Counted<std::vector<group::GroupSummary>>());
    host_->StreamLost({group, "nobody", 1});
  }

  Counts counts_;
  std::unique_ptr<GroupHost> host_;
};

TEST_P(GroupHostThreadsTest, EveryCallIsAnsweredAlsoWhileItStops) {
  ASSERT_NO_FATAL_FAILURE(StartAll());
  const broker::TopicHandle topic = *Create("events", 4);
  std::atomic<bool> stopped = false;
  std::vector<std::thread> callers;
  for (int caller = 0; caller < 3; ++caller) {
    callers.emplace_back([&, caller] {
      int left = 50;  // So many more once it has stopped.
      for (int i = 0; left > 0; ++i) {
        Call("group-" + std::to_string(caller) + "-" + std::to_string(i % 40), topic);
        // Lest the callers get far ahead.
        while (!stopped && counts_.asked - counts_.answered > 100) std::this_thread::yield();
        if (stopped) --left;
      }
    });
  }
  while (counts_.answered < 300) std::this_thread::yield();
  ASSERT_THAT(Create("more"), IsOk());  // All groups are told.
  StopAll();
  stopped = true;
  for (std::thread& caller : callers) caller.join();
  host_.reset();
  Destroy();
  EXPECT_EQ(counts_.answered, counts_.asked);
  EXPECT_EQ(counts_.closed, counts_.joined);
}

INSTANTIATE_TEST_SUITE_P(Backends, GroupHostThreadsTest,
                         testing::Values(io::IoBackendChoice::kUring, io::IoBackendChoice::kPosix),
                         broker::BackendParamName);

}  // namespace
}  // namespace leat::server
