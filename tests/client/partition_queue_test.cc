#include "client/partition_queue.h"

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "storage/record/error.h"

namespace leat::client {
namespace {

using record::MakeError;
using record::Reason;

constexpr uint64_t kNoFlush = 0;

SendResult Error(Reason reason) {
  SendResult result{.status = MakeError(reason, "injected")};
  result.outcome = AppendOutcomeOf(result.status);
  return result;
}

SendResult Appended(int64_t offset) {
  return {.status = absl::OkStatus(), .outcome = AppendOutcome::kAppended, .offset = offset};
}

// One queue, a clock that the test moves, and the story of every record: "a=3" was appended at
// offset 3, "b!" certainly not, "c?" perhaps.
class PartitionQueueTest : public testing::Test {
 protected:
  void Add(const std::string& value) {
    queue_.Add(
        {.value = value},
        [this, value](const SendResult& result) {
          switch (result.outcome) {
            case AppendOutcome::kAppended:
              story_ += value + "=" + std::to_string(result.offset) + " ";
              break;
            case AppendOutcome::kNotAppended:
              story_ += value + "! ";
              break;
            case AppendOutcome::kUnknown:
              story_ += value + "? ";
          }
        },
        /*charge_bytes=*/10, /*batch_id=*/++last_batch_id_, /*wall_clock_ms=*/1000, now_);
  }

  // Sends what may be sent; the number of batches that went out.
  int Send() {
    int sent = 0;
    for (; queue_.Sendable(now_, kNoFlush); ++sent) {
      resume_after_ = queue_.TakeForSend(++last_request_id_).resume_after;
    }
    return sent;
  }

  void Answer(uint64_t request_id, SendResult result) {
    std::vector<CompletedBatch> completed;
    queue_.OnAnswer(request_id, result, now_, &completed);
    Tell(std::move(completed));
  }

  void EndStream(absl::Status status) {
    std::vector<CompletedBatch> completed;
    queue_.OnStreamEnded(status, now_, &completed);
    Tell(std::move(completed));
  }

  void Expire() {
    std::vector<CompletedBatch> completed;
    queue_.Expire(now_, absl::OkStatus(), &completed);
    Tell(std::move(completed));
  }

  void Tell(std::vector<CompletedBatch> completed) {
    for (CompletedBatch& done : completed) done.batch->Complete(done.first);
  }

  // Three records, each a batch of its own, all in flight as requests 1 to 3.
  void SendThree() {
    for (const char* value : {"a", "b", "c"}) {
      Add(value);
      now_ += options_.linger;
      ASSERT_EQ(Send(), 1);
    }
  }

