#include "client/producer.h"

#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "absl/synchronization/mutex.h"
#include "absl/synchronization/notification.h"
#include "storage/record/error.h"
#include "tests/client/scripted_server.h"

namespace leat::client {
namespace {

using record::Reason;

class ProducerTest : public testing::Test {
 protected:
  // One batch a record, unless a test says otherwise. The scripted server knows no producers:
  // real_producer_test.cc has those.
  static ProducerOptions OneRecordABatch() {
    return {.batch_bytes = 1, .linger = absl::ZeroDuration(), .idempotent = false};
  }

  Client Connect() {
    return Client::Connect({.target = server_.target(), .call_timeout = absl::Seconds(5)});
  }

  // Sends "0", "1", ... to partition 0 and waits; what became of each: "0=0 1! 2?".
  std::string SendNumbers(Producer& producer, int count) {
    absl::Mutex mutex;
    std::vector<std::string> story(count);
    for (int i = 0; i < count; ++i) {
      const std::string value = std::to_string(i);
      const absl::Status sent =
          producer.Send("t", {.value = value, .partition = 0}, [&, i](const SendResult& result) {
            absl::MutexLock lock(&mutex);
            story[i] = result.outcome == AppendOutcome::kAppended
                           ? "=" + std::to_string(result.offset)
                       : result.outcome == AppendOutcome::kUnknown ? "?"
                                                                   : "!";
          });
      EXPECT_TRUE(sent.ok()) << sent;
    }
    EXPECT_TRUE(producer.Flush().ok());
    std::string text;
    for (int i = 0; i < count; ++i) text += (i > 0 ? " " : "") + std::to_string(i) + story[i];
    return text;
  }

  // A record sent while the server is away is appended once it is back. One handed to the
  // connection that is still going away is answered at once, its outcome unknown; then the next one
  // waits.
  void ExpectWaitForRestart(ProducerOptions options) {
    absl::Mutex mutex;
    bool waiting = false;
    std::optional<SendResult> answer;
    options.on_delay = [&](const absl::Status&) {
      absl::MutexLock lock(&mutex);
      waiting = true;
    };
    Producer producer(Connect(), options);
    EXPECT_EQ(SendNumbers(producer, 1), "0=0");
    server_.Stop();
    for (bool handed_over = true; handed_over;) {
      ASSERT_TRUE(producer
                      .Send("t", {.value = "later", .partition = 0},
                            [&](const SendResult& result) {
                              absl::MutexLock lock(&mutex);
                              answer = result;
                            })
                      .ok());
      absl::MutexLock lock(&mutex);
      auto told = [&] { return waiting || answer.has_value(); };
      mutex.Await(absl::Condition(&told));
      handed_over = answer.has_value();
      if (handed_over) EXPECT_EQ(answer->outcome, AppendOutcome::kUnknown) << answer->status;
      answer.reset();
    }
    server_.Restart();
    absl::MutexLock lock(&mutex);
    auto answered = [&] { return answer.has_value(); };
    mutex.Await(absl::Condition(&answered));
    EXPECT_TRUE(answer->status.ok()) << answer->status;
    EXPECT_EQ(answer->offset, 1);
    EXPECT_EQ(server_.values(0), (std::vector<std::string>{"0", "later"}));
  }

