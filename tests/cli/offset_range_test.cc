#include "cli/offset_range.h"

#include <gtest/gtest.h>

#include <optional>
#include <ostream>
#include <string>

#include "absl/time/time.h"

namespace leat::cli {

void PrintTo(const OffsetRange& range, std::ostream* out) {
  const auto print = [out](const client::Position& position) {
    *out << static_cast<int>(position.kind) << "/" << position.value;
  };
  print(range.start);
  if (range.end.has_value()) {
    *out << " to ";
    print(*range.end);
  }
}

namespace {

using client::Position;

// 2026-01-31T12:00:00Z
const absl::Time kNow = absl::FromUnixSeconds(1769860800);

struct Good {
  std::string text;
  OffsetRange range;
};

class GoodOffsetRangeTest : public testing::TestWithParam<Good> {};

TEST_P(GoodOffsetRangeTest, Parses) {
  const auto range = ParseOffsetRange(GetParam().text, kNow);
  ASSERT_TRUE(range.ok()) << range.status();
  EXPECT_EQ(*range, GetParam().range);
}

INSTANTIATE_TEST_SUITE_P(
    Table, GoodOffsetRangeTest,
    testing::Values(
        Good{"start", {Position::Earliest(), {}}}, Good{"end", {Position::Latest(), {}}},
        Good{":end", {Position::Earliest(), Position::Latest()}},
        Good{":", {Position::Earliest(), {}}}, Good{"5:", {Position::AtOffset(5), {}}},
        Good{"@-1h:", {Position::AtTime(1769857200000), {}}},
        Good{"@2026-01-31 12:00:00", {Position::AtTime(1769860800000), {}}},
        Good{"@2026-01-31 12:00", {Position::AtTime(1769860800000), {}}},
        Good{"@2026-01-31 11:00:2026-01-31T12:00:00Z",
             {Position::AtTime(1769857200000), Position::AtTime(1769860800000)}},
        Good{"start:end", {Position::Earliest(), Position::Latest()}},
        Good{"0", {Position::AtOffset(0), {}}}, Good{"42", {Position::AtOffset(42), {}}},
        Good{"9223372036854775807", {Position::AtOffset(9223372036854775807), {}}},
        Good{"+7", {Position::AfterStart(7), {}}}, Good{"-7", {Position::BeforeLatest(7), {}}},
        Good{"5:9", {Position::AtOffset(5), Position::AtOffset(9)}},
        Good{"5:5", {Position::AtOffset(5), Position::AtOffset(5)}},
        Good{"5:end", {Position::AtOffset(5), Position::Latest()}},
        Good{":9", {Position::Earliest(), Position::AtOffset(9)}},
        Good{"-10:-5", {Position::BeforeLatest(10), Position::BeforeLatest(5)}},
        Good{"start:+3", {Position::Earliest(), Position::AfterStart(3)}},
        Good{"@1769860800", {Position::AtTime(1769860800000), {}}},
        Good{"@1769860800123", {Position::AtTime(1769860800123), {}}},
        Good{"@0", {Position::AtTime(0), {}}},
        Good{"@2026-01-31", {Position::AtTime(1769817600000), {}}},
        Good{"@2026-01-31T12:00:00Z", {Position::AtTime(1769860800000), {}}},
        Good{"@2026-01-31T12:00:00.25+01:00", {Position::AtTime(1769857200250), {}}},
        Good{"@-1h", {Position::AtTime(1769857200000), {}}},
        Good{"@-1d", {Position::AtTime(1769774400000), {}}},
        Good{"@-1h:end", {Position::AtTime(1769857200000), Position::Latest()}},
        Good{"@-2h:-1h", {Position::AtTime(1769853600000), Position::AtTime(1769857200000)}},
        Good{"@-2h:@-1h", {Position::AtTime(1769853600000), Position::AtTime(1769857200000)}},
        Good{"@1:2", {Position::AtTime(1000), Position::AtTime(2000)}},
        Good{"@2026-01-30:2026-01-31",
             {Position::AtTime(1769731200000), Position::AtTime(1769817600000)}},
        Good{"@2026-01-31T11:00:00Z:2026-01-31T12:00:00Z",
             {Position::AtTime(1769857200000), Position::AtTime(1769860800000)}}));

class BadOffsetRangeTest : public testing::TestWithParam<std::string> {};

TEST_P(BadOffsetRangeTest, IsRefusedByName) {
  const auto range = ParseOffsetRange(GetParam(), kNow);
  ASSERT_FALSE(range.ok());
  EXPECT_NE(range.status().message().find(GetParam()), absl::string_view::npos);
}

INSTANTIATE_TEST_SUITE_P(Table, BadOffsetRangeTest,
                         testing::Values("", "::", "5::", "end:start", "end:-1", "+1:start", "x",
                                         "start:x", "1.5", "--1", "+", "-", "+-1", "9:5", "@9:5",
                                         "@", "@x", "@-x", "@2026-13-01", "1:2:3",
                                         "9223372036854775808", " 1", "end:start:end"));

TEST(ParsePositionTest, TakesNoRange) {
  EXPECT_EQ(*ParsePosition("end", kNow), Position::Latest());
  EXPECT_EQ(ParsePosition("1:2", kNow).status().message(),
            "cannot read offset '1:2': write start, end, N, +N, -N or @TIME");
}

}  // namespace
}  // namespace leat::cli
