#include "server/rpc/partition_delivery.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "storage/record/error.h"
#include "tests/server/rpc/sets.h"

namespace leat::rpc {
namespace {

constexpr size_t kAnyBytes = 1 << 20;
constexpr uint32_t kAnyRecords = 1'000'000;

class PartitionDeliveryTest : public testing::Test {
 protected:
  std::shared_ptr<ReadHold> Hold() {
    return std::make_shared<ReadHold>(budget_.AcquireAnyway(1), held_);
  }

  void Add(PartitionDelivery& delivery, std::vector<record::Batch> batches,
           int64_t high_watermark) {
    broker::FetchResult fetched;
    fetched.next_offset = batches.back().header.next_offset();
    fetched.batches = std::move(batches);
    fetched.high_watermark = {high_watermark};
    delivery.Add(std::move(fetched), Hold());
  }

  // The next delivery's values; checks that offsets follow on one another.
  static std::vector<std::string> NextValues(PartitionDelivery& delivery, size_t max_bytes,
                                             uint32_t max_records) {
    auto next = delivery.Next(max_bytes, max_records);
    EXPECT_TRUE(next.ok()) << next.status();
    if (!next.ok() || !next->has_value()) return {};
    const auto& slice = std::get<RecordsSlice>(**next);
    auto values = ValuesOf(ParseSet(slice.chunk.records));
    EXPECT_EQ(slice.record_count, values.size());
    EXPECT_EQ(slice.chunk.next_offset, delivery.next_offset());
    EXPECT_EQ(slice.chunk.next_offset - slice.chunk.base_offset, slice.record_count);
    return values;
  }

  static absl::Status Trimmed(int64_t log_start) {
    return record::MakeError(record::Reason::kOffsetOutOfRange, "trimmed",
                             {{"logStartOffset", std::to_string(log_start)}});
  }