  // What scripts wait for: a call may still be in one when its test ends.
  absl::Notification go_on_;
  ScriptedServer server_{4};
};

TEST_F(ProducerTest, KeepsOrderAndReportsOffsets) {
  Producer producer(Connect(), OneRecordABatch());
  EXPECT_EQ(SendNumbers(producer, 5), "0=0 1=1 2=2 3=3 4=4");
  EXPECT_EQ(server_.values(0), (std::vector<std::string>{"0", "1", "2", "3", "4"}));
}

TEST_F(ProducerTest, GathersBatches) {
  Producer producer(Connect(), {.linger = absl::Hours(1), .idempotent = false});
  SendNumbers(producer, 1000);
  EXPECT_EQ(server_.requests(), 1);
  EXPECT_EQ(server_.values(0).size(), 1000u);
}

TEST_F(ProducerTest, SendAndWaitDoesNotLinger) {
  Producer producer(Connect(), {.linger = absl::Hours(1), .idempotent = false});
  const SendResult result = producer.SendAndWait("t", {.value = "x", .partition = 2});
  EXPECT_TRUE(result.status.ok()) << result.status;
  EXPECT_EQ(result.partition, 2u);
  EXPECT_EQ(result.offset, 0);
}

TEST_F(ProducerTest, ManyThreadsLoseNothing) {
  Producer producer(Connect(), {.batch_bytes = 500, .idempotent = false, .buffer_bytes = 20'000});
  std::atomic<int> appended = 0;
  std::vector<std::thread> threads;
  for (int thread = 0; thread < 4; ++thread) {
    threads.emplace_back([&, thread] {
      for (int i = 0; i < 2'000; ++i) {
        const std::string value = std::to_string(thread) + ":" + std::to_string(i);
        ASSERT_TRUE(producer
                        .Send("t", {.key = std::to_string(thread), .value = value},
                              [&](const SendResult& result) { appended += result.status.ok(); })
                        .ok());
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  ASSERT_TRUE(producer.Flush().ok());
  EXPECT_EQ(appended, 8'000);
  // Records of a key are in order.
  std::vector<int> next(4, 0);
  for (uint32_t partition = 0; partition < 4; ++partition) {
    for (const std::string& value : server_.values(partition)) {
      const int thread = value[0] - '0';
      EXPECT_EQ(value.substr(2), std::to_string(next[thread]++));
    }
  }
  EXPECT_EQ(next, std::vector<int>(4, 2'000));
}

TEST_F(ProducerTest, SendsAgainInOrderWhatWasNotAppended) {
  int failures = 3;
  server_.set_script([&failures](const v1::ProduceStreamRequest&) {
    return failures-- > 0 ? Step::Fail(Reason::kBacklogFull) : Step::Append();
  });
  Producer producer(Connect(), OneRecordABatch());
  EXPECT_EQ(SendNumbers(producer, 20).substr(0, 15), "0=0 1=1 2=2 3=3");
  EXPECT_EQ(server_.values(0).size(), 20u);
}

TEST_F(ProducerTest, OneRefusedBatchDoesNotHarmTheOthers) {
  server_.set_script([](const v1::ProduceStreamRequest& request) {
    return request.produce().records().records(0).value() == "2"
               ? Step::Fail(Reason::kInvalidRecords)
               : Step::Append();
  });
  Producer producer(Connect(), OneRecordABatch());
  EXPECT_EQ(SendNumbers(producer, 5), "0=0 1=1 2! 3=2 4=3");
}

TEST_F(ProducerTest, LostConnectionIsReportedAsUnknownAndNeverDoubles) {
  bool dropped = false;
  server_.set_script([&dropped](const v1::ProduceStreamRequest& request) {
    if (request.produce().records().records(0).value() != "2" || std::exchange(dropped, true)) {
      return Step::Append();
    }
    return Step::AppendAndDropStream();
  });
  ProducerOptions options = OneRecordABatch();
  options.max_in_flight_per_partition = 1;
  Producer producer(Connect(), options);
  EXPECT_EQ(SendNumbers(producer, 5), "0=0 1=1 2? 3=3 4=4");
  EXPECT_EQ(server_.values(0), (std::vector<std::string>{"0", "1", "2", "3", "4"}));
}

TEST_F(ProducerTest, WaitsForAServerThatRestarts) { ExpectWaitForRestart(OneRecordABatch()); }

TEST_F(ProducerTest, ServesOnWithWhatItKnowsWhileTheServerCannotBeAsked) {
  ProducerOptions options = OneRecordABatch();
  options.topic_refresh_interval = absl::ZeroDuration();
  ExpectWaitForRestart(options);
}

TEST_F(ProducerTest, GivesUpCleanlyWhenTheServerStaysAway) {
  ProducerOptions options = OneRecordABatch();
  options.delivery_timeout = absl::Milliseconds(300);
  Producer producer(Connect(), options);
  EXPECT_EQ(SendNumbers(producer, 1), "0=0");
  server_.Stop();
  // This one may have been handed to the connection that is going away.
  EXPECT_FALSE(producer.SendAndWait("t", {.value = "lost"}).status.ok());
  // What was never handed to a connection was certainly not appended.
  EXPECT_EQ(SendNumbers(producer, 3), "0! 1! 2!");
}

TEST_F(ProducerTest, UnreachableServerIsTold) {
  server_.Stop();
  Producer producer(Connect(), {.idempotent = false});
  EXPECT_TRUE(absl::IsUnavailable(producer.Send("t", {.value = "x"})));
  EXPECT_TRUE(absl::IsUnavailable(producer.SendAndWait("t", {.value = "x"}).status));
}

TEST_F(ProducerTest, FullBufferFailsOrWaitsAsAsked) {
  server_.set_script([this](const v1::ProduceStreamRequest&) {
    go_on_.WaitForNotification();
    return Step::Append();
  });
  ProducerOptions options = {
      .linger = absl::ZeroDuration(), .idempotent = false, .buffer_bytes = 1'000};
  options.when_full = ProducerOptions::WhenFull::kFail;
  Producer producer(Connect(), options);
  std::atomic<int> answered = 0;
  int taken = 0;
  absl::Status status;
  while ((status = producer.Send("t", {.value = std::string(100, 'x')}, [&](const SendResult&) {
           ++answered;
         })).ok()) {
    ++taken;
  }
  EXPECT_TRUE(absl::IsResourceExhausted(status)) << status;
  EXPECT_LE(taken, 10);
  go_on_.Notify();
  ASSERT_TRUE(producer.Flush().ok());
  EXPECT_EQ(answered, taken);
  EXPECT_TRUE(producer.Send("t", {.value = "room again"}).ok());
}

TEST_F(ProducerTest, ClosingAnswersEveryRecord) {
  server_.set_script([this](const v1::ProduceStreamRequest&) {
    go_on_.WaitForNotification();
    return Step::DropStream();
  });
  std::atomic<int> unknown = 0;
  std::atomic<int> not_appended = 0;
  {
    ProducerOptions options = OneRecordABatch();
    options.max_in_flight_per_partition = 1;
    Producer producer(Connect(), options);
    for (int i = 0; i < 3; ++i) {
      ASSERT_TRUE(producer
                      .Send("t", {.value = "x", .partition = 0},
                            [&](const SendResult& result) {
                              ++(result.outcome == AppendOutcome::kUnknown ? unknown
                                                                           : not_appended);
                            })
                      .ok());
    }
    server_.WaitForRequests(1);
  }
  EXPECT_EQ(unknown, 1);
  EXPECT_EQ(not_appended, 2);
  go_on_.Notify();
}

TEST_F(ProducerTest, TellsWhatHoldsRecordsUp) {
  server_.set_script([](const v1::ProduceStreamRequest&) { return Step::Fail(Reason::kDiskFull); });
  absl::Notification told;
  ProducerOptions options = OneRecordABatch();
  options.on_delay = [&told](const absl::Status& why) {
    EXPECT_EQ(record::ReasonOf(why), Reason::kDiskFull);
    told.Notify();
  };
  absl::Status end;
  {
    Producer producer(Connect(), options);
    ASSERT_TRUE(
        producer
            .Send("t", {.value = "x"}, [&end](const SendResult& result) { end = result.status; })
            .ok());
    told.WaitForNotification();
  }
  EXPECT_TRUE(absl::IsCancelled(end)) << end;
}

TEST_F(ProducerTest, CancelEndsABlockedSend) {
  server_.set_script([this](const v1::ProduceStreamRequest&) {
    go_on_.WaitForNotification();
    return Step::DropStream();
  });
  Producer producer(Connect(),
                    {.linger = absl::ZeroDuration(), .idempotent = false, .buffer_bytes = 1'000});
  int taken = 0;
  std::atomic<int> answered = 0;
  std::thread sender([&] {
    absl::Status status;
    while (status.ok()) {
      status = producer.Send("t", {.value = std::string(100, 'x')},
                             [&answered](const SendResult&) { ++answered; });
      if (status.ok()) ++taken;
    }
    EXPECT_TRUE(absl::IsCancelled(status)) << status;
  });
  server_.WaitForRequests(1);
  producer.Cancel();
  sender.join();
  EXPECT_TRUE(producer.Flush().ok());
  EXPECT_EQ(answered, taken);
  go_on_.Notify();
}

TEST_F(ProducerTest, CallbacksMaySendButNotWait) {
  Producer producer(Connect(), OneRecordABatch());
  absl::Notification done;
  ASSERT_TRUE(producer
                  .Send("t", {.value = "first", .partition = 0},
                        [&](const SendResult&) {
                          EXPECT_TRUE(absl::IsFailedPrecondition(producer.Flush()));
                          EXPECT_TRUE(absl::IsFailedPrecondition(
                              producer.SendAndWait("t", {.value = "x"}).status));
                          EXPECT_TRUE(producer
                                          .Send("t", {.value = "second", .partition = 0},
                                                [&](const SendResult&) { done.Notify(); })
                                          .ok());
                        })
                  .ok());
  done.WaitForNotification();
  EXPECT_EQ(server_.values(0), (std::vector<std::string>{"first", "second"}));
}

// By a call of its own that came late: nobody else knows a name that was made up.
TEST_F(ProducerTest, OnlyAProducerThatHasANameIsFencedForGood) {
  for (const char* name : {"", "p"}) {
    std::atomic<bool> fenced = false;
    server_.set_script([&fenced](const auto&) {
      return fenced.exchange(true) ? Step::Append() : Step::Fail(Reason::kProducerFenced);
    });
    Producer producer(Connect(), {.linger = absl::ZeroDuration(), .name = name});
    EXPECT_EQ(SendNumbers(producer, 1), *name == 0 ? "0=0" : "0!");
  }
}

// Whoever is asked for one topic's producer answers late, or never.
class HeldInitProducerTest : public ProducerTest {
 protected:
  HeldInitProducerTest() {
    server_.set_init_script([held = held_](const std::string& topic) {
      if (topic != "held") return;
      held->asked.Notify();
      held->release.WaitForNotification();
    });
  }

  ~HeldInitProducerTest() override {
    if (!held_->release.HasBeenNotified()) held_->release.Notify();
  }

  Client ConnectForLong() {
    return Client::Connect({.target = server_.target(), .call_timeout = absl::Hours(1)});
  }

  const ProducerOptions options_{.linger = absl::ZeroDuration(),
                                 .delivery_timeout = absl::Hours(1)};
  struct Held {
    absl::Notification asked;  // Once.
    absl::Notification release;
  };
  const std::shared_ptr<Held> held_ = std::make_shared<Held>();
};

TEST_F(HeldInitProducerTest, OtherTopicsGoOn) {
  Producer producer(ConnectForLong(), options_);
  std::atomic<int> answered = 0;
  EXPECT_TRUE(producer
                  .Send("held", {.value = "1", .partition = 0},
                        [&answered](const SendResult& result) { answered += result.status.ok(); })
                  .ok());
  EXPECT_TRUE(producer.SendAndWait("t", {.value = "2", .partition = 0}).status.ok());
  EXPECT_EQ(answered, 0);
  held_->release.Notify();
  EXPECT_TRUE(producer.Flush().ok());
  EXPECT_EQ(answered, 1);
  EXPECT_EQ(server_.values(0), (std::vector<std::string>{"2", "1"}));
}

TEST_F(HeldInitProducerTest, AProducerCanBeClosed) {
  SendResult result;
  {
    Producer producer(ConnectForLong(), options_);
    EXPECT_TRUE(producer
                    .Send("held", {.value = "1", .partition = 0},
                          [&result](const SendResult& answer) { result = answer; })
                    .ok());
    held_->asked.WaitForNotification();
  }
  EXPECT_TRUE(absl::IsCancelled(result.status)) << result.status;
}

}  // namespace
}  // namespace leat::client
