#include "client/send_batch.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "leat/v1/record.pb.h"
#include "storage/record/compression.h"
#include "storage/record/error.h"

namespace leat::client {
namespace {

const auto kTarget = std::make_shared<const BatchTarget>(BatchTarget{"topic", "id", 3});

SendBatch MakeBatch() { return SendBatch(1, kTarget, absl::UnixEpoch()); }

TEST(SendBatchTest, PayloadIsTheRecordSetWithItsChecksum) {
  SendBatch batch = MakeBatch();
  batch.Add({.key = "k", .value = "v", .headers = {{"h", std::nullopt}}}, 1000, 1, nullptr);
  batch.Add({.value = ""}, 997, 1, nullptr);
  batch.Seal(record::Codec::kNone);

  v1::RecordSet set;
  ASSERT_TRUE(set.ParseFromString(*batch.payload()));
  ASSERT_EQ(set.records_size(), 2);
  EXPECT_EQ(set.records(0).key(), "k");
  EXPECT_FALSE(set.records(0).headers(0).has_value());
  EXPECT_TRUE(set.records(1).has_value());
  EXPECT_FALSE(set.records(1).has_key());
  EXPECT_EQ(batch.base_timestamp_ms(), 1000);
  EXPECT_EQ(set.records(1).timestamp_delta_ms(), -3);
  EXPECT_EQ(batch.payload_crc32c(), record::Crc32c(*batch.payload()));
}

TEST(SendBatchTest, CompressesWhereThatHelps) {
  for (record::Codec codec : {record::Codec::kZstd, record::Codec::kLz4}) {
    SendBatch batch = MakeBatch();
    batch.Add({.value = std::string(10'000, 'x')}, 0, 1, nullptr);
    const size_t bytes = batch.size_bytes();
    batch.Seal(codec);
    EXPECT_EQ(batch.codec(), codec);
    EXPECT_EQ(batch.uncompressed_bytes(), bytes);
    EXPECT_LT(batch.payload()->size(), 1000u);
    EXPECT_EQ(record::Decompress(codec, *batch.payload(), batch.uncompressed_bytes())->size(),
              bytes);
    EXPECT_EQ(batch.payload_crc32c(), record::Crc32c(*batch.payload()));
  }
  SendBatch tiny = MakeBatch();
  tiny.Add({.value = "x"}, 0, 1, nullptr);
  tiny.Seal(record::Codec::kZstd);
  EXPECT_EQ(tiny.codec(), record::Codec::kNone);
}

TEST(SendBatchTest, TellsEachRecordItsOffset) {
  SendBatch batch = MakeBatch();
  std::vector<std::pair<uint32_t, int64_t>> places;
  for (int i = 0; i < 3; ++i) {
    batch.Add({}, 0, 10, [&places](const SendResult& result) {
      places.emplace_back(result.partition, result.offset);
    });
  }
  EXPECT_EQ(batch.charged_bytes(), 30u);
  batch.Complete({.outcome = AppendOutcome::kAppended, .offset = 40});
  EXPECT_EQ(places, (std::vector<std::pair<uint32_t, int64_t>>{{3, 40}, {3, 41}, {3, 42}}));
}

TEST(SendBatchTest, BoundsTheEncodedSize) {
  const std::string long_bytes(100'000, 'x');
  const OutgoingRecord records[] = {
      {},
      {.key = "", .value = ""},
      {.key = long_bytes, .headers = {{"n", "v"}, {long_bytes, std::nullopt}}}};
  for (const OutgoingRecord& record : records) {
    SendBatch batch = MakeBatch();
    batch.Add({}, 0, 1, nullptr);
    const size_t before = batch.size_bytes();
    batch.Add(record, int64_t{1} << 60, 1, nullptr);
    EXPECT_LE(batch.size_bytes() - before, MaxEncodedBytes(record));
  }
}

TEST(CheckOutgoingRecordTest, AgreesWithTheServer) {
  const auto reason = [](const OutgoingRecord& record) {
    return record::ReasonOf(CheckOutgoingRecord(record, /*max_record_bytes=*/1000));
  };
  // Tag and length of the value take three bytes.
  EXPECT_EQ(reason({.value = std::string(997, 'x')}), std::nullopt);
  EXPECT_EQ(reason({.value = std::string(998, 'x')}), record::Reason::kTooLarge);
  EXPECT_EQ(reason({.headers = {{"name", "value"}}}), std::nullopt);
  EXPECT_EQ(reason({.headers = {{"", "value"}}}), record::Reason::kInvalidRecords);
  EXPECT_EQ(reason({.headers = {{"\xff", "value"}}}), record::Reason::kInvalidRecords);
  EXPECT_EQ(reason({.headers = std::vector<record::HeaderView>(65, {"a", "b"})}),
            record::Reason::kTooLarge);
  EXPECT_EQ(reason({.timestamp_ms = int64_t{1} << 60}), record::Reason::kInvalidRecords);
}

}  // namespace
}  // namespace leat::client
