#include <gtest/gtest.h>

#include <algorithm>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/cord.h"
#include "storage/record/record_set.h"
#include "tests/storage/record/wire_verbs.h"

namespace leat::record {
namespace {

constexpr size_t kAnySize = size_t{1} << 30;
constexpr uint32_t kEnd = ~uint32_t{0};

struct Entry {
  uint32_t offset_delta;
  std::string element;

  friend bool operator==(const Entry&, const Entry&) = default;
};

// Records with the given offset deltas, each with a value of its own.
std::vector<Entry> Entries(const std::vector<uint32_t>& offset_deltas) {
  std::vector<Entry> entries;
  for (const uint32_t delta : offset_deltas) {
    entries.push_back(
        {delta, Record(Value("value " + std::to_string(delta) + std::string(delta % 40, '.')))});
  }
  return entries;
}

std::string Dense(const std::vector<Entry>& entries) {
  std::string set;
  for (const Entry& entry : entries) set += entry.element;
  return set;
}

std::string Sparse(const std::vector<Entry>& entries) {
  std::string deltas;
  for (const Entry& entry : entries) deltas += Varint(entry.offset_delta);
  return Dense(entries) + Field(2, deltas);
}

// The records of a slice, at the offset deltas that they have in the set it was cut from.
std::vector<Entry> Read(const RecordSetSlice& slice) {
  std::vector<Entry> entries;
  const std::string set(slice.records);
  const absl::Status status =
      ForEachRecord(set, [&](const RecordView& record, uint32_t offset_delta) {
        entries.push_back({slice.first_offset_delta + offset_delta, std::string(record.element)});
        return true;
      });
  EXPECT_TRUE(status.ok()) << status;
  EXPECT_EQ(entries.size(), slice.record_count);
  return entries;
}

// `bytes` in chunks of about `chunk_bytes`.
absl::Cord InChunks(const std::string& bytes, size_t chunk_bytes) {
  absl::Cord cord;
  for (size_t at = 0; at < bytes.size(); at += chunk_bytes) {
    auto* chunk = new std::string(bytes.substr(at, chunk_bytes));
    cord.Append(absl::MakeCordFromExternal(*chunk, [chunk] { delete chunk; }));
  }
  return cord;
}

RecordSetSlice Slice(const absl::Cord& set, uint32_t from, uint32_t to, size_t max_bytes,
                     uint32_t last) {
  absl::StatusOr<std::optional<RecordSetSlice>> slice =
      SliceRecordSet(set, from, to, max_bytes, last);
  EXPECT_TRUE(slice.ok()) << slice.status();
  EXPECT_TRUE(slice->has_value());
  return **std::move(slice);
}

TEST(SliceRecordSet, TheWholeSetIsASlice) {
  const std::string set = Dense(Entries({0, 1, 2}));
  const RecordSetSlice slice = Slice(absl::Cord(set), 0, 3, set.size(), 2);
  EXPECT_EQ(slice.records, set);
  EXPECT_EQ(slice.first_offset_delta, 0u);
  EXPECT_EQ(slice.next_offset_delta, 3u);
  EXPECT_EQ(slice.record_count, 3u);
}

TEST(SliceRecordSet, CutsAtOffsets) {
  const std::vector<Entry> entries = Entries({0, 1, 2, 3, 4});
  const RecordSetSlice slice = Slice(absl::Cord(Dense(entries)), 1, 4, kAnySize, 4);
  EXPECT_EQ(slice.records, Dense({entries[1], entries[2], entries[3]}));
  EXPECT_EQ(slice.first_offset_delta, 1u);
  EXPECT_EQ(slice.next_offset_delta, 4u);
}

TEST(SliceRecordSet, EndsWithTheSetHoweverFarItMayGo) {
  const absl::Cord set(Dense(Entries({0, 1, 2})));
  EXPECT_EQ(Slice(set, 2, kEnd, kAnySize, 2).next_offset_delta, 3u);
}

TEST(SliceRecordSet, FitsTheBytesButHasARecord) {
  const std::vector<Entry> entries = Entries({0, 1, 2, 3});
  const absl::Cord set(Dense(entries));
  const size_t two = entries[1].element.size() + entries[2].element.size();
  EXPECT_EQ(Slice(set, 1, 4, two, 3).record_count, 2u);
  EXPECT_EQ(Slice(set, 1, 4, two, 3).next_offset_delta, 3u);
  EXPECT_EQ(Slice(set, 1, 4, two - 1, 3).record_count, 1u);
  EXPECT_EQ(Slice(set, 1, 4, 0, 3).record_count, 1u);
  EXPECT_EQ(Slice(set, 1, 4, 0, 3).next_offset_delta, 2u);
}

TEST(SliceRecordSet, HasNothingOutsideTheSet) {
  const absl::Cord set(Dense(Entries({0, 1, 2})));
  for (const auto& [from, to] :
       std::vector<std::pair<uint32_t, uint32_t>>{{3, 9}, {1, 1}, {2, 1}, {kEnd, kEnd}}) {
    const absl::StatusOr<std::optional<RecordSetSlice>> slice =
        SliceRecordSet(set, from, to, kAnySize, 2);
    ASSERT_TRUE(slice.ok()) << slice.status();
    EXPECT_FALSE(slice->has_value()) << from << " to " << to;
  }
}

TEST(SliceRecordSet, CountsTheDeltasOfASparseSetFromItsFirstRecord) {
  const std::vector<Entry> entries = Entries({2, 5, 6, 300});
  const RecordSetSlice slice = Slice(absl::Cord(Sparse(entries)), 3, kEnd, kAnySize, 400);
  EXPECT_EQ(slice.records, Dense({entries[1], entries[2], entries[3]}) +
                               Field(2, Varint(0) + Varint(1) + Varint(295)));
  EXPECT_EQ(slice.first_offset_delta, 5u);
}

TEST(SliceRecordSet, CoversTheHolesOfASparseSet) {
  const std::vector<Entry> entries = Entries({2, 5, 6, 300});
  const absl::Cord set(Sparse(entries));
  EXPECT_EQ(Slice(set, 0, kEnd, kAnySize, 400).next_offset_delta, 401u)
      << "up to the end of the batch";
  EXPECT_EQ(Slice(set, 0, 100, kAnySize, 400).next_offset_delta, 100u)
      << "up to where it was asked";
  EXPECT_EQ(Slice(set, 6, kEnd, 1, 400).next_offset_delta, 300u) << "up to the next record";
  const absl::StatusOr<std::optional<RecordSetSlice>> hole =
      SliceRecordSet(set, 7, 300, kAnySize, 400);
  ASSERT_TRUE(hole.ok()) << hole.status();
  EXPECT_FALSE(hole->has_value());
}

TEST(SliceRecordSet, SharesTheMemoryOfTheSet) {
  std::string bytes =
      Dense(Entries(std::vector<uint32_t>{0, 1, 2})) + Record(Value(std::string(10'000, 'v')));
  const absl::Cord set = absl::MakeCordFromExternal(bytes, [] {});
  const RecordSetSlice slice = Slice(set, 3, 4, kAnySize, 3);
  ASSERT_TRUE(slice.records.TryFlat().has_value());
  EXPECT_EQ(slice.records.TryFlat()->data(), bytes.data() + bytes.size() - slice.records.size());
}

TEST(SliceRecordSet, MalformedIsDataLoss) {
  const std::string set = Dense(Entries({0, 1, 2}));
  for (const std::string& bad : {set + "\x0a\x05", set + Field(2, Varint(0)), set + "\x80"}) {
    EXPECT_EQ(SliceRecordSet(absl::Cord(bad), 0, 1, kAnySize, 2).status().code(),
              absl::StatusCode::kDataLoss);
  }
  EXPECT_EQ(SliceRecordSet(absl::Cord(set), 0, 1, kAnySize, 1).status().code(),
            absl::StatusCode::kDataLoss)
      << "more records than the batch has offsets";
}

// Whoever reads from any place in slices of any size reads every record there is from that place
// on, once, in order.
TEST(SliceRecordSet, SlicesJoinToTheSet) {
  std::mt19937 random(3);
  for (int round = 0; round < 300; ++round) {
    const bool sparse = random() % 2 == 0;
    std::vector<uint32_t> offset_deltas;
    uint32_t next = sparse ? random() % 5 : 0;
    for (uint32_t n = 1 + random() % 60; n > 0; --n) {
      offset_deltas.push_back(next);
      next += sparse ? 1 + random() % 200 : 1;
    }
    const std::vector<Entry> entries = Entries(offset_deltas);
    const uint32_t last = next - 1 + (sparse ? random() % 5 : 0);
    const std::string bytes = sparse ? Sparse(entries) : Dense(entries);
    const absl::Cord set = InChunks(bytes, 1 + random() % bytes.size());
    const uint32_t from = random() % (last + 1);
    const uint32_t to = from + random() % (last + 10);
    const size_t max_bytes = random() % (bytes.size() + 10);

    std::vector<Entry> expected;
    std::copy_if(
        entries.begin(), entries.end(), std::back_inserter(expected),
        [&](const Entry& entry) { return entry.offset_delta >= from && entry.offset_delta < to; });
    std::vector<Entry> read;
    uint32_t cursor = from;
    while (true) {
      const absl::StatusOr<std::optional<RecordSetSlice>> slice =
          SliceRecordSet(set, cursor, to, max_bytes, last);
      ASSERT_TRUE(slice.ok()) << slice.status();
      if (!slice->has_value()) break;
      ASSERT_GE((*slice)->first_offset_delta, cursor);
      ASSERT_GT((*slice)->next_offset_delta, (*slice)->first_offset_delta);
      ASSERT_TRUE((*slice)->records.size() <= max_bytes || (*slice)->record_count == 1);
      for (Entry& entry : Read(**slice)) read.push_back(std::move(entry));
      cursor = (*slice)->next_offset_delta;
    }
    ASSERT_TRUE(read == expected) << "round " << round;
    if (!expected.empty()) {
      ASSERT_EQ(cursor, std::min(to, last + 1));
    }
  }
}

}  // namespace
}  // namespace leat::record
