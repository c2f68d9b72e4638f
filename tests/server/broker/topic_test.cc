#include "server/broker/topic.h"

#include "gtest/gtest.h"

namespace leat::broker {
namespace {

TEST(TopicTest, AUuidIsReadAsItIsWritten) {
  const log::Uuid id = MakeUuid(0x0123456789abcdef, 0xfedcba9876543210);
  const std::string text = FormatUuid(id);
  EXPECT_EQ(text.size(), 36u);
  EXPECT_EQ(text[14], '4');  // The version.
  EXPECT_EQ(ParseUuid(text), id);
  EXPECT_EQ(FormatUuid({0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0xa, 0xb, 0xc, 0xd, 0xe, 0xff}),
            "00010203-0405-0607-0809-0a0b0c0d0eff");
}

TEST(TopicTest, NothingElseIsAUuid) {
  for (const char* text :
       {"", "00010203", "00010203-0405-0607-0809-0a0b0c0d0eF0",
        "000102030405-0607-0809-0a0b0c0d0e0f0", "00010203-0405-0607-0809-0a0b0c0d0e0g",
        "00010203-0405-0607-0809-0a0b0c0d0e0f0", "00010203x0405-0607-0809-0a0b0c0d0e0f"}) {
    EXPECT_EQ(ParseUuid(text), std::nullopt) << text;
  }
}

}  // namespace
}  // namespace leat::broker
