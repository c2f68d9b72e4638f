// The check against the protobuf library: what we accept, protobuf reads, and reads alike; what we
// refuse is not what protobuf writes.

#include <gtest/gtest.h>

#include <algorithm>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "leat/v1/record.pb.h"
#include "storage/record/record_set.h"
#include "storage/record/utf8.h"
#include "tests/storage/record/wire_verbs.h"

namespace leat::record {
namespace {

constexpr RecordLimits kLimits = {.max_record_bytes = 2'000,
                                  .max_records = 12,
                                  .max_headers = 4,
                                  .max_headers_bytes = 160,
                                  .max_header_name_bytes = 40};
constexpr int64_t kMaxDeltaMs = 1'000'000'000'000'000;

// Makes record sets, most of them valid, from a seed.
class Generator {
 public:
  explicit Generator(uint32_t seed) : random_(seed) {}

  uint32_t Below(uint32_t bound) { return random_() % bound; }

  // Only what a protobuf library writes, and within limits.
  v1::RecordSet ValidSet() {
    v1::RecordSet set;
    for (uint32_t n = 1 + Below(10); n > 0; --n) {
      v1::Record* record = set.add_records();
      if (Below(2) == 0) record->set_key(Bytes(20));
      if (Below(4) != 0) record->set_value(Bytes(300));
      if (Below(2) == 0)
        record->set_timestamp_delta_ms(static_cast<int64_t>(Below(1u << 31)) - (1 << 30));
      for (uint32_t headers = Below(4); headers > 0; --headers) {
        v1::Header* header = record->add_headers();
        header->set_name(Text());
        if (Below(3) != 0) header->set_value(Bytes(40));
      }
    }
    return set;
  }

  // A set with fields in any order, and now and then one that does not belong there.
  std::string WildSet() {
    std::string set;
    for (uint32_t n = Below(14); n > 0; --n)
      set += Below(100) == 0 ? WildField() : Framed(1, WildRecord());
    return set;
  }

  void Damage(std::string* bytes) {
    for (uint32_t n = 1 + Below(4); n > 0 && !bytes->empty(); --n) {
      const size_t at = Below(bytes->size());
      switch (Below(5)) {
        case 0:
          (*bytes)[at] = static_cast<char>(random_());
          break;
        case 1:
          (*bytes)[at] ^= static_cast<char>(1 << Below(8));
          break;
        case 2:
          bytes->erase(at, 1 + Below(4));
          break;
        case 3:
          bytes->insert(at, 1 + Below(2), static_cast<char>(random_()));
          break;
        default:
          bytes->insert(at, bytes->substr(Below(bytes->size()), Below(20)));
      }
    }
  }

 private:
  std::string Bytes(uint32_t max) {
    std::string bytes(Below(max), '\0');
    for (char& c : bytes) c = static_cast<char>(random_());
    return bytes;
  }

  std::string Text() {
    static constexpr std::string_view kTexts[] = {
        "a", "name", "traceparent", "\xC3\xBC", "\xF0\x9F\x8C\x8A", "tab\t"};
    return std::string(kTexts[Below(std::size(kTexts))]);
  }

  // A length-delimited field, whose numbers may be longer than needed.
  std::string Framed(uint32_t field, std::string_view content) {
    if (Below(20) != 0) return Field(field, content);
    return LongVarint(field << 3 | 2, 1 + Below(6)) + LongVarint(content.size(), 1 + Below(6)) +
           std::string(content);
  }

  std::string WildRecord() {
    std::vector<std::string> fields;
    if (Below(2) == 0) fields.push_back(Framed(1, Bytes(20)));
    if (Below(2) == 0) fields.push_back(Framed(2, Bytes(200)));
    for (uint32_t n = Below(5); n > 0; --n) fields.push_back(Framed(3, WildHeader()));
    if (Below(2) == 0) fields.push_back(Tag(4, 0) + LongVarint(random_(), 1 + Below(11)));
    if (Below(50) == 0) fields.push_back(WildField());
    if (Below(50) == 0 && !fields.empty()) fields.push_back(fields[Below(fields.size())]);
    return Shuffled(std::move(fields));
  }

