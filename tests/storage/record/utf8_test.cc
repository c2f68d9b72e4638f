#include "storage/record/utf8.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace leat::record {
namespace {

std::string Encode(uint32_t code_point) {
  const auto tail = [&](int shift) {
    return static_cast<char>(0x80 | (code_point >> shift & 0x3f));
  };
  if (code_point < 0x80) return {static_cast<char>(code_point)};
  if (code_point < 0x800) return {static_cast<char>(0xc0 | code_point >> 6), tail(0)};
  if (code_point < 0x10000) return {static_cast<char>(0xe0 | code_point >> 12), tail(6), tail(0)};
  return {static_cast<char>(0xf0 | code_point >> 18), tail(12), tail(6), tail(0)};
}

TEST(Utf8, EveryCodePointButSurrogatesIsValidAndNoPartOfItIs) {
  for (uint32_t code_point = 0; code_point < 0x120000; ++code_point) {
    const std::string encoded = Encode(code_point);
    const std::string_view bytes = encoded;
    const bool surrogate = code_point >= 0xd800 && code_point < 0xe000;
    ASSERT_EQ(IsValidUtf8(bytes), !surrogate && code_point < 0x110000) << code_point;
    ASSERT_TRUE(bytes.size() == 1 || !IsValidUtf8(bytes.substr(0, bytes.size() - 1))) << code_point;
    ASSERT_TRUE(bytes.size() == 1 || !IsValidUtf8(bytes.substr(1))) << code_point;
  }
}

TEST(Utf8, OverlongFormsAreInvalid) {
  EXPECT_FALSE(IsValidUtf8("\xc0\x80"));
  EXPECT_FALSE(IsValidUtf8("\xc1\xbf"));
  EXPECT_FALSE(IsValidUtf8("\xe0\x9f\xbf"));
  EXPECT_FALSE(IsValidUtf8("\xf0\x8f\xbf\xbf"));
}

TEST(Utf8, BytesThatNeverOccurAreInvalid) {
  for (const int byte : {0xc0, 0xc1, 0xf5, 0xf8, 0xfe, 0xff}) {
    EXPECT_FALSE(IsValidUtf8(std::string{static_cast<char>(byte), '\x80', '\x80', '\x80'})) << byte;
  }
}

TEST(Utf8, TextIsValidAsAWhole) {
  EXPECT_TRUE(IsValidUtf8(""));
  EXPECT_TRUE(IsValidUtf8("Mühlgraben \xE2\x82\xAC \xF0\x9F\x8C\x8A"));
  EXPECT_FALSE(IsValidUtf8("M\xfchlgraben"));
  EXPECT_FALSE(IsValidUtf8("\xe2\x82 cut"));
}

}  // namespace
}  // namespace leat::record
