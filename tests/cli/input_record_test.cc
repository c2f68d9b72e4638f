#include "cli/input_record.h"

#include <gtest/gtest.h>

#include <optional>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "cli/record_format.h"

namespace leat::cli {
namespace {

using Headers = std::vector<std::pair<std::string, std::optional<std::string>>>;

TEST(ParseJsonRecordTest, TellsNullFromEmptyAndKeepsHeadersInOrder) {
  const auto record = ParseJsonRecord(
      R"({"value":"","timestamp_ms":-5,"partition":3,"topic":"x","offset":9,)"
      R"("headers":[{"name":"b","value":"1"},{"name":"a"},{"name":"b","value":{"base64":"AP8="}}]})");
  ASSERT_TRUE(record.ok()) << record.status();
  EXPECT_EQ(
      *record,
      (InputRecord{
          .key = std::nullopt,
          .value = "",
          .headers = Headers{{"b", "1"}, {"a", std::nullopt}, {"b", std::string("\0\xff", 2)}},
          .timestamp_ms = -5,
          .partition = 3}));
}

TEST(ParseJsonRecordTest, RefusesWhatItWouldLose) {
  for (const char* bad :
       {"", "[]", "1", "{", R"({"value":1})", R"({"value":{"base64":"AA==","x":1}})",
        R"({"value":{"base64":"!"}})", R"({"key":["a"]})", R"({"unknown":1})", R"({"headers":{}})",
        R"({"headers":[{"value":"x"}]})", R"({"headers":[{"name":"a","valeu":"x"}]})",
        R"({"timestamp_ms":1.5})", R"({"timestamp_ms":18446744073709551615})",
        R"({"partition":-1})", R"({"partition":4294967296})", "{\"value\":\"\xff\"}"}) {
    EXPECT_FALSE(ParseJsonRecord(bad).ok()) << bad;
  }
}

// Bytes of every kind: text, control characters, and what is no UTF-8.
std::optional<std::string> RandomBytes(std::mt19937& random) {
  if (random() % 8 == 0) return std::nullopt;
  std::string bytes(random() % 20, '\0');
  const unsigned range = random() % 2 == 0 ? 256 : 128;
  for (char& c : bytes) c = static_cast<char>(random() % range);
  return bytes;
}

TEST(JsonLinesTest, RoundTripIsLossless) {
  std::mt19937 random(1);
  const auto format = *ParseRecordFormat("jsonl", Colour::kNo);
  for (int i = 0; i < 20'000; ++i) {
    InputRecord record{.key = RandomBytes(random), .value = RandomBytes(random)};
    for (unsigned j = random() % 3; j > 0; --j) {
      record.headers.emplace_back(random() % 2 == 0 ? "na\"me" : "trace-\xc3\xa9",
                                  RandomBytes(random));
    }
    record.timestamp_ms = static_cast<int64_t>(random()) - (int64_t{1} << 31);
    record.partition = random() % 5;

    const client::OutgoingRecord view = record.View();
    const client::ReadRecord read{.offset = 1,
                                  .timestamp_ms = *record.timestamp_ms,
                                  .key = view.key,
                                  .value = view.value,
                                  .headers = view.headers};
    std::string line;
    format->Append({"topic", *record.partition, read}, &line);
    ASSERT_EQ(line.find('\n'), line.size() - 1);
    const auto parsed = ParseJsonRecord(line);
    ASSERT_TRUE(parsed.ok()) << parsed.status() << line;
    ASSERT_EQ(*parsed, record) << line;
  }
}

absl::StatusOr<InputRecord> ParseLine(LineParser::Options options, std::string_view line) {
  absl::StatusOr<LineParser> parser = LineParser::Create(std::move(options));
  if (!parser.ok()) return parser.status();
  return parser->Parse(line);
}

TEST(LineParserTest, TakesTheLineAsValue) {
  EXPECT_EQ(*ParseLine({}, "a b"), (InputRecord{.value = "a b"}));
  EXPECT_EQ(*ParseLine({}, ""), (InputRecord{.value = ""}));
  EXPECT_EQ(*ParseLine({.empty_is_null = true}, ""), InputRecord{});
  EXPECT_EQ(*ParseLine({.key = "k"}, "v"), (InputRecord{.key = "k", .value = "v"}));
}

TEST(LineParserTest, CutsAtTheFirstSeparator) {
  EXPECT_EQ(*ParseLine({.key_separator = "::"}, "k::v::w"),
            (InputRecord{.key = "k", .value = "v::w"}));
  EXPECT_EQ(*ParseLine({.key_separator = ":"}, ":"), (InputRecord{.key = "", .value = ""}));
  EXPECT_FALSE(ParseLine({.key_separator = ":"}, "no key").ok());
}

TEST(LineParserTest, FindsTheKeyByExpression) {
  EXPECT_EQ(*ParseLine({.key_regex = R"(user=(\w+))"}, "at 7 user=ann x"),
            (InputRecord{.key = "ann", .value = "at 7 user=ann x"}));
  EXPECT_EQ(ParseLine({.key_regex = R"(\d+)"}, "a 42 \xff")->key, "42");
  EXPECT_FALSE(ParseLine({.key_regex = "x"}, "y").ok());
  EXPECT_FALSE(ParseLine({.key_regex = "(x)?y"}, "y").ok()) << "the group took no part";
}

TEST(LineParserTest, FindsTheMessageIdByExpression) {
  EXPECT_EQ(*ParseLine({.key_separator = ",", .id_regex = R"(id=(\d+))"}, "k,id=12 x"),
            (InputRecord{.key = "k", .value = "id=12 x", .headers = {{"leat-message-id", "12"}}}));
  EXPECT_FALSE(ParseLine({.id_regex = "x"}, "y").ok());
}

TEST(LineParserTest, RefusesUselessFlags) {
  EXPECT_FALSE(LineParser::Create({.id_regex = "("}).ok());
  EXPECT_FALSE(LineParser::Create({.key_regex = "("}).ok());
  EXPECT_FALSE(LineParser::Create({.key_separator = ""}).ok());
  EXPECT_FALSE(LineParser::Create({.key = "a", .key_separator = ":"}).ok());
}

TEST(ParseHeaderTest, TellsNullFromEmpty) {
  EXPECT_EQ(ParseHeader("a=b=c")->second, "b=c");
  EXPECT_EQ(ParseHeader("a=")->second, "");
  EXPECT_EQ(ParseHeader("a")->second, std::nullopt);
  EXPECT_FALSE(ParseHeader("=b").ok());
}

}  // namespace
}  // namespace leat::cli
