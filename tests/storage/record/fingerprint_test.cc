#include "storage/record/fingerprint.h"

#include <gtest/gtest.h>

#include "storage/record/record_set.h"

namespace leat::record {
namespace {

// The first half of what sha256sum says, as two little endian numbers.
TEST(FingerprintTest, IsHalfOfASha256) {
  const Fingerprint abc = Fingerprint::Of("abc");
  EXPECT_EQ(abc.high, 0xeacf018fbf1678baU);
  EXPECT_EQ(abc.low, 0x2322ae5dde404141U);
}

TEST(FingerprintTest, OfTheKeysOfASet) {
  RecordSetBuilder set;
  set.Add("abc", "1");
  set.Add(std::nullopt, "abc");
  set.Add("", "3");
  const auto keys = FingerprintKeys(set.Take());
  ASSERT_TRUE(keys.ok()) << keys.status();
  EXPECT_EQ(*keys, (KeyFingerprints{Fingerprint::Of("abc"), std::nullopt, Fingerprint::Of("")}));
  EXPECT_FALSE(FingerprintKeys("no set").ok());
}

}  // namespace
}  // namespace leat::record