  ByteBudget budget_{1 << 20};
  std::shared_ptr<std::atomic<size_t>> held_ = std::make_shared<std::atomic<size_t>>(0);
};

using Values_ = std::vector<std::string>;

TEST_F(PartitionDeliveryTest, KnowsNothingAtFirst) {
  PartitionDelivery delivery({10});
  EXPECT_FALSE(delivery.caught_up());
  EXPECT_EQ(delivery.high_watermark().value, 10);
  delivery.Learn({10});
  EXPECT_TRUE(delivery.caught_up());
  delivery.Learn({11});
  EXPECT_FALSE(delivery.caught_up());
  EXPECT_TRUE(NextValues(delivery, kAnyBytes, kAnyRecords).empty());
}

TEST_F(PartitionDeliveryTest, BeginsInTheMiddleOfABatch) {
  PartitionDelivery delivery({12});
  Add(delivery, {MakeBatch(Values(5), 10), MakeBatch(Values(2, "w"), 15)}, 17);
  EXPECT_EQ(NextValues(delivery, kAnyBytes, kAnyRecords), (Values_{"v2", "v3", "v4"}));
  EXPECT_EQ(NextValues(delivery, kAnyBytes, kAnyRecords), (Values_{"w0", "w1"}));
  EXPECT_TRUE(delivery.caught_up());
  EXPECT_EQ(delivery.next_offset().value, 17);
}

TEST_F(PartitionDeliveryTest, EachDeliveryHasItsOwnLimits) {
  for (const auto codec : {record::Codec::kNone, record::Codec::kZstd}) {
    PartitionDelivery delivery({0});
    Add(delivery, {MakeBatch(Values(10, "v", 100), 0, codec)}, 10);
    EXPECT_EQ(NextValues(delivery, kAnyBytes, 2).size(), 2u);
    EXPECT_FALSE(delivery.between_batches());
    EXPECT_EQ(NextValues(delivery, 330, kAnyRecords).size(), 3u);
    EXPECT_EQ(NextValues(delivery, 1, kAnyRecords).size(), 1u);
    EXPECT_EQ(NextValues(delivery, kAnyBytes, kAnyRecords).size(), 4u);
    EXPECT_TRUE(delivery.between_batches());
  }
}

// However small the slices, they are those of the set, in order.
TEST_F(PartitionDeliveryTest, SlicesMakeUpTheSet) {
  const Values_ all = ValuesOf(Values(50, "v", 20));
  for (size_t max_bytes = 1; max_bytes < 300; max_bytes += 37) {
    PartitionDelivery delivery({0});
    Add(delivery, {MakeBatch(Values(50, "v", 20), 0)}, 50);
    Values_ got;
    while (delivery.next_offset().value < 50) {
      for (auto& value : NextValues(delivery, max_bytes, 7)) got.push_back(std::move(value));
    }
    EXPECT_EQ(got, all);
  }
}

TEST_F(PartitionDeliveryTest, SparseBatchesKeepTheirOffsets) {
  v1::RecordSet set = Values(4);
  for (const uint32_t delta : {1u, 5u, 6u, 9u}) set.add_offset_deltas(delta);
  record::Batch batch = MakeBatch(set, 100);
  batch.header.last_offset_delta = 19;
  PartitionDelivery delivery({102});
  Add(delivery, {batch}, 120);
  auto next = delivery.Next(kAnyBytes, 2);
  ASSERT_TRUE(next.ok() && next->has_value());
  const auto& slice = std::get<RecordsSlice>(**next);
  EXPECT_EQ(slice.chunk.base_offset.value, 105);
  EXPECT_EQ(ValuesOf(ParseSet(slice.chunk.records)), (Values_{"v1", "v2"}));
  EXPECT_EQ(delivery.next_offset().value, 109);
  ASSERT_TRUE((next = delivery.Next(kAnyBytes, kAnyRecords)).ok() && next->has_value());
  EXPECT_EQ(delivery.next_offset().value, 120);
}

TEST_F(PartitionDeliveryTest, PassesOverControlBatches) {
  record::Batch control = MakeBatch(Values(1), 0);
  control.header.attributes = record::kControlBatch;
  PartitionDelivery delivery({0});
  Add(delivery, {control, MakeBatch(Values(1, "w"), 1)}, 2);
  EXPECT_EQ(NextValues(delivery, kAnyBytes, kAnyRecords), Values_{"w0"});
}

TEST_F(PartitionDeliveryTest, TellsAGapAfterWhatWasFetchedBefore) {
  PartitionDelivery delivery({0});
  Add(delivery, {MakeBatch(Values(2), 0)}, 9);
  ASSERT_TRUE(delivery.SkipIfTrimmed(Trimmed(7)));
  EXPECT_EQ(delivery.fetch_from().value, 7);
  EXPECT_EQ(NextValues(delivery, kAnyBytes, kAnyRecords).size(), 2u);
  auto next = delivery.Next(kAnyBytes, kAnyRecords);
  ASSERT_TRUE(next.ok() && next->has_value());
  const auto& gap = std::get<TrimmedGap>(**next);
  EXPECT_EQ(gap.from.value, 2);
  EXPECT_EQ(gap.to.value, 7);
  EXPECT_EQ(delivery.next_offset().value, 7);
}

// A committed offset past the log's end is no gap.
TEST_F(PartitionDeliveryTest, OtherErrorsAreNoGap) {
  PartitionDelivery delivery({10});
  EXPECT_FALSE(delivery.SkipIfTrimmed(Trimmed(10)));
  EXPECT_FALSE(delivery.SkipIfTrimmed(Trimmed(3)));
  EXPECT_FALSE(delivery.SkipIfTrimmed(record::MakeError(record::Reason::kInternal, "")));
}

TEST_F(PartitionDeliveryTest, WhatIsDroppedIsFetchedAgain) {
  PartitionDelivery delivery({0});
  Add(delivery, {MakeBatch(Values(4), 0), MakeBatch(Values(4), 4)}, 8);
  EXPECT_EQ(NextValues(delivery, kAnyBytes, 1), Values_{"v0"});
  EXPECT_GT(budget_.in_use(), 0u);
  delivery.DropFetched();
  EXPECT_EQ(budget_.in_use(), 0u);
  EXPECT_EQ(delivery.fetch_from().value, 1);
  EXPECT_FALSE(delivery.caught_up());
  EXPECT_TRUE(NextValues(delivery, kAnyBytes, kAnyRecords).empty());
}

TEST_F(PartitionDeliveryTest, DamageIsTold) {
  PartitionDelivery delivery({1});
  record::Batch batch = MakeBatch(Values(4), 0);
  batch.payload = absl::Cord("junk");
  Add(delivery, {batch}, 4);
  EXPECT_EQ(record::ReasonOf(delivery.Next(kAnyBytes, kAnyRecords).status()),
            record::Reason::kLogCorrupt);
}

}  // namespace
}  // namespace leat::rpc
