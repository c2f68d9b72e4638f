#include "client/sequencing.h"

#include <gtest/gtest.h>

#include <deque>
#include <memory>
#include <optional>
#include <string>

#include "storage/record/error.h"

namespace leat::client {
namespace {

using record::MakeError;
using record::Reason;

class SequencingTest : public testing::Test {
 protected:
  void Renew(int64_t id, int32_t epoch, std::optional<int32_t> next) {
    ProducerIdentity identity{.producer_id = id, .producer_epoch = epoch};
    if (next.has_value()) identity.next_sequences[0] = *next;
    lost_ += sequencing_.Renew(identity, 0, waiting_).size();
  }

  // Adds a batch of so many records, as if it had been sent and came back.
  SendBatch& Sent(int records) {
    auto batch = std::make_unique<SendBatch>(
        1, std::make_shared<const BatchTarget>(BatchTarget{"t", "id", 0}), absl::InfinitePast());
    for (int i = 0; i < records; ++i) batch->Add({.value = "v"}, 0, 1, nullptr);
    sequencing_.Number(*batch);
    waiting_.push_back(std::move(batch));
    return *waiting_.back();
  }

  // "0 3 -": base sequences of those that wait.
  std::string Numbers() const {
    std::string text;
    for (const auto& batch : waiting_) {
      text +=
          batch->sequence().has_value() ? std::to_string(batch->sequence()->base_sequence) : "-";
      text += " ";
    }
    return text;
  }

  Sequencing sequencing_;
  std::deque<std::unique_ptr<SendBatch>> waiting_;
  size_t lost_ = 0;
};

TEST_F(SequencingTest, NumbersRecordsOnceOn) {
  EXPECT_FALSE(Sent(1).sequence().has_value());
  Renew(7, 0, std::nullopt);
  waiting_.clear();
  Sent(3);
  Sent(1);
  SendBatch& third = Sent(1);
  sequencing_.Number(third);
  EXPECT_EQ(Numbers(), "0 3 4 ");
  EXPECT_EQ(third.sequence()->producer_id, 7);
}

TEST_F(SequencingTest, WrapsAfterTheLastNumber) {
  Renew(7, 0, INT32_MAX);
  Sent(2);
  Sent(1);
  EXPECT_EQ(Numbers(), "2147483647 1 ");
}

TEST_F(SequencingTest, WhatMayBeInTheLogIsSentAgain) {
  Renew(7, 0, 0);
  SendBatch& batch = Sent(1);
  EXPECT_TRUE(sequencing_.MayRetry(batch, absl::UnavailableError("connection lost")));
  EXPECT_TRUE(batch.maybe_appended());
  EXPECT_FALSE(sequencing_.broken());
  const absl::Status refused = MakeError(Reason::kPartitionOffline, "");
  EXPECT_FALSE(sequencing_.MayRetry(batch, refused));
  EXPECT_EQ(Sequencing::OutcomeOf(batch, refused), AppendOutcome::kUnknown);
  EXPECT_TRUE(sequencing_.broken());
}

TEST_F(SequencingTest, WhatIsInTheLogKeepsItsNumber) {
  Renew(7, 0, 0);
  for (int i = 0; i < 4; ++i) Sent(2).set_maybe_appended(i < 3);
  sequencing_.Break();
  Renew(7, 1, 4);
  EXPECT_EQ(Numbers(), "0 2 - - ");
  EXPECT_EQ(waiting_[0]->sequence()->producer_epoch, 1);
  EXPECT_FALSE(waiting_[2]->maybe_appended()) << "it is not, and cannot get there any more";
  sequencing_.Number(*waiting_[2]);
  EXPECT_EQ(Numbers(), "0 2 4 - ");
  EXPECT_EQ(lost_, 0u);
}

TEST_F(SequencingTest, OfAForgottenProducerNobodyCanTell) {
  Renew(7, 0, 0);
  Sent(1).set_maybe_appended(true);
  SendBatch& second = Sent(1);
  EXPECT_TRUE(sequencing_.MayRetry(second, MakeError(Reason::kProducerExpired, "")));
  EXPECT_TRUE(sequencing_.broken());
  Renew(8, 0, std::nullopt);
  EXPECT_EQ(lost_, 1u);
  EXPECT_EQ(Numbers(), "- ");
}

TEST_F(SequencingTest, OfAProducerThatAPartitionForgotNobodyCanTell) {
  Renew(7, 0, 0);
  Sent(1).set_maybe_appended(true);
  Sent(1);
  sequencing_.Break();
  Renew(7, 1, std::nullopt);
  EXPECT_EQ(lost_, 1u);
  EXPECT_EQ(Numbers(), "- ");
}

TEST_F(SequencingTest, WhoeverWasFencedStaysSo) {
  Renew(7, 0, 0);
  EXPECT_FALSE(sequencing_.MayRetry(Sent(1), MakeError(Reason::kProducerFenced, "")));
  EXPECT_FALSE(sequencing_.broken());
}

TEST_F(SequencingTest, AGapIsClosedByRenewing) {
  Renew(7, 0, 0);
  SendBatch& batch = Sent(1);
  EXPECT_TRUE(sequencing_.MayRetry(batch, MakeError(Reason::kOutOfOrderSequence, "")));
  EXPECT_TRUE(sequencing_.broken());
}

// A partition that cannot tell: numbers of an earlier process may be in use there.
TEST_F(SequencingTest, GuessesNoNumbers) {
  ProducerIdentity identity{.producer_id = 7, .producer_epoch = 3};
  identity.unknown.emplace(0u, MakeError(Reason::kPartitionOffline, ""));
  sequencing_.Renew(identity, 0, waiting_);
  EXPECT_TRUE(sequencing_.broken());
  identity.producer_epoch = 0;
  Sequencing first;
  first.Renew(identity, 0, waiting_);
  EXPECT_FALSE(first.broken()) << "it is the first of its name";
}

}  // namespace
}  // namespace leat::client
