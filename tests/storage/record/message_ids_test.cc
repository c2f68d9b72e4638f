#include "storage/record/message_ids.h"

#include <gtest/gtest.h>

#include <string>

#include "storage/record/error.h"

namespace leat::record {
namespace {

void Add(RecordSetBuilder& set, std::string_view value, const std::vector<std::string>& ids,
         int64_t timestamp_delta_ms = 0) {
  std::vector<HeaderView> headers = {{"other", "x"}};
  for (const std::string& id : ids) headers.push_back({kMessageIdHeader, id});
  set.Add(std::nullopt, value, timestamp_delta_ms, headers);
}

TEST(MessageIdsTest, RecordsWithoutIdsCostNothing) {
  RecordSetBuilder set;
  Add(set, "a", {});
  Add(set, "b", {});
  const auto records = IdentifyRecords(set.Take());
  ASSERT_TRUE(records.ok()) << records.status();
  EXPECT_TRUE(records->empty());
}

TEST(MessageIdsTest, FindsTheIdsOfThoseThatHaveOne) {
  RecordSetBuilder set;
  Add(set, "a", {"1"});
  Add(set, "b", {}, -5);
  const std::string bytes = set.Take();
  const auto records = IdentifyRecords(bytes);
  ASSERT_TRUE(records.ok()) << records.status();
  ASSERT_EQ(records->size(), 2u);
  EXPECT_EQ((*records)[0].id, Fingerprint::Of("1"));
  EXPECT_EQ((*records)[1].id, std::nullopt);
  EXPECT_EQ((*records)[1].timestamp_delta_ms, -5);
  EXPECT_EQ((*records)[1].end, bytes.size());
}

TEST(MessageIdsTest, AnEmptyIdAndTwoIdsAreRefused) {
  for (const std::vector<std::string>& ids :
       {std::vector<std::string>{""}, std::vector<std::string>{"1", "1"}}) {
    RecordSetBuilder set;
    Add(set, "a", {"0"});
    Add(set, "b", ids);
    EXPECT_EQ(ReasonOf(IdentifyRecords(set.Take()).status()), Reason::kInvalidRecords);
  }
  const std::vector<HeaderView> null = {{kMessageIdHeader, std::nullopt}};
  EXPECT_EQ(ReasonOf(FindMessageId(null).status()), Reason::kInvalidRecords);
}

TEST(MessageIdsTest, WhatIsLeftOfABatchIsABatch) {
  RecordSetBuilder set, rest;
  for (int i = 0; i < 5; ++i) Add(set, std::to_string(i), {std::to_string(i)}, 10 * i);
  for (const int i : {1, 2}) Add(rest, std::to_string(i), {std::to_string(i)}, 10 * i);
  Batch batch{.payload = absl::Cord(set.Take())};
  batch.header = {.record_count = 5,
                  .last_offset_delta = 4,
                  .base_timestamp_ms = 1'000,
                  .max_timestamp_ms = 1'040};
  const auto records = IdentifyRecords(std::string(batch.payload));
  ASSERT_TRUE(records.ok()) << records.status();
  const Batch left = LeaveOut(batch, *records, {true, false, false, true, true});
  const std::string expected = rest.Take();
  EXPECT_EQ(left.payload, expected);
  EXPECT_EQ(left.header.record_count, 2u);
  EXPECT_EQ(left.header.last_offset_delta, 1u);
  EXPECT_EQ(left.header.base_timestamp_ms, 1'000);
  EXPECT_EQ(left.header.max_timestamp_ms, 1'020);
  EXPECT_EQ(left.header.payload_bytes, expected.size());
  EXPECT_EQ(left.header.uncompressed_bytes, expected.size());
  EXPECT_EQ(left.header.payload_crc32c, Crc32c(expected));
}

}  // namespace
}  // namespace leat::record
