#include "storage/record/record_set.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "leat/v1/record.pb.h"
#include "tests/storage/record/wire_verbs.h"

namespace leat::record {
namespace {

// Offset deltas of a set, or what is wrong with it.
struct Walk {
  absl::Status status;
  std::vector<uint32_t> offset_deltas;
};

Walk WalkThrough(std::string_view set) {
  Walk walk;
  walk.status = ForEachRecord(set, [&](const RecordView&, uint32_t offset_delta) {
    walk.offset_deltas.push_back(offset_delta);
    return true;
  });
  return walk;
}

std::string OffsetDeltas(const std::vector<uint32_t>& deltas) {
  std::string packed;
  for (const uint32_t delta : deltas) packed += Varint(delta);
  return Field(2, packed);
}

TEST(RecordSetBuilder, WritesTheBytesThatProtobufWrites) {
  RecordSetBuilder builder;
  v1::RecordSet expected;
  builder.Add("key", "value", 1234, {{"name", "v"}, {"name", std::nullopt}, {"other", ""}});
  v1::Record* record = expected.add_records();
  record->set_key("key");
  record->set_value("value");
  record->set_timestamp_delta_ms(1234);
  for (int i = 0; i < 3; ++i) record->add_headers()->set_name(i < 2 ? "name" : "other");
  record->mutable_headers(0)->set_value("v");
  record->mutable_headers(2)->set_value("");

  builder.Add(std::nullopt, std::nullopt);
  expected.add_records();

  const std::string large(100'000, 'v');
  builder.Add("", large, -1);
  record = expected.add_records();
  record->set_key("");
  record->set_value(large);
  record->set_timestamp_delta_ms(-1);

  EXPECT_EQ(builder.record_count(), 3u);
  EXPECT_EQ(builder.size_bytes(), expected.ByteSizeLong());
  EXPECT_TRUE(builder.Take() == expected.SerializeAsString());
}

TEST(RecordSetBuilder, IsEmptyAfterTake) {
  RecordSetBuilder builder;
  builder.Add("k", "v");
  const std::string first = builder.Take();
  EXPECT_EQ(builder.record_count(), 0u);
  EXPECT_EQ(builder.size_bytes(), 0u);
  builder.Add("k", "v");
  EXPECT_EQ(builder.Take(), first);
}

TEST(ForEachRecord, ReadsAllThatWasWritten) {
  RecordSetBuilder builder;
  builder.Add("key", std::nullopt, -7, {{"a", "1"}, {"a", std::nullopt}, {"b", ""}});
  builder.Add(std::nullopt, "");
  const std::string set = builder.Take();

  std::string elements;
  std::vector<RecordView> records;
  const absl::Status status =
      ForEachRecord(set, [&](const RecordView& record, uint32_t offset_delta) {
        EXPECT_EQ(offset_delta, records.size());
        elements += record.element;
        records.push_back(record);
        return true;
      });
  ASSERT_TRUE(status.ok()) << status;
  EXPECT_EQ(elements, set);
  ASSERT_EQ(records.size(), 2u);
  EXPECT_EQ(records[0].key, "key");
  EXPECT_EQ(records[0].value, std::nullopt);
  EXPECT_EQ(records[0].timestamp_delta_ms, -7);
  ASSERT_EQ(records[0].headers.size(), 3u);
  EXPECT_EQ(records[0].headers[0].name, "a");
  EXPECT_EQ(records[0].headers[0].value, "1");
  EXPECT_EQ(records[0].headers[1].value, std::nullopt);
  EXPECT_EQ(records[0].headers[2].value, "");
  EXPECT_EQ(records[1].key, std::nullopt);
  EXPECT_EQ(records[1].value, "");
  EXPECT_EQ(records[1].timestamp_delta_ms, 0);
  EXPECT_TRUE(records[1].headers.empty());
}

TEST(ForEachRecord, StopsWhenTold) {
  int visited = 0;
  const std::string set = Record(Key("1")) + Record(Key("2")) + Record(Key("3"));
  const absl::Status status =
      ForEachRecord(set, [&](const RecordView&, uint32_t) { return ++visited < 2; });
  EXPECT_TRUE(status.ok()) << status;
  EXPECT_EQ(visited, 2);
}

TEST(ForEachRecord, GivesTheOffsetsOfASparseSet) {
  const Walk walk =
      WalkThrough(Record("") + Record("") + Record("") + OffsetDeltas({3, 4, 4'000'000'000}));
  EXPECT_TRUE(walk.status.ok()) << walk.status;
  EXPECT_EQ(walk.offset_deltas, (std::vector<uint32_t>{3, 4, 4'000'000'000}));
}

TEST(ForEachRecord, AnEmptySetHasNoRecords) {
  EXPECT_TRUE(WalkThrough("").status.ok());
  EXPECT_TRUE(WalkThrough(OffsetDeltas({})).status.ok());
  EXPECT_TRUE(WalkThrough("").offset_deltas.empty());
}

TEST(ForEachRecord, PassesOverFieldsOfLaterVersions) {
  const std::string later =
      Number(100, 1) + Field(101, "later") + Tag(102, 1) + "12345678" + Tag(103, 5) + "1234";
  const std::string set = Record(later + Key("k") + Header(later + Name("n")) + later) + later;
  const absl::Status status = ForEachRecord(set, [](const RecordView& record, uint32_t) {
    EXPECT_EQ(record.key, "k");
    EXPECT_EQ(record.headers.at(0).name, "n");
    return true;
  });
  EXPECT_TRUE(status.ok()) << status;
}

TEST(ForEachRecord, MalformedIsDataLoss) {
  const std::string cases[] = {
      "\x80",
      Tag(1, 2),
      Tag(1, 2) + "\x05" + "abc",
      Tag(9, 3),
      Tag(9, 5) + "123",
      Record(Tag(1, 2) + "\x05"),
      Record(Tag(4, 0) + LongVarint(0, 11)),
      Record(Tag(9, 3)),
      Record(Header(Tag(1, 2) + "\x05")),
      Record(Header("\x80")),
      Field(100, "") + Record(""),
      Record("") + Field(2, "\x80"),
      Record("") + OffsetDeltas({0, 1}),
      Record("") + Record("") + OffsetDeltas({0}),
      Record("") + Record("") + OffsetDeltas({1, 1}),
      Record("") + Record("") + OffsetDeltas({2, 1}),
      Record("") + Field(2, Varint(uint64_t{1} << 32)),
      OffsetDeltas({0}) + Record(""),
  };
  for (size_t i = 0; i < std::size(cases); ++i) {
    EXPECT_EQ(WalkThrough(cases[i]).status.code(), absl::StatusCode::kDataLoss) << "case " << i;
  }
}

}  // namespace
}  // namespace leat::record
