#include "server/rpc/read_cursor.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "leat/v1/log.pb.h"
#include "server/rpc/read_allowance.h"
#include "storage/record/error.h"
#include "tests/server/rpc/sets.h"

namespace leat::rpc {
namespace {

constexpr int64_t kNoEnd = INT64_MAX;

class ReadCursorTest : public testing::Test {
 protected:
  static ReadCursor Cursor(int64_t start, int64_t end, int64_t high_watermark) {
    return ReadCursor(2, {start}, {end}, {high_watermark});
  }

  std::shared_ptr<ReadHold> Hold() {
    return std::make_shared<ReadHold>(budget_.AcquireAnyway(1), held_);
  }

  void Add(ReadCursor& cursor, std::vector<record::Batch> batches, int64_t high_watermark) {
    broker::FetchResult fetched;
    fetched.next_offset = batches.back().header.next_offset();
    fetched.batches = std::move(batches);
    fetched.high_watermark = {high_watermark};
    cursor.Add(std::move(fetched), Hold());
  }

  // All that the cursor has to say now.
  std::vector<v1::ReadResponse> Drain(ReadCursor& cursor) {
    std::vector<v1::ReadResponse> events;
    while (true) {
      auto event = cursor.Next(format_);
      EXPECT_TRUE(event.ok()) << event.status();
      if (!event.ok() || !event->has_value()) return events;
      EXPECT_TRUE(events.emplace_back().ParseFromString(std::string((*event)->message)));
      EXPECT_EQ(events.back().next_offset(), (*event)->next_offset.value);
      EXPECT_EQ(events.back().next_offset(), cursor.next_offset().value);
    }
  }

