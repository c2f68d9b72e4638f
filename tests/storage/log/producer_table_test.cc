#include "storage/log/producer_table.h"

#include "gtest/gtest.h"
#include "storage/log/sequencer.h"
#include "storage/record/error.h"

namespace leat::log {
namespace {

using record::Reason;

record::BatchHeader Header(int64_t producer_id, int32_t base_sequence, uint32_t records,
                           int64_t base_offset, int32_t epoch = 0) {
  record::BatchHeader header;
  header.producer_id = producer_id;
  header.producer_epoch = epoch;
  header.base_sequence = base_sequence;
  header.record_count = records;
  header.last_offset_delta = records - 1;
  header.base_offset = {base_offset};
  header.append_timestamp_ms = 1'000 + base_offset;
  return header;
}

enum class Fate { kNext, kDuplicate, kOutOfOrder, kFenced, kExpired };

Fate FateOf(const absl::StatusOr<std::optional<ProducerBatch>>& checked) {
  if (checked.ok()) return checked->has_value() ? Fate::kDuplicate : Fate::kNext;
  switch (record::ReasonOf(checked.status()).value_or(Reason::kInternal)) {
    case Reason::kOutOfOrderSequence:
      return Fate::kOutOfOrder;
    case Reason::kProducerFenced:
      return Fate::kFenced;
    case Reason::kProducerExpired:
      return Fate::kExpired;
    default:
      ADD_FAILURE() << checked.status();
      return Fate::kExpired;
  }
}

Fate Check(const ProducerTable& table, const record::BatchHeader& header, uint64_t grant = 1) {
  return FateOf(
      CheckSequence(header, grant, table.Find(header.producer_id), table.forgotten_grant()));
}

TEST(SequenceTest, GoesOnAtZeroAfterTheLast) {
  EXPECT_EQ(record::SequenceAfter(0, 1), 1);
  EXPECT_EQ(record::SequenceAfter(INT32_MAX, 1), 0);
  EXPECT_EQ(record::SequenceAfter(INT32_MAX - 1, 5), 3);
}

TEST(ProducerTableTest, TellsNextAgainAndOutOfOrder) {
  ProducerTable table;
  EXPECT_EQ(Check(table, Header(7, 0, 2, 0)), Fate::kNext);
  EXPECT_EQ(Check(table, Header(7, 2, 2, 0)), Fate::kOutOfOrder) << "it begins at 0";
  table.Apply(Header(7, 0, 2, 100), 1);
  table.Apply(Header(7, 2, 3, 110), 1);
  EXPECT_EQ(Check(table, Header(7, 5, 1, 0)), Fate::kNext);
  EXPECT_EQ(Check(table, Header(7, 6, 1, 0)), Fate::kOutOfOrder);
  EXPECT_EQ(Check(table, Header(7, 2, 3, 0)), Fate::kDuplicate);
  EXPECT_EQ(Check(table, Header(7, 2, 2, 0)), Fate::kOutOfOrder) << "another batch";
  EXPECT_EQ(Check(table, Header(7, 1, 1, 0)), Fate::kOutOfOrder);
  const auto again = CheckSequence(Header(7, 0, 2, 0), 1, table.Find(7), 0);
  ASSERT_TRUE(again.ok() && again->has_value());
  EXPECT_EQ((*again)->base_offset.value, 100);
  EXPECT_EQ((*again)->append_timestamp_ms, 1'100);
}

TEST(ProducerTableTest, KnowsTheLastEightBatches) {
  ProducerTable table;
  for (int i = 0; i < 9; ++i) table.Apply(Header(7, i, 1, i), 1);
  EXPECT_EQ(Check(table, Header(7, 0, 1, 0)), Fate::kOutOfOrder);
  for (int i = 1; i < 9; ++i) EXPECT_EQ(Check(table, Header(7, i, 1, 0)), Fate::kDuplicate);
}

// As recovery may see it, that does not know what was forgotten meanwhile.
TEST(ProducerTableTest, WhoeverBeganAnewIsNotToldOfBatchesBefore) {
  ProducerTable table;
  for (int i = 0; i < 3; ++i) table.Apply(Header(7, i, 1, i), 1);
  table.Apply(Header(7, 0, 1, 3, 1), 2);
  EXPECT_EQ(Check(table, Header(7, 0, 1, 0, 1), 2), Fate::kDuplicate);
  EXPECT_EQ(Check(table, Header(7, 1, 1, 0, 1), 2), Fate::kNext);
  EXPECT_EQ(Check(table, Header(7, 2, 1, 0, 1), 2), Fate::kOutOfOrder);
}

TEST(ProducerTableTest, SequencesWrap) {
  ProducerTable table;
  table.Apply(Header(7, INT32_MAX - 1, 3, 0), 1);
  EXPECT_EQ(Check(table, Header(7, 1, 1, 0)), Fate::kNext);
  EXPECT_EQ(Check(table, Header(7, INT32_MAX - 1, 3, 0)), Fate::kDuplicate);
}

TEST(ProducerTableTest, OlderEpochsAreFencedAndNewerOnesGoOn) {
  ProducerTable table;
  table.Apply(Header(7, 0, 1, 0, 3), 1);
  EXPECT_EQ(Check(table, Header(7, 1, 1, 0, 2)), Fate::kFenced);
  EXPECT_EQ(Check(table, Header(7, 0, 1, 0, 4)), Fate::kDuplicate);
  EXPECT_EQ(Check(table, Header(7, 1, 1, 0, 4)), Fate::kNext);
}

TEST(ProducerTableTest, WhoMayBeForgottenIsNeverTakenForNew) {
  ProducerTable table(2);
  table.Apply(Header(1, 0, 1, 0), 11);
  table.Apply(Header(2, 0, 1, 1), 12);
  table.Apply(Header(1, 1, 1, 2), 11);
  table.Apply(Header(3, 0, 1, 3), 13);  // The one idle longest, 2, goes.
  EXPECT_EQ(table.Find(2), nullptr);
  EXPECT_EQ(Check(table, Header(2, 1, 1, 0), 12), Fate::kExpired);
  EXPECT_EQ(Check(table, Header(2, 0, 1, 0), 12), Fate::kExpired);
  EXPECT_EQ(Check(table, Header(2, 0, 1, 0, 1), 14), Fate::kNext) << "initialised again";
  EXPECT_EQ(Check(table, Header(1, 2, 1, 0), 11), Fate::kNext) << "known, whenever it was granted";
}

// It is told what is known, and must not be taken for new when that is forgotten afterwards.
TEST(ProducerTableTest, ARenewedProducerIsForgottenWithItsNewGrant) {
  ProducerTable table;
  table.Apply(Header(1, 0, 5, 0), 1);
  ASSERT_NE(table.Renew(1, 9), nullptr);
  EXPECT_EQ(table.Renew(2, 9), nullptr);
  table.Expire({1});
  EXPECT_EQ(Check(table, Header(1, 5, 1, 0, 1), 9), Fate::kExpired);
  EXPECT_EQ(Check(table, Header(1, 0, 1, 0, 2), 10), Fate::kNext);
}

TEST(ProducerTableTest, ExpiresWhatIsIdle) {
  ProducerTable table;
  table.Apply(Header(1, 0, 1, 5), 1);
  table.Apply(Header(2, 0, 1, 6), 2);
  table.Expire({6});
  EXPECT_EQ(table.Find(1), nullptr);
  EXPECT_NE(table.Find(2), nullptr);
}

TEST(ProducerTableTest, GrantsThatALogDoesNotTellAreFilledIn) {
  ProducerTable table;
  table.Apply(Header(1, 0, 1, 5), 0);
  table.set_forgotten_grant(ProducerTable::kAllGrants);
  EXPECT_EQ(Check(table, Header(9, 0, 1, 0), 99), Fate::kExpired);
  table.ResolveGrants([](int64_t id) { return static_cast<uint64_t>(40 + id); }, 50);
  EXPECT_EQ(table.Find(1)->grant, 41u);
  EXPECT_EQ(Check(table, Header(9, 0, 1, 0), 50), Fate::kExpired);
  EXPECT_EQ(Check(table, Header(9, 0, 1, 0), 51), Fate::kNext);
}

TEST(SequencerTest, DecidesByWhatIsUnderWay) {
  Sequencer sequencer((ProducerTable()));
  for (int i = 0; i < 6; ++i) {
    EXPECT_EQ(FateOf(sequencer.Check(Header(7, i, 1, 0), 1)), Fate::kNext);
    sequencer.Queue(Header(7, i, 1, i), 1);
  }
  EXPECT_EQ(FateOf(sequencer.Check(Header(7, 3, 1, 0), 1)), Fate::kDuplicate);
  EXPECT_TRUE(sequencer.durable().empty());
  for (int i = 0; i < 6; ++i) sequencer.Publish(Header(7, i, 1, i));
  EXPECT_FALSE(sequencer.under_way());
  EXPECT_EQ(sequencer.durable().Find(7)->last().base_sequence, 5);
}

TEST(SequencerTest, WhatIsTakenBackMayComeAgain) {
  Sequencer sequencer((ProducerTable()));
  for (int i = 0; i < 3; ++i) sequencer.Queue(Header(7, i, 1, i), 1);
  sequencer.Queue(Header(8, 0, 1, 3), 2);
  sequencer.Publish(Header(7, 0, 1, 0));
  const record::BatchHeader left = Header(7, 1, 1, 1);
  sequencer.TakeBack({&left, 1});
  EXPECT_EQ(FateOf(sequencer.Check(Header(7, 1, 1, 0), 1)), Fate::kDuplicate);
  EXPECT_EQ(FateOf(sequencer.Check(Header(7, 2, 1, 0), 1)), Fate::kNext);
  EXPECT_EQ(FateOf(sequencer.Check(Header(8, 0, 1, 0), 2)), Fate::kNext);
  sequencer.Publish(left);
  EXPECT_FALSE(sequencer.under_way());
}

TEST(SequencerTest, WhoIsForgottenWhileBatchesAreUnderWayIsKnownAgainWithThem) {
  Sequencer sequencer(ProducerTable(1));
  for (int i = 0; i < 3; ++i) sequencer.Queue(Header(7, i, 1, i), 1);
  sequencer.Publish(Header(7, 0, 1, 0));
  sequencer.Queue(Header(8, 0, 1, 3), 2);
  sequencer.Queue(Header(7, 3, 1, 4), 1);
  for (int i = 1; i < 3; ++i) sequencer.Publish(Header(7, i, 1, i));
  sequencer.Publish(Header(8, 0, 1, 3));
  EXPECT_EQ(sequencer.durable().Find(7), nullptr);
  sequencer.Publish(Header(7, 3, 1, 4));
  EXPECT_FALSE(sequencer.under_way());
  for (int i = 0; i < 4; ++i) {
    EXPECT_EQ(FateOf(sequencer.Check(Header(7, i, 1, 0), 1)), Fate::kDuplicate) << i;
  }
  EXPECT_EQ(FateOf(sequencer.Check(Header(7, 4, 1, 0), 1)), Fate::kNext);
  EXPECT_EQ(FateOf(sequencer.Check(Header(8, 1, 1, 0), 2)), Fate::kExpired);
}

TEST(SequencerTest, ForgetsWhoWasIdleByAClockThatDoesNotJump) {
  Sequencer sequencer((ProducerTable()));
  const auto append = [&sequencer](int64_t producer, int32_t sequence, int64_t offset) {
    sequencer.Queue(Header(producer, sequence, 1, offset), static_cast<uint64_t>(producer));
    sequencer.Publish(Header(producer, sequence, 1, offset));
  };
  const auto expire = [&sequencer](int64_t hour, int64_t high_watermark) {
    sequencer.Expire(sequencer.IdleBefore(absl::Hours(10), io::MonotonicTime{} + absl::Hours(hour),
                                          {high_watermark}));
  };
  append(1, 0, 0);
  append(2, 0, 1);
  expire(100, 2);
  append(2, 1, 2);
  expire(105, 3);
  append(2, 2, 3);
  expire(110, 4);
  EXPECT_NE(sequencer.durable().Find(1), nullptr) << "it may have come at 100";
  expire(111, 4);
  EXPECT_EQ(sequencer.durable().Find(1), nullptr);
  EXPECT_NE(sequencer.durable().Find(2), nullptr);
  expire(130, 4);
  EXPECT_EQ(sequencer.durable().Find(2), nullptr);
  EXPECT_EQ(FateOf(sequencer.Check(Header(1, 1, 1, 0), 1)), Fate::kExpired);
}

}  // namespace
}  // namespace leat::log
