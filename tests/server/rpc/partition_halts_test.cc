#include "server/rpc/partition_halts.h"

#include <gtest/gtest.h>

#include <string>

#include "storage/record/error.h"

namespace leat::rpc {
namespace {

// The request that a halt names; empty when there is none.
std::string HaltedBy(const PartitionHalts& halts, const std::string& topic,
                     std::optional<uint32_t> partition) {
  const absl::Status status = halts.Check(topic, partition);
  if (status.ok()) return "";
  EXPECT_TRUE(IsEarlierRequestFailed(status));
  return record::MetadataOf(status).at(0).second;
}

TEST(PartitionHalts, HaltsOnePartitionUntilItsRequestIsNamed) {
  PartitionHalts halts;
  halts.Halt("t", 1, 10);
  halts.Halt("t", 1, 11);  // In flight behind it.
  EXPECT_EQ(HaltedBy(halts, "t", 1), "10");
  EXPECT_EQ(HaltedBy(halts, "t", 2), "");
  EXPECT_EQ(HaltedBy(halts, "u", 1), "");
  EXPECT_EQ(HaltedBy(halts, "t", std::nullopt), "");
  halts.Resume(11);
  EXPECT_EQ(HaltedBy(halts, "t", 1), "10");
  halts.Resume(10);
  EXPECT_EQ(HaltedBy(halts, "t", 1), "");
}

TEST(PartitionHalts, HaltsTheTopicWhenThePartitionIsNotKnown) {
  PartitionHalts halts;
  halts.Halt("t", std::nullopt, 5);
  EXPECT_EQ(HaltedBy(halts, "t", 0), "5");
  EXPECT_EQ(HaltedBy(halts, "t", std::nullopt), "5");
  EXPECT_EQ(HaltedBy(halts, "u", 0), "");
  halts.Resume(5);
  EXPECT_EQ(HaltedBy(halts, "t", 0), "");
}

TEST(PartitionHalts, OneRequestMayHaltSeveral) {
  PartitionHalts halts;
  halts.Halt("t", 0, 7);
  halts.Halt("t", 3, 7);
  halts.Resume(7);
  EXPECT_EQ(HaltedBy(halts, "t", 0), "");
  EXPECT_EQ(HaltedBy(halts, "t", 3), "");
}

TEST(PartitionHalts, HaltsEverythingWhenThereAreTooMany) {
  PartitionHalts halts;
  for (uint64_t i = 0; i < 5'000; ++i) halts.Halt("t" + std::to_string(i), 0, i);
  EXPECT_EQ(HaltedBy(halts, "other", 0), "4096");
  halts.Resume(4'096);
  EXPECT_EQ(HaltedBy(halts, "other", 0), "");
  EXPECT_EQ(HaltedBy(halts, "t17", 0), "17");
}

}  // namespace
}  // namespace leat::rpc
