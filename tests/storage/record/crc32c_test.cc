#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <string>

#include "absl/strings/cord.h"
#include "storage/record/batch.h"

namespace leat::record {
namespace {

TEST(Crc32c, GivesTheExamplesOfRfc3720) {
  EXPECT_EQ(Crc32c(std::string(32, '\0')), 0x8a9136aau);
  EXPECT_EQ(Crc32c(std::string(32, '\xff')), 0x62a8ab43u);

  std::string bytes(32, '\0');
  std::iota(bytes.begin(), bytes.end(), '\0');
  EXPECT_EQ(Crc32c(bytes), 0x46dd794eu);
  std::reverse(bytes.begin(), bytes.end());
  EXPECT_EQ(Crc32c(bytes), 0x113fdb5cu);

  constexpr unsigned char kReadCommand[48] = {
      0x01, 0xc0, 0, 0,    0, 0, 0, 0,    0,    0, 0, 0, 0, 0, 0, 0, 0x14, 0, 0, 0, 0, 0, 4, 0,
      0,    0,    0, 0x14, 0, 0, 0, 0x18, 0x28, 0, 0, 0, 0, 0, 0, 0, 2,    0, 0, 0, 0, 0, 0, 0};
  EXPECT_EQ(Crc32c(std::string_view(reinterpret_cast<const char*>(kReadCommand), 48)), 0xd9963a56u);
}

TEST(Crc32c, GivesTheCheckValueOfTheCatalogue) { EXPECT_EQ(Crc32c("123456789"), 0xe3069283u); }

TEST(Crc32c, OfNothingIsTheSeed) {
  EXPECT_EQ(Crc32c(""), 0u);
  EXPECT_EQ(Crc32c(std::string_view(), 0x12345678), 0x12345678u);
  EXPECT_EQ(Crc32c(absl::Cord(), 0x12345678), 0x12345678u);
}

TEST(Crc32c, GoesOnFromAnyPlace) {
  const std::string bytes =
      "what the producer sends is what the segment holds is what the consumer gets";
  for (size_t cut = 0; cut <= bytes.size(); ++cut) {
    const std::string_view view = bytes;
    EXPECT_EQ(Crc32c(view.substr(cut), Crc32c(view.substr(0, cut))), Crc32c(bytes))
        << "cut at " << cut;
  }
}

TEST(Crc32c, OfACordIsThatOfItsBytes) {
  std::string bytes;
  absl::Cord cord;
  for (int i = 0; i < 20; ++i) {
    const std::string chunk(1000 + i, static_cast<char>('a' + i));
    bytes += chunk;
    cord.Append(chunk);
  }
  EXPECT_EQ(Crc32c(cord), Crc32c(bytes));
  EXPECT_EQ(Crc32c(cord, 7), Crc32c(bytes, 7));
}

}  // namespace
}  // namespace leat::record