  QueueOptions options_{.batch_bytes = 100, .linger = absl::Milliseconds(5), .max_in_flight = 3};
  PartitionQueue queue_{options_, std::make_shared<BatchTarget>()};
  absl::Time now_ = absl::UnixEpoch() + absl::Hours(1);
  uint64_t last_batch_id_ = 0;
  uint64_t last_request_id_ = 0;
  std::optional<uint64_t> resume_after_;
  std::string story_;
};

TEST_F(PartitionQueueTest, GathersRecordsUntilLingerIsOver) {
  Add("a");
  now_ += absl::Milliseconds(4);
  Add("b");
  EXPECT_EQ(Send(), 0);
  EXPECT_EQ(queue_.NextDeadline(now_), now_ + absl::Milliseconds(1));
  now_ += absl::Milliseconds(1);
  EXPECT_EQ(Send(), 1);
  Answer(1, Appended(7));
  EXPECT_EQ(story_, "a=7 b=8 ");
  EXPECT_TRUE(queue_.empty());
}

TEST_F(PartitionQueueTest, SendsAFullBatchAtOnce) {
  Add(std::string(60, 'x'));
  EXPECT_EQ(Send(), 0);
  Add(std::string(60, 'y'));
  EXPECT_EQ(Send(), 1);
  now_ += options_.linger;
  EXPECT_EQ(Send(), 1);
}

TEST_F(PartitionQueueTest, FlushSendsAnOpenBatch) {
  Add("a");
  EXPECT_FALSE(queue_.Sendable(now_, /*flush_to=*/0));
  EXPECT_TRUE(queue_.Sendable(now_, /*flush_to=*/1));
}

TEST_F(PartitionQueueTest, LimitsWhatIsInFlightAndGathersMeanwhile) {
  SendThree();
  Add("d");
  now_ += options_.linger;
  Add("e");
  EXPECT_EQ(Send(), 0);
  Answer(1, Appended(0));
  EXPECT_EQ(Send(), 1);
  Answer(2, Appended(1));
  Answer(3, Appended(2));
  Answer(4, Appended(3));
  EXPECT_EQ(story_, "a=0 b=1 c=2 d=3 e=4 ");
}

TEST_F(PartitionQueueTest, SendsAgainInOrderAfterAPassingError) {
  SendThree();
  Answer(1, Error(Reason::kBacklogFull));
  Answer(2, Error(Reason::kEarlierRequestFailed));
  now_ += options_.max_backoff;
  Add("d");
  EXPECT_EQ(Send(), 0) << "the answer to request 3 is not there yet";
  Answer(3, Error(Reason::kEarlierRequestFailed));
  now_ += options_.max_backoff;
  ASSERT_EQ(queue_.Sendable(now_, kNoFlush), true);
  EXPECT_EQ(queue_.TakeForSend(11).resume_after, 1);
  EXPECT_EQ(queue_.TakeForSend(12).resume_after, std::nullopt);
  EXPECT_EQ(queue_.TakeForSend(13).resume_after, std::nullopt);
  Answer(11, Appended(0));
  Answer(12, Appended(1));
  Answer(13, Appended(2));
  EXPECT_EQ(story_, "a=0 b=1 c=2 ");
}

TEST_F(PartitionQueueTest, WaitsBeforeItSendsAgain) {
  SendThree();
  Answer(1, Error(Reason::kDiskFull));
  Answer(2, Error(Reason::kEarlierRequestFailed));
  Answer(3, Error(Reason::kEarlierRequestFailed));
  EXPECT_EQ(Send(), 0);
  EXPECT_EQ(queue_.NextDeadline(now_), now_ + options_.min_backoff);
  now_ += options_.min_backoff;
  EXPECT_EQ(Send(), 3);
  Answer(4, Error(Reason::kDiskFull));
  Answer(5, Error(Reason::kEarlierRequestFailed));
  Answer(6, Error(Reason::kEarlierRequestFailed));
  EXPECT_EQ(queue_.NextDeadline(now_), now_ + 2 * options_.min_backoff);
}

TEST_F(PartitionQueueTest, GoesOnAfterABatchThatIsRefusedForGood) {
  SendThree();
  Answer(1, Error(Reason::kTooLarge));
  Answer(2, Error(Reason::kEarlierRequestFailed));
  Answer(3, Error(Reason::kEarlierRequestFailed));
  EXPECT_EQ(story_, "a! ");
  EXPECT_EQ(queue_.TakeForSend(4).resume_after, 1);
  Answer(4, Appended(0));
  EXPECT_EQ(story_, "a! b=0 ");
}

TEST_F(PartitionQueueTest, ResumesAfterTheRequestOfAnotherPartitionThatHaltedTheTopic) {
  SendThree();
  const SendResult halted = {
      .status = MakeError(Reason::kEarlierRequestFailed, "injected", {{"requestId", "77"}})};
  for (uint64_t request_id : {1, 2, 3}) Answer(request_id, halted);
  now_ += options_.max_backoff;
  EXPECT_EQ(queue_.TakeForSend(4).resume_after, 77);
}

TEST_F(PartitionQueueTest, ReportsAnUnknownOutcomeAndDoesNotSendAgain) {
  SendThree();
  Answer(1, Error(Reason::kAppendOutcomeUnknown));
  Answer(2, Error(Reason::kPartitionOffline));
  Answer(3, Error(Reason::kPartitionOffline));
  EXPECT_EQ(story_, "a? b! c! ");
  EXPECT_TRUE(queue_.empty());
}

TEST_F(PartitionQueueTest, LostConnectionLeavesUnknownOutcomesAndKeepsWhatWasNotSent) {
  SendThree();
  Add("d");
  EndStream(absl::UnavailableError("connection reset"));
  EXPECT_EQ(story_, "a? b? c? ");
  now_ += options_.linger;
  EXPECT_EQ(Send(), 1);
  EXPECT_EQ(resume_after_, std::nullopt) << "a new stream has no halted partitions";
  Answer(4, Appended(9));
  EXPECT_EQ(story_, "a? b? c? d=9 ");
}

TEST_F(PartitionQueueTest, SendsAgainWhatAStoppingServerRefused) {
  SendThree();
  Answer(1, Appended(0));
  EndStream(MakeError(Reason::kServerStopping, "stopping"));
  now_ += options_.min_backoff;
  EXPECT_EQ(Send(), 2);
  Answer(4, Appended(1));
  Answer(5, Appended(2));
  EXPECT_EQ(story_, "a=0 b=1 c=2 ");
}

TEST_F(PartitionQueueTest, GivesUpWhatIsTooOld) {
  SendThree();
  Answer(1, Error(Reason::kBacklogFull));
  Add("d");
  now_ += options_.delivery_timeout;
  Expire();
  EXPECT_EQ(story_, "b? c? a! d! ");
  EXPECT_FALSE(queue_.empty()) << "answers are awaited for the sake of order";
  Answer(2, Error(Reason::kEarlierRequestFailed));
  Answer(3, Error(Reason::kEarlierRequestFailed));
  EXPECT_EQ(story_, "b? c? a! d! ");
  EXPECT_TRUE(queue_.empty());
}

TEST_F(PartitionQueueTest, WhatIsTooOldNamesTheLastRefusal) {
  Add("a");
  now_ += options_.linger;
  ASSERT_EQ(Send(), 1);
  EXPECT_TRUE(queue_.refusal().ok());
  Answer(1, Error(Reason::kDiskFull));
  EXPECT_EQ(record::ReasonOf(queue_.refusal()), Reason::kDiskFull);
  now_ += options_.delivery_timeout;
  std::vector<CompletedBatch> completed;
  queue_.Expire(now_, absl::OkStatus(), &completed);
  ASSERT_EQ(completed.size(), 1u);
  const absl::Status& status = completed[0].first.status;
  EXPECT_TRUE(absl::IsDeadlineExceeded(status)) << status;
  EXPECT_EQ(record::ReasonOf(status), Reason::kDiskFull);
  EXPECT_NE(status.message().find(queue_.refusal().message()), absl::string_view::npos);
  Tell(std::move(completed));
}

TEST_F(PartitionQueueTest, WhatIsAppendedEndsTheRefusal) {
  Add("a");
  now_ += options_.linger;
  ASSERT_EQ(Send(), 1);
  Answer(1, Error(Reason::kDiskFull));
  now_ += options_.max_backoff;
  ASSERT_EQ(Send(), 1);
  EXPECT_FALSE(queue_.refusal().ok());
  Answer(2, Appended(0));
  EXPECT_TRUE(queue_.refusal().ok());
}

TEST_F(PartitionQueueTest, ClosingGivesUpEverything) {
  SendThree();
  Add("d");
  std::vector<CompletedBatch> completed;
  queue_.Abandon(absl::CancelledError("closed"), &completed);
  Tell(std::move(completed));
  EXPECT_EQ(story_, "a? b? c? d! ");
  EXPECT_TRUE(queue_.empty());
}

TEST_F(PartitionQueueTest, DeadlinesLieInTheFuture) {
  SendThree();
  Add("d");
  now_ += options_.linger;
  EXPECT_GT(queue_.NextDeadline(now_), now_) << "a batch that cannot be sent must not spin";
}

}  // namespace
}  // namespace leat::client
