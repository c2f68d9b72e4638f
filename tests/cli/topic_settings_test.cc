#include "cli/topic_settings.h"

#include <gtest/gtest.h>

namespace leat::cli {
namespace {

TEST(TopicSettingsTest, WhatIsWrittenCanBeRead) {
  v1::TopicConfig config;
  google::protobuf::FieldMask mask;
  for (const char* setting :
       {"retention_time=3d", "retention_bytes=10GiB", "segment_bytes=64MiB", "segment_age=1h",
        "durability=written", "max_record_bytes=2MiB", "max_batch_bytes=3MiB",
        "timestamp_type=append", "cleanup=both", "tombstone_retention=2h", "deduplication_time=2m",
        "deduplication_ids=5000", "checked_keys=6000"}) {
    ASSERT_TRUE(ApplySetting(setting, &config, &mask).ok()) << setting;
  }
  EXPECT_EQ(config.retention_time().seconds(), 3 * 24 * 3600);
  EXPECT_EQ(config.retention_bytes(), int64_t{10} << 30);
  EXPECT_EQ(mask.paths_size(), 13);

  v1::TopicConfig again;
  for (const auto& [name, value] : DescribeSettings(config)) {
    ASSERT_TRUE(ApplySetting(name + "=" + value, &again, &mask).ok()) << name << "=" << value;
  }
  EXPECT_EQ(again.SerializeAsString(), config.SerializeAsString());
}

TEST(TopicSettingsTest, AnEmptyValueIsTheDefault) {
  v1::TopicConfig config;
  google::protobuf::FieldMask mask;
  ASSERT_TRUE(ApplySetting("segment_age=", &config, &mask).ok());
  EXPECT_FALSE(config.has_segment_age());
  EXPECT_EQ(mask.paths(0), "segment_age");
}

TEST(TopicSettingsTest, ForeverIsZero) {
  v1::TopicConfig config;
  google::protobuf::FieldMask mask;
  ASSERT_TRUE(ApplySetting("retention_time=forever", &config, &mask).ok());
  EXPECT_TRUE(config.has_retention_time());
  EXPECT_EQ(config.retention_time().seconds(), 0);
  EXPECT_EQ(DescribeSettings(config)[0].second, "forever");
}

TEST(TopicSettingsTest, RefusesWhatItDoesNotKnow) {
  v1::TopicConfig config;
  google::protobuf::FieldMask mask;
  for (const char* bad :
       {"", "retention_time", "retention=1d", "retention_time=soon", "durability=maybe",
        "max_record_bytes=5GiB", "segment_bytes=-1", "timestamp_type=x", "cleanup=all"}) {
    EXPECT_FALSE(ApplySetting(bad, &config, &mask).ok()) << bad;
  }
}

}  // namespace
}  // namespace leat::cli