  ReadFormat format_{.topic_id = "id"};
  ByteBudget budget_{1 << 20};
  std::shared_ptr<std::atomic<size_t>> held_ = std::make_shared<std::atomic<size_t>>(0);
};

TEST_F(ReadCursorTest, GivesChunksAndThenTheEnd) {
  ReadCursor cursor = Cursor(12, 18, 30);
  EXPECT_FALSE(cursor.fetched_all());
  EXPECT_TRUE(Drain(cursor).empty());
  Add(cursor, {MakeBatch(Values(5), 10), MakeBatch(Values(5, "w"), 15)}, 31);
  EXPECT_TRUE(cursor.fetched_all());
  const auto events = Drain(cursor);
  ASSERT_EQ(events.size(), 3u);
  EXPECT_EQ(events[0].topic_id(), "id");
  EXPECT_EQ(events[0].partition(), 2u);
  EXPECT_EQ(events[0].high_watermark(), 31);
  EXPECT_EQ(events[0].chunk().base_offset(), 12);
  EXPECT_EQ(events[0].next_offset(), 15);
  EXPECT_EQ(ValuesOf(events[1].chunk().records()), (std::vector<std::string>{"w0", "w1", "w2"}));
  EXPECT_TRUE(events[2].has_end_of_range());
  EXPECT_EQ(events[2].next_offset(), 18);
  EXPECT_TRUE(cursor.ended());
  EXPECT_TRUE(Drain(cursor).empty());
}

TEST_F(ReadCursorTest, GivesAgainWhatWasReturned) {
  ReadCursor cursor = Cursor(0, kNoEnd, 5);
  Add(cursor, {MakeBatch(Values(5), 0)}, 5);
  auto event = cursor.Next(format_);
  ASSERT_TRUE(event.ok() && event->has_value());
  EXPECT_EQ(cursor.next_offset().value, 5);
  cursor.Return(**std::move(event), {0});
  EXPECT_EQ(cursor.next_offset().value, 0);
  const auto events = Drain(cursor);
  ASSERT_EQ(events.size(), 1u);
  EXPECT_EQ(events[0].chunk().base_offset(), 0);
}

TEST_F(ReadCursorTest, AnEmptyRangeEndsAtOnce) {
  ReadCursor cursor = Cursor(20, 15, 30);
  const auto events = Drain(cursor);
  ASSERT_EQ(events.size(), 1u);
  EXPECT_TRUE(events[0].has_end_of_range());
  EXPECT_EQ(events[0].next_offset(), 20);
}

TEST_F(ReadCursorTest, WholeBatchesGoToThoseWhoAskUnlessTheEndLiesInThem) {
  format_.accept = BatchAcceptance(v1::AcceptBatches());
  ReadCursor cursor = Cursor(3, 13, 20);
  Add(cursor,
      {MakeBatch(Values(5), 0), MakeBatch(Values(5), 5, record::Codec::kLz4),
       MakeBatch(Values(5), 10)},
      20);
  const auto events = Drain(cursor);
  ASSERT_EQ(events.size(), 4u);
  EXPECT_TRUE(events[0].has_batch());
  EXPECT_EQ(events[0].batch().base_offset(), 0);
  EXPECT_EQ(events[0].next_offset(), 5);
  EXPECT_TRUE(events[1].has_chunk());  // Not a codec that was asked for.
  EXPECT_TRUE(events[2].has_chunk());
  EXPECT_EQ(events[2].next_offset(), 13);
}

TEST_F(ReadCursorTest, GapsStandBetweenWhatWasFetchedBeforeAndAfter) {
  ReadCursor cursor = Cursor(0, kNoEnd, 10);
  Add(cursor, {MakeBatch(Values(5), 0)}, 10);
  cursor.SkipTo({50});
  EXPECT_EQ(cursor.fetch_from().value, 50);
  Add(cursor, {MakeBatch(Values(1), 50)}, 51);
  const auto events = Drain(cursor);
  ASSERT_EQ(events.size(), 3u);
  EXPECT_EQ(events[1].gap().from_offset(), 5);
  EXPECT_EQ(events[1].gap().to_offset(), 50);
  EXPECT_EQ(events[1].gap().reason(), v1::Gap::REASON_TRIMMED);
  EXPECT_EQ(events[1].next_offset(), 50);
  EXPECT_EQ(events[2].chunk().base_offset(), 50);
}

TEST_F(ReadCursorTest, AGapMayReachPastTheEnd) {
  ReadCursor cursor = Cursor(0, 5, 100);
  cursor.SkipTo({50});
  const auto events = Drain(cursor);
  ASSERT_EQ(events.size(), 2u);
  EXPECT_TRUE(events[0].has_gap());
  EXPECT_TRUE(events[1].has_end_of_range());
  EXPECT_EQ(events[1].next_offset(), 50);
}

TEST_F(ReadCursorTest, SkipsOnlyForErrorsThatSaySo) {
  ReadCursor cursor = Cursor(5, kNoEnd, 10);
  const auto out_of_range = [](const std::string& log_start) {
    return record::MakeError(record::Reason::kOffsetOutOfRange, "x",
                             {{"logStartOffset", log_start}, {"highWatermark", "30"}});
  };
  EXPECT_FALSE(cursor.SkipIfTrimmed(absl::OkStatus()));
  EXPECT_FALSE(cursor.SkipIfTrimmed(record::MakeError(record::Reason::kTopicNotFound, "x")));
  EXPECT_FALSE(cursor.SkipIfTrimmed(out_of_range("5")));
  EXPECT_FALSE(cursor.SkipIfTrimmed(out_of_range("")));
  EXPECT_TRUE(cursor.SkipIfTrimmed(out_of_range("20")));
  EXPECT_EQ(cursor.fetch_from().value, 20);
  EXPECT_EQ(cursor.high_watermark().value, 20);
}

TEST_F(ReadCursorTest, ControlAndEmptyBatchesArePassedOver) {
  record::Batch control = MakeBatch(Values(2), 0);
  control.header.attributes = record::kControlBatch;
  record::Batch empty;
  empty.header.base_offset = {2};
  empty.header.last_offset_delta = 3;
  format_.accept = BatchAcceptance(v1::AcceptBatches());
  ReadCursor cursor = Cursor(0, kNoEnd, 6);
  Add(cursor, {control, empty}, 6);
  EXPECT_TRUE(Drain(cursor).empty());
  EXPECT_EQ(cursor.next_offset().value, 6);
  v1::ReadResponse heartbeat;
  ASSERT_TRUE(heartbeat.ParseFromString(std::string(cursor.Heartbeat(format_))));
  EXPECT_TRUE(heartbeat.has_heartbeat());
  EXPECT_EQ(heartbeat.next_offset(), 6);
}

TEST_F(ReadCursorTest, MemoryIsHeldUntilTheLastMessageOfAFetchIsGone) {
  format_.max_chunk_bytes = 1'000;
  ReadCursor cursor = Cursor(0, kNoEnd, 1'000);
  Add(cursor, {MakeBatch(Values(1'000), 0, record::Codec::kZstd)}, 1'000);
  const size_t compressed = *held_;
  auto event = cursor.Next(format_);
  ASSERT_TRUE(event.ok() && event->has_value());
  EXPECT_GT(*held_, compressed + 5'000);  // The decompressed records too.
  EXPECT_EQ(budget_.in_use(), *held_);
  EXPECT_FALSE(cursor.between_batches());
  Drain(cursor);
  EXPECT_TRUE(cursor.between_batches());
  EXPECT_GT(*held_, 0u);
  event->reset();
  EXPECT_EQ(*held_, 0u);
  EXPECT_EQ(budget_.in_use(), 0u);
}

TEST(ReadAllowance, HoldsAFewFetches) {
  ByteBudget budget(100 << 20);
  ReadAllowance allowance(budget);
  allowance.set_fetch_bytes(1 << 20);
  std::vector<std::shared_ptr<ReadHold>> holds;
  for (int i = 0; i < 4; ++i) ASSERT_NE(holds.emplace_back(allowance.TryHold(1 << 20)), nullptr);
  EXPECT_EQ(allowance.TryHold(1), nullptr);
  holds.pop_back();
  EXPECT_NE(allowance.TryHold(1 << 20), nullptr);
}

TEST(ReadAllowance, AnyStreamThatHoldsNothingGetsSomething) {
  ByteBudget budget(1 << 20);
  const auto others = budget.TryAcquire(1 << 20);
  ReadAllowance allowance(budget);
  allowance.set_fetch_bytes(1 << 20);
  auto lean = allowance.TryHold(1 << 20);
  ASSERT_NE(lean, nullptr);
  EXPECT_EQ(lean->bytes(), ReadAllowance::kLeanFetchBytes);
  EXPECT_EQ(allowance.TryHold(1), nullptr);
  lean.reset();
  EXPECT_NE(allowance.TryHold(1), nullptr);
  EXPECT_EQ(budget.in_use(), size_t{1 << 20});
}

TEST(ReadAllowance, OneBatchMayBeLargerThanAllOfIt) {
  ByteBudget budget(100 << 20);
  ReadAllowance allowance(budget);
  allowance.set_fetch_bytes(1);
  EXPECT_EQ(allowance.fetch_bytes(), ReadAllowance::kLeanFetchBytes);
  EXPECT_NE(allowance.TryHold(10 << 20), nullptr);
}

}  // namespace
}  // namespace leat::rpc