  std::string WildHeader() {
    std::vector<std::string> fields;
    if (Below(50) != 0) fields.push_back(Framed(1, Below(20) == 0 ? Bytes(50) : Text()));
    if (Below(2) == 0) fields.push_back(Framed(2, Bytes(60)));
    if (Below(50) == 0) fields.push_back(WildField());
    return Shuffled(std::move(fields));
  }

  std::string WildField() {
    const uint32_t number = Below(7);
    const uint32_t wire_type = Below(8);
    return Tag(number, wire_type) + (wire_type == 2 ? Varint(3) + "abc" : Bytes(10));
  }

  std::string Shuffled(std::vector<std::string> fields) {
    std::shuffle(fields.begin(), fields.end(), random_);
    std::string joined;
    for (const std::string& field : fields) joined += field;
    return joined;
  }

  std::mt19937 random_;
};

absl::StatusOr<RecordSetSummary> Check(std::string_view set) {
  // At the end of an allocation, so that a sanitizer sees any step too far.
  const std::vector<char> exact(set.begin(), set.end());
  return CheckRecordSet(std::string_view(exact.data(), exact.size()), kLimits);
}

template <typename Message>
bool HasUnknownFields(const Message& message) {
  return !message.GetReflection()->GetUnknownFields(message).empty();
}

bool HasUnknownFieldsInside(const v1::RecordSet& set) {
  return HasUnknownFields(set) ||
         std::any_of(set.records().begin(), set.records().end(), [](const v1::Record& record) {
           return HasUnknownFields(record) ||
                  std::any_of(record.headers().begin(), record.headers().end(),
                              [](const v1::Header& header) { return HasUnknownFields(header); });
         });
}

// Whether a producer may send what `record` says, whatever its bytes.
bool IsAllowed(const v1::Record& record) {
  size_t headers_bytes = 0;
  for (const v1::Header& header : record.headers()) {
    if (header.name().empty() || header.name().size() > kLimits.max_header_name_bytes ||
        !IsValidUtf8(header.name())) {
      return false;
    }
    headers_bytes += header.name().size() + header.value().size();
  }
  return record.ByteSizeLong() <= kLimits.max_record_bytes &&
         headers_bytes <= kLimits.max_headers_bytes &&
         static_cast<size_t>(record.headers_size()) <= kLimits.max_headers &&
         record.timestamp_delta_ms() <= kMaxDeltaMs && record.timestamp_delta_ms() >= -kMaxDeltaMs;
}

bool IsAllowed(const v1::RecordSet& set) {
  const auto& records = set.records();
  return !records.empty() && static_cast<size_t>(records.size()) <= kLimits.max_records &&
         set.offset_deltas().empty() && !HasUnknownFieldsInside(set) &&
         std::all_of(records.begin(), records.end(),
                     [](const v1::Record& record) { return IsAllowed(record); });
}

void ExpectSame(const RecordView& read, const v1::Record& expected) {
  ASSERT_EQ(read.key.has_value(), expected.has_key());
  ASSERT_EQ(read.key.value_or(""), expected.key());
  ASSERT_EQ(read.value.has_value(), expected.has_value());
  ASSERT_EQ(read.value.value_or(""), expected.value());
  ASSERT_EQ(read.timestamp_delta_ms, expected.timestamp_delta_ms());
  ASSERT_EQ(read.headers.size(), static_cast<size_t>(expected.headers_size()));
  for (size_t i = 0; i < read.headers.size(); ++i) {
    const v1::Header& header = expected.headers(static_cast<int>(i));
    ASSERT_EQ(read.headers[i].name, header.name());
    ASSERT_EQ(read.headers[i].value.has_value(), header.has_value());
    ASSERT_EQ(read.headers[i].value.value_or(""), header.value());
  }
}

// What was accepted means the same to protobuf, to the check and to `ForEachRecord`.
void ExpectReadAlike(const std::string& bytes, const RecordSetSummary& summary) {
  v1::RecordSet set;
  ASSERT_TRUE(set.ParseFromString(bytes));
  ASSERT_TRUE(IsAllowed(set));
  ASSERT_EQ(summary.record_count, static_cast<uint32_t>(set.records_size()));
  const auto [min, max] = std::minmax_element(
      set.records().begin(), set.records().end(), [](const v1::Record& a, const v1::Record& b) {
        return a.timestamp_delta_ms() < b.timestamp_delta_ms();
      });
  ASSERT_EQ(summary.min_timestamp_delta_ms, min->timestamp_delta_ms());
  ASSERT_EQ(summary.max_timestamp_delta_ms, max->timestamp_delta_ms());

  uint32_t visited = 0;
  const absl::Status status =
      ForEachRecord(bytes, [&](const RecordView& record, uint32_t offset_delta) {
        EXPECT_EQ(offset_delta, visited);
        ExpectSame(record, set.records(static_cast<int>(visited++)));
        return !testing::Test::HasFatalFailure();
      });
  ASSERT_TRUE(status.ok()) << status;
  ASSERT_EQ(visited, summary.record_count);
}

// What protobuf reads and a producer may say is accepted once protobuf has written it.
void ExpectTakenAsProtobufWritesIt(const std::string& bytes) {
  v1::RecordSet set;
  if (!set.ParseFromString(bytes) || !IsAllowed(set)) return;
  const absl::StatusOr<RecordSetSummary> summary = Check(set.SerializeAsString());
  ASSERT_TRUE(summary.ok()) << summary.status();
}

// Returns whether `bytes` were accepted.
bool Compare(const std::string& bytes) {
  const absl::StatusOr<RecordSetSummary> summary = Check(bytes);
  if (summary.ok()) {
    ExpectReadAlike(bytes, *summary);
  } else {
    ExpectTakenAsProtobufWritesIt(bytes);
  }
  return summary.ok();
}

TEST(RecordSetDifferential, WhatProtobufWritesIsAccepted) {
  Generator generator(11);
  for (int i = 0; i < 1'500; ++i) {
    ASSERT_TRUE(Compare(generator.ValidSet().SerializeAsString())) << "set " << i;
    ASSERT_FALSE(HasFatalFailure()) << "set " << i;
  }
}

TEST(RecordSetDifferential, DamagedSetsAreReadAlikeOrRefused) {
  Generator generator(12);
  int accepted = 0;
  for (int i = 0; i < 15'000; ++i) {
    std::string bytes = generator.ValidSet().SerializeAsString();
    generator.Damage(&bytes);
    accepted += Compare(bytes);
    ASSERT_FALSE(HasFatalFailure()) << "set " << i;
  }
  EXPECT_GT(accepted, 1'000);
  EXPECT_LT(accepted, 14'000);
}

TEST(RecordSetDifferential, WildSetsAreReadAlikeOrRefused) {
  Generator generator(13);
  int accepted = 0;
  for (int i = 0; i < 15'000; ++i) {
    accepted += Compare(generator.WildSet());
    ASSERT_FALSE(HasFatalFailure()) << "set " << i;
  }
  EXPECT_GT(accepted, 1'000);
  EXPECT_LT(accepted, 14'000);
}

// Bytes that no one meant as a set may at most be refused.
TEST(RecordSetDifferential, DamagedSetsNeverMisleadTheReaders) {
  Generator generator(14);
  for (int i = 0; i < 5'000; ++i) {
    std::string bytes = generator.ValidSet().SerializeAsString();
    if (generator.Below(2) == 0) bytes += Field(2, Varint(3) + Varint(9));
    generator.Damage(&bytes);
    const absl::Cord cord(bytes);
    const absl::StatusOr<std::optional<RecordSetSlice>> slice = SliceRecordSet(cord, 1, 5, 200, 20);
    if (!slice.ok()) {
      ASSERT_EQ(slice.status().code(), absl::StatusCode::kDataLoss);
    } else if (slice->has_value()) {
      ASSERT_GE((*slice)->first_offset_delta, 1u);
      ASSERT_LE((*slice)->next_offset_delta, 5u);
    }
    const absl::Status status =
        ForEachRecord(bytes, [](const RecordView&, uint32_t) { return true; });
    ASSERT_TRUE(status.ok() || status.code() == absl::StatusCode::kDataLoss) << status;
  }
}

}  // namespace
}  // namespace leat::record
