#include <gtest/gtest.h>

#include <limits>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "storage/record/error.h"
#include "storage/record/record_set.h"
#include "tests/storage/record/wire_verbs.h"

namespace leat::record {
namespace {

using Metadata = ErrorMetadata;

absl::StatusOr<RecordSetSummary> Check(std::string_view set, const RecordLimits& limits = {}) {
  // At the end of an allocation, so that a sanitizer sees any step too far.
  const std::vector<char> exact(set.begin(), set.end());
  return CheckRecordSet(std::string_view(exact.data(), exact.size()), limits);
}

void ExpectTaken(std::string_view set, const RecordLimits& limits = {}) {
  const absl::StatusOr<RecordSetSummary> summary = Check(set, limits);
  EXPECT_TRUE(summary.ok()) << summary.status();
}

void ExpectInvalid(std::string_view set, const std::string& detail) {
  const absl::Status status = Check(set).status();
  EXPECT_EQ(ReasonOf(status), Reason::kInvalidRecords) << status;
  EXPECT_EQ(MetadataOf(status), (Metadata{{"detail", detail}}));
}

void ExpectUnknown(std::string_view set, const std::string& field) {
  const absl::Status status = Check(set).status();
  EXPECT_EQ(ReasonOf(status), Reason::kUnknownField) << status;
  EXPECT_EQ(MetadataOf(status), (Metadata{{"field", field}}));
}

void ExpectTooLarge(std::string_view set, const RecordLimits& limits, const Metadata& metadata) {
  const absl::Status status = Check(set, limits).status();
  EXPECT_EQ(ReasonOf(status), Reason::kTooLarge) << status;
  EXPECT_EQ(MetadataOf(status), metadata);
}

TEST(CheckRecordSet, TakesRecordsOfEveryShape) {
  ExpectTaken(Record(""));
  ExpectTaken(Record(Key("")));
  ExpectTaken(Record(Value("")));
  ExpectTaken(Record(Key("k") + Value(std::string("\0\xff", 2)) + Header(Name("n")) + Delta(-5)));
  ExpectTaken(Record(Header(Name("n") + Value("")) + Header(Name("n") + Value("v"))));
}

TEST(CheckRecordSet, TakesFieldsInAnyOrder) {
  ExpectTaken(Record(Delta(1) + Header(Value("v") + Name("n")) + Value("v") + Header(Name("m")) +
                     Key("k")));
}

TEST(CheckRecordSet, TakesNumbersThatAreLongerThanNeeded) {
  ExpectTaken(LongVarint(0x0a, 5) + LongVarint(3, 5) + Key("k"));
  ExpectTaken(Record(Tag(4, 0) + LongVarint(2, 10)));
}

TEST(CheckRecordSet, SumsUp) {
  const absl::StatusOr<RecordSetSummary> summary =
      Check(Record(Delta(7)) + Record(Delta(-3)) + Record(Delta(20)) + Record(Delta(5)));
  ASSERT_TRUE(summary.ok()) << summary.status();
  EXPECT_EQ(summary->record_count, 4u);
  EXPECT_EQ(summary->min_timestamp_delta_ms, -3);
  EXPECT_EQ(summary->max_timestamp_delta_ms, 20);
}

TEST(CheckRecordSet, AnAbsentDeltaCountsAsZero) {
  const absl::StatusOr<RecordSetSummary> later = Check(Record(Delta(7)) + Record(""));
  ASSERT_TRUE(later.ok()) << later.status();
  EXPECT_EQ(later->min_timestamp_delta_ms, 0);
  const absl::StatusOr<RecordSetSummary> earlier = Check(Record("") + Record(Delta(-7)));
  ASSERT_TRUE(earlier.ok()) << earlier.status();
  EXPECT_EQ(earlier->max_timestamp_delta_ms, 0);
  const absl::StatusOr<RecordSetSummary> all_later = Check(Record(Delta(7)) + Record(Delta(9)));
  ASSERT_TRUE(all_later.ok()) << all_later.status();
  EXPECT_EQ(all_later->min_timestamp_delta_ms, 7);
}

TEST(CheckRecordSet, RefusesAnEmptySet) { ExpectInvalid("", "record 0: no records"); }

TEST(CheckRecordSet, RefusesOffsetDeltas) {
  const std::string what = ": offset_deltas in a produce request";
  ExpectInvalid(Record("") + Field(2, Varint(0)), "record 1" + what);
  ExpectInvalid(Number(2, 0) + Record(""), "record 0" + what);
}

TEST(CheckRecordSet, RefusesWhatIsCutShort) {
  const std::string set =
      Record(Key("key") + Value("value") + Header(Name("n") + Value("v")) + Delta(1000));
  for (size_t size = 1; size < set.size(); ++size) {
    EXPECT_EQ(ReasonOf(Check(set.substr(0, size)).status()), Reason::kInvalidRecords) << size;
  }
  ExpectInvalid(Record(Tag(1, 2) + "\x05key"), "record 0: key or value cut short, or bad length");
  ExpectInvalid(Record(Tag(3, 2) + "\x05n"), "record 0: header cut short, or bad length");
  ExpectInvalid(Record(Header(Tag(1, 2) + "\x05n")), "record 0: header cut short, or bad length");
  ExpectInvalid(Record(Tag(4, 0)), "record 0: bad timestamp_delta_ms");
  ExpectInvalid(Record(Tag(4, 0) + "\x80"), "record 0: bad timestamp_delta_ms");
  ExpectInvalid(Record("\x80"), "record 0: bad tag");
  ExpectInvalid(Record(Header("\x80")), "record 0: bad tag in a header");
}

TEST(CheckRecordSet, RefusesRecordsWithoutAKeyWhereOneIsRequired) {
  const std::string set = Record(Key("")) + Record(Value("v"));
  ExpectTaken(set);
  const absl::Status status = CheckRecordSet(set, {.keys_required = true}).status();
  EXPECT_EQ(ReasonOf(status), Reason::kInvalidRecords) << status;
  EXPECT_EQ(
      MetadataOf(status),
      (Metadata{
          {"detail", "record 1: no key, which compacted topics and conditions on keys require"}}));
  EXPECT_TRUE(CheckRecordSet(Record(Key("")), {.keys_required = true}).ok());
}

TEST(CheckRecordSet, RefusesFieldsGivenTwice) {
  ExpectInvalid(Record(Key("k") + Key("k")), "record 0: key twice");
  ExpectInvalid(Record("") + Record(Value("v") + Key("k") + Value("v")), "record 1: value twice");
  ExpectInvalid(Record(Delta(1) + Delta(1)), "record 0: timestamp_delta_ms twice");
  ExpectInvalid(Record(Header(Name("n") + Name("n"))), "record 0: header name twice");
  ExpectInvalid(Record(Header(Name("n") + Value("v") + Value("v"))),
                "record 0: header value twice");
}

TEST(CheckRecordSet, RefusesUnknownFields) {
  ExpectUnknown(Record("") + Field(3, ""), "RecordSet.3");
  ExpectUnknown(Record(Key("k") + Number(5, 1)), "Record.5");
  ExpectUnknown(Record(Tag(6, 1) + "12345678"), "Record.6");
  ExpectUnknown(Record(Tag(7, 5) + "1234"), "Record.7");
  ExpectUnknown(Record(Header(Name("n") + Field(3, ""))), "Header.3");
  ExpectUnknown(Record(Field((1u << 29) - 1, "")), "Record.536870911");
}

TEST(CheckRecordSet, RefusesWrongWireTypes) {
  const std::string what = "record 0: wrong wire type for field ";
  ExpectInvalid(Number(1, 0), what + "RecordSet.1");
  ExpectInvalid(Record(Number(1, 0)), what + "Record.1");
  ExpectInvalid(Record(Tag(2, 5) + "1234"), what + "Record.2");
  ExpectInvalid(Record(Tag(3, 1) + "12345678"), what + "Record.3");
  ExpectInvalid(Record(Field(4, "\x02")), what + "Record.4");
  ExpectInvalid(Record(Header(Number(1, 0))), what + "Header.1");
  ExpectInvalid(Record(Header(Number(2, 0))), what + "Header.2");
}

TEST(CheckRecordSet, RefusesGroupsAndTagsThatDoNotExist) {
  ExpectInvalid(Tag(1, 3) + Tag(1, 4), "record 0: bad tag 11");
  ExpectInvalid(Record(Tag(9, 3) + Tag(9, 4)), "record 0: bad tag 75");
  ExpectInvalid(Record(Tag(1, 4)), "record 0: bad tag 12");
  ExpectInvalid(Record(Tag(1, 6)), "record 0: bad tag 14");
  ExpectInvalid(Record(Header(Tag(1, 7))), "record 0: bad tag 15");
  ExpectInvalid(Record(Field(0, "")), "record 0: bad tag 2");
  ExpectInvalid(std::string(1, '\0'), "record 0: bad tag 0");
}

TEST(CheckRecordSet, RefusesNumbersThatDoNotFit) {
  ExpectInvalid(LongVarint(0x0a, 6) + Varint(0), "record 0: bad tag");
  ExpectInvalid(Varint(0x10000000aull) + Varint(0), "record 0: bad tag");
  ExpectInvalid(Tag(1, 2) + LongVarint(0, 6), "record 0: cut short, or bad length");
  ExpectInvalid(Tag(1, 2) + Varint(uint64_t{1} << 31), "record 0: cut short, or bad length");
  ExpectInvalid(Tag(1, 2) + Varint(uint64_t{1} << 32), "record 0: cut short, or bad length");
  ExpectInvalid(Record(Tag(4, 0) + LongVarint(0, 11)), "record 0: bad timestamp_delta_ms");
  ExpectInvalid(Record(Tag(4, 0) + std::string(9, '\xff') + "\x02"),
                "record 0: bad timestamp_delta_ms");
}

TEST(CheckRecordSet, RefusesTimestampsThatCouldOverflow) {
  constexpr int64_t kMax = 1'000'000'000'000'000;
  ExpectTaken(Record(Delta(kMax)) + Record(Delta(-kMax)));
  for (const int64_t delta_ms : {kMax + 1, -kMax - 1, std::numeric_limits<int64_t>::max(),
                                 std::numeric_limits<int64_t>::min()}) {
    ExpectInvalid(Record(Delta(delta_ms)), "record 0: timestamp_delta_ms out of range");
  }
}

TEST(CheckRecordSet, RefusesBadHeaderNames) {
  ExpectInvalid(Record(Header("")), "record 0: header without a name");
  ExpectInvalid(Record(Header(Name("") + Value("v"))), "record 0: header without a name");
  ExpectInvalid(Record(Header(Name("\xff"))), "record 0: header name is not UTF-8");
  ExpectInvalid(Record(Header(Name("\xed\xa0\x80"))), "record 0: header name is not UTF-8");
  ExpectTaken(Record(Header(Name("\xE2\x82\xAC") + Value("\xff"))));
}

TEST(CheckRecordSet, LimitsTheBytesOfARecord) {
  const RecordLimits limits = {.max_record_bytes = 100};
  ExpectTaken(Record(Value(std::string(98, 'v'))), limits);
  ExpectTooLarge(Record(Value(std::string(99, 'v'))), limits,
                 {{"limit", "max_record_bytes"}, {"actual", "101"}, {"maximum", "100"}});
}

TEST(CheckRecordSet, LimitsTheNumberOfRecords) {
  const RecordLimits limits = {.max_records = 3};
  ExpectTaken(Record("") + Record("") + Record(""), limits);
  ExpectTooLarge(Record("") + Record("") + Record("") + Record("") + Record(""), limits,
                 {{"limit", "max_records"}, {"actual", "5"}, {"maximum", "3"}});
}

TEST(CheckRecordSet, LimitsHeaders) {
  const std::string header = Header(Name("name") + Value("value"));
  ExpectTaken(Record(header + header), {.max_headers = 2});
  ExpectTooLarge(Record(header + header + header), {.max_headers = 2},
                 {{"limit", "max_headers"}, {"actual", "3"}, {"maximum", "2"}});
  ExpectTaken(Record(header + header) + Record(header), {.max_headers_bytes = 18});
  ExpectTooLarge(Record(header + header), {.max_headers_bytes = 17},
                 {{"limit", "max_headers_bytes"}, {"actual", "18"}, {"maximum", "17"}});
  ExpectTaken(Record(header), {.max_header_name_bytes = 4});
  ExpectTooLarge(Record(header), {.max_header_name_bytes = 3},
                 {{"limit", "max_header_name_bytes"}, {"actual", "4"}, {"maximum", "3"}});
}

}  // namespace
}  // namespace leat::record
