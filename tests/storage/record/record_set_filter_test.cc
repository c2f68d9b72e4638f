#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "storage/record/record_set.h"
#include "tests/storage/record/wire_verbs.h"

namespace leat::record {
namespace {

std::vector<uint32_t> OffsetDeltas(std::string_view set) {
  std::vector<uint32_t> deltas;
  const absl::Status read = ForEachRecord(set, [&deltas](const RecordView&, uint32_t delta) {
    deltas.push_back(delta);
    return true;
  });
  EXPECT_TRUE(read.ok()) << read;
  return deltas;
}

FilteredRecordSet KeepEven(std::string_view set) {
  return FilterRecordSet(set, [](const RecordView&, uint32_t delta) { return delta % 2 == 0; })
      .value();
}

TEST(FilterRecordSet, KeepsRecordsAsTheyWereAtTheirOffsets) {
  const std::string first = Record(Key("a") + Delta(30));
  const std::string second = Record(Key("b") + Delta(99));
  // The timestamp before the key, as it came.
  const std::string third = Record(Delta(-7) + Key("c"));
  const FilteredRecordSet left = KeepEven(first + second + third);
  EXPECT_EQ(left.records, first + third + Field(2, Varint(0) + Varint(2)));
  EXPECT_EQ(left.record_count, 2u);
  EXPECT_EQ(left.removed_count, 1u);
  EXPECT_EQ(left.max_timestamp_delta_ms, 30);
  EXPECT_EQ(OffsetDeltas(left.records), (std::vector<uint32_t>{0, 2}));
}

TEST(FilterRecordSet, TakesSparseSetsToo) {
  const std::string set = Record(Key("a")) + Record(Key("b")) + Record(Key("c")) +
                          Field(2, Varint(3) + Varint(4) + Varint(300));
  const FilteredRecordSet left = KeepEven(set);
  EXPECT_EQ(OffsetDeltas(left.records), (std::vector<uint32_t>{4, 300}));
}

TEST(FilterRecordSet, MayLeaveNothing) {
  const FilteredRecordSet left =
      FilterRecordSet(Record(Key("a")), [](const RecordView&, uint32_t) { return false; }).value();
  EXPECT_EQ(left.records, "");
  EXPECT_EQ(left.record_count, 0u);
  EXPECT_EQ(left.removed_count, 1u);
}

TEST(FilterRecordSet, RefusesWhatIsMalformed) {
  const std::string set = Record(Key("a"));
  const auto keep = [](const RecordView&, uint32_t) { return true; };
  EXPECT_TRUE(absl::IsDataLoss(FilterRecordSet(set.substr(0, set.size() - 1), keep).status()));
}

}  // namespace
}  // namespace leat::record
