#include "cli/table.h"

#include <gtest/gtest.h>

namespace leat::cli {
namespace {

TEST(TableTest, AlignsColumns) {
  Table table({"NAME", ">COUNT", "STATE"});
  table.Add({"orders", "1", "online"});
  table.Add({"é", "1000", ""});
  EXPECT_EQ(table.ToText(),
            "NAME    COUNT  STATE\n"
            "orders      1  online\n"
            "é        1000\n");
}

TEST(TableTest, GivesATerminalNothingToObey) {
  Table table({"NAME"});
  table.Add({std::string("a\0\x1b[31m\nb\x7f", 10)});
  EXPECT_EQ(table.ToText(), "NAME\na\\x00\\x1b[31m\\x0ab\\x7f\n");
}

TEST(TableTest, QuotesCsv) {
  Table table({"a", ">b"});
  table.Add({"x,y", "say \"hi\""});
  EXPECT_EQ(table.ToCsv(), "a,b\r\n\"x,y\",\"say \"\"hi\"\"\"\r\n");
}

}  // namespace
}  // namespace leat::cli
