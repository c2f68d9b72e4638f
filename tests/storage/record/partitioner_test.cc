#include "storage/record/partitioner.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

namespace leat::record {
namespace {

int32_t Signed(uint32_t hash) { return static_cast<int32_t>(hash); }

// Vectors of Kafka's UtilsTest.
TEST(Murmur2, AgreesWithKafka) {
  EXPECT_EQ(Signed(Murmur2("21")), -973932308);
  EXPECT_EQ(Signed(Murmur2("foobar")), -790332482);
  EXPECT_EQ(Signed(Murmur2("a-little-bit-long-string")), -985981536);
  EXPECT_EQ(Signed(Murmur2("a-little-bit-longer-string")), -1486304829);
  EXPECT_EQ(Signed(Murmur2("lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8")), -58897971);
  EXPECT_EQ(Signed(Murmur2("abc")), 479470107);
}

TEST(Murmur2, TakesBytesAsUnsigned) {
  // From the definition, computed apart: bytes above 0x7f in the words and in each place of the
  // tail.
  EXPECT_EQ(Murmur2("\xff"), 0xed6f615bu);
  EXPECT_EQ(Murmur2("\xff\xfe\xfd\xfc\xfb\xfa\xf9"), 0xf6176f45u);
  EXPECT_EQ(Murmur2(""), 0x106e08d9u);
}

TEST(PartitionForKey, DropsTheSignThenTakesTheRemainder) {
  EXPECT_EQ(PartitionForKey("foobar", 10), ((-790332482) & 0x7fffffff) % 10u);
  EXPECT_EQ(PartitionForKey("abc", 7), 479470107 % 7u);
  EXPECT_EQ(PartitionForKey("foobar", 1), 0u);
}

TEST(PartitionForKey, ReachesEveryPartition) {
  std::set<uint32_t> reached;
  for (int i = 0; i < 1000; ++i) reached.insert(PartitionForKey(std::to_string(i), 16));
  EXPECT_EQ(reached.size(), 16u);
  EXPECT_LT(*reached.rbegin(), 16u);
}

}  // namespace
}  // namespace leat::record
