#include "cli/record_format.h"

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>

namespace leat::cli {
namespace {

using namespace std::string_view_literals;

client::ReadRecord Example() {
  client::ReadRecord record{
      .offset = 7, .timestamp_ms = 1769860800123, .key = "k,1", .value = "a\"b\n"};
  record.headers = {{"trace", "x"}, {"none", std::nullopt}, {"trace", "\xff"sv}};
  return record;
}

// The text of `record`, alone, in `format`.
std::string Format(std::string_view format, const client::ReadRecord& record,
                   Colour colour = Colour::kNo) {
  auto parsed = ParseRecordFormat(format, colour);
  EXPECT_TRUE(parsed.ok()) << parsed.status();
  std::string out;
  (*parsed)->Begin(&out);
  (*parsed)->Append({"logs", 2, record}, &out);
  (*parsed)->End(&out);
  return out;
}

TEST(RecordFormatTest, Raw) {
  EXPECT_EQ(Format("raw", Example()), "a\"b\n\n");
  EXPECT_EQ(Format("raw", {}), "\n");
}

TEST(RecordFormatTest, JsonLines) {
  EXPECT_EQ(
      Format("jsonl", Example()),
      R"({"topic":"logs","partition":2,"offset":7,"timestamp_ms":1769860800123,"key":"k,1",)"
      R"("value":"a\"b\n","headers":[{"name":"trace","value":"x"},{"name":"none","value":null},)"
      R"({"name":"trace","value":{"base64":"/w=="}}]})"
      "\n");
}

TEST(RecordFormatTest, JsonIsOneList) {
  auto json = *ParseRecordFormat("json", Colour::kNo);
  std::string out;
  const client::ReadRecord record;
  for (int i = 0; i < 2; ++i) json->Append({"t", 0, record}, &out);
  json->End(&out);
  const std::string object =
      R"({"topic":"t","partition":0,"offset":0,"timestamp_ms":0,"key":null,"value":null,"headers":[]})";
  EXPECT_EQ(out, "[\n" + object + ",\n" + object + "\n]\n");

  std::string empty;
  (*ParseRecordFormat("json", Colour::kNo))->End(&empty);
  EXPECT_EQ(empty, "[]\n");
}

TEST(RecordFormatTest, Csv) {
  const std::string header = "topic,partition,offset,timestamp_ms,key,value,headers\r\n";
  EXPECT_EQ(
      Format("csv", Example()),
      header +
          "logs,2,7,1769860800123,\"k,1\",\"a\"\"b\n\",\"trace=x,none,trace=base64:/w==\"\r\n");
  EXPECT_EQ(Format("csv", {.key = std::nullopt, .value = ""}),
            header + "logs,2,0,0,,\"\",\"\"\r\n");
}

TEST(RecordFormatTest, LinesForPeopleCannotMoveTheCursor) {
  client::ReadRecord record{
      .offset = 7, .timestamp_ms = 0, .key = std::nullopt, .value = "\x1b[2J\n"};
  EXPECT_EQ(Format("table", record), "1970-01-01T00:00:00.000Z  logs/2@7  -  \\x1b[2J\\x0a\n");
  EXPECT_EQ(
      Format("wide", Example()),
      "2026-01-31T12:00:00.123Z  logs/2@7  k,1  a\"b\\x0a  [trace=x,none,trace=base64:/w==]\n");
  EXPECT_NE(Format("table", Example(), Colour::kYes).find("\x1b["), std::string::npos);
}

TEST(RecordFormatTest, Templates) {
  EXPECT_EQ(Format("%k\\t%v\\n", {.key = "a", .value = "b"}), "a\tb\n");
  EXPECT_EQ(
      Format("%t/%p@%o %d %D %K %V 100%%\\x21", {.offset = 9, .timestamp_ms = 1, .value = "abc"}),
      "logs/2@9 1 1970-01-01T00:00:00.001Z -1 3 100%!");
  EXPECT_EQ(Format("%h", Example()), "trace=x,none,trace=base64:/w==");
  EXPECT_EQ(Format("%v\\0", {.value = "x"}), "x\0"sv);
}

TEST(RecordFormatTest, RefusesWhatItDoesNotKnow) {
  for (const char* bad : {"xml", "", "%", "%z", "%v\\q", "%v\\x1", "%v\\", "%v\\xzz"}) {
    EXPECT_FALSE(ParseRecordFormat(bad, Colour::kNo).ok()) << bad;
  }
}

}  // namespace
}  // namespace leat::cli
