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

TEST(TableTest, QuotesCsv) {
  Table table({"a", ">b"});
  table.Add({"x,y", "say \"hi\""});
  EXPECT_EQ(table.ToCsv(), "a,b\r\n\"x,y\",\"say \"\"hi\"\"\"\r\n");
}

}  // namespace
}  // namespace leat::cli
