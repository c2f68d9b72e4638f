#include "client/commit_queue.h"

#include <gtest/gtest.h>

#include "storage/record/error.h"

namespace leat::client {
namespace {

class CommitQueueTest : public testing::Test {
 protected:
  void Assign(uint32_t count, uint64_t epoch, v1::ChangeReason reason = v1::CHANGE_REASON_UNOWNED) {
    v1::Assigned assigned;
    assigned.set_reason(reason);
    for (uint32_t partition = 0; partition < count; ++partition) {
      v1::PartitionPosition* position = assigned.add_positions();
      position->set_topic("t");
      position->set_partition(partition);
      position->set_assignment_epoch(epoch);
    }
    state_.OnAssigned(assigned);
  }

  // Sends, and answers OK; how many positions went.
  int SendAndAnswer() {
    const std::optional<v1::Commit> commit = queue_.TakeForSend(++request_id_);
    if (!commit.has_value()) return 0;
    v1::CommandResult result;
    result.set_request_id(request_id_);
    for (const auto& position : commit->positions()) {
      *result.add_partitions()->mutable_position() = position;
    }
    EXPECT_TRUE(queue_.OnResult(result));
    return commit->positions_size();
  }

  CommitCallback Note() {
    return [this](const CommitResult& result) { answers_.push_back(result); };
  }

  MemberState state_{ConsumerOptions::HandOver::kDeliver};
  CommitQueue queue_{state_};
  uint64_t request_id_ = 0;
  std::vector<CommitResult> answers_;
};

TEST_F(CommitQueueTest, WhatIsAskedForWhileOneIsUnderWayGoesTogether) {
  Assign(2, 7);
  queue_.Add({{{"t", 0}, 5}}, Note());
  const v1::Commit first = *queue_.TakeForSend(1);
  EXPECT_EQ(first.positions_size(), 1);
  queue_.Add({{{"t", 0}, 6}}, Note());
  queue_.Add({{{"t", 0}, 9}, {{"t", 1}, 3}}, Note());
  EXPECT_FALSE(queue_.HasSendable());
  v1::CommandResult result;
  result.set_request_id(1);
  *result.add_partitions()->mutable_position() = first.positions(0);
  EXPECT_TRUE(queue_.OnResult(result));
  EXPECT_EQ(SendAndAnswer(), 2);
  queue_.RunCallbacks();
  ASSERT_EQ(answers_.size(), 3u);
  EXPECT_EQ(answers_[0].partitions[0].committed_offset, 5);
  EXPECT_EQ(answers_[1].partitions.size(), 1u) << "each hears of its own";
  EXPECT_EQ(answers_[1].partitions[0].committed_offset, 9);
  EXPECT_TRUE(queue_.idle());
}

TEST_F(CommitQueueTest, MoreThanOneCommandHoldsGoesInSeveralAndIsAnsweredOnce) {
  Assign(2'500, 7);
  std::vector<MemberPosition> all;
  for (uint32_t partition = 0; partition < 2'500; ++partition) all.push_back({{"t", partition}, 1});
  queue_.Add(all, Note());
  int sent = 0;
  for (int i = 0; i < 3; ++i) {
    EXPECT_TRUE(answers_.empty());
    sent += SendAndAnswer();
    queue_.RunCallbacks();
  }
  EXPECT_EQ(sent, 2'500);
  ASSERT_EQ(answers_.size(), 1u);
  EXPECT_EQ(answers_[0].partitions.size(), 2'500u);
  EXPECT_TRUE(queue_.idle());
}

TEST_F(CommitQueueTest, OneCommandHasOneMetadata) {
  Assign(3, 7);
  queue_.Add({{{"t", 0}, 5, 0, "x"}, {{"t", 1}, 5, 0, "y"}, {{"t", 2}, 5, 0, "x"}}, Note());
  queue_.Add({{{"t", 0}, 5}}, nullptr);  // Takes nothing away.
  const v1::Commit first = *queue_.TakeForSend(1);
  EXPECT_EQ(first.metadata(), "x");
  EXPECT_EQ(first.positions_size(), 2);
  v1::CommandResult result;
  result.set_request_id(1);
  for (const auto& position : first.positions()) {
    *result.add_partitions()->mutable_position() = position;
  }
  EXPECT_TRUE(queue_.OnResult(result));
  queue_.RunCallbacks();
  EXPECT_TRUE(answers_.empty());
  const v1::Commit second = *queue_.TakeForSend(2);
  EXPECT_EQ(second.metadata(), "y");
  ASSERT_EQ(second.positions_size(), 1);
  EXPECT_EQ(second.positions(0).partition(), 1u);
  result.Clear();
  result.set_request_id(2);
  *result.add_partitions()->mutable_position() = second.positions(0);
  EXPECT_TRUE(queue_.OnResult(result));
  queue_.RunCallbacks();
  ASSERT_EQ(answers_.size(), 1u);
  EXPECT_EQ(answers_[0].partitions.size(), 3u);
  EXPECT_TRUE(queue_.idle());
}

TEST_F(CommitQueueTest, OfAnAssignmentThatIsOverNothingIsCommitted) {
  Assign(1, 7);
  Assign(1, 8);  // Anew: by a seek, say.
  queue_.Add({{{"t", 0}, 5, 7}}, Note());
  EXPECT_EQ(SendAndAnswer(), 0);
  queue_.RunCallbacks();
  EXPECT_EQ(record::ReasonOf(answers_.at(0).status), record::Reason::kFencedMemberEpoch);
}

TEST_F(CommitQueueTest, AResumedAssignmentIsTheSame) {
  Assign(1, 7);
  queue_.Add({{{"t", 0}, 0, 7}}, Note());
  ASSERT_TRUE(queue_.TakeForSend(1).has_value());
  queue_.OnStreamLost();
  state_.OnStreamLost();
  state_.OnJoined();
  Assign(1, 9, v1::CHANGE_REASON_RESUMED);
  EXPECT_EQ(SendAndAnswer(), 1);
  queue_.RunCallbacks();
  EXPECT_TRUE(answers_.at(0).status.ok());
}

}  // namespace
}  // namespace leat::client
