#include "bench/load/read_head.h"

#include <string>

#include "gtest/gtest.h"
#include "leat/v1/log.pb.h"

namespace leat::bench {
namespace {

v1::ReadResponse MakeBatch() {
  v1::ReadResponse message;
  message.set_topic_id("0b8f");
  message.set_partition(3);
  message.set_next_offset(50);
  message.mutable_batch()->set_base_offset(40);
  message.mutable_batch()->set_record_count(10);
  message.mutable_batch()->set_payload_crc32c(77);
  message.mutable_batch()->set_payload(std::string(2'000, 'p'));
  return message;
}

TEST(ReadHeadTest, FindsAPayloadWithoutItsBytes) {
  const std::string bytes = MakeBatch().SerializeAsString();
  const auto head = ParseReadHead(std::string_view(bytes).substr(0, kReadHeadBytes), bytes.size());
  ASSERT_TRUE(head.has_value());
  EXPECT_EQ(head->event, ReadHead::Event::kBatch);
  EXPECT_EQ(head->partition, 3u);
  EXPECT_EQ(head->next_offset, 50);
  EXPECT_EQ(head->base_offset, 40);
  EXPECT_EQ(head->record_count, 10u);
  EXPECT_EQ(head->payload_crc32c, 77u);
  EXPECT_EQ(bytes.substr(head->payload_position), std::string(2'000, 'p'));
}

TEST(ReadHeadTest, RefusesWhatIsShortOrNoMessage) {
  const std::string bytes = MakeBatch().SerializeAsString();
  EXPECT_FALSE(ParseReadHead(bytes, bytes.size() - 1).has_value());
  EXPECT_FALSE(ParseReadHead(std::string_view(bytes).substr(0, 20), bytes.size()).has_value());
  EXPECT_FALSE(ParseReadHead("\xff\xff\xff", 3).has_value());
}

TEST(ReadHeadTest, KnowsOtherEvents) {
  v1::ReadResponse message;
  message.mutable_end_of_range();
  const std::string end = message.SerializeAsString();
  EXPECT_EQ(ParseReadHead(end, end.size())->event, ReadHead::Event::kEndOfRange);
  message.mutable_gap()->set_to_offset(5);
  const std::string gap = message.SerializeAsString();
  EXPECT_EQ(ParseReadHead(gap, gap.size())->event, ReadHead::Event::kOther);
}

}  // namespace
}  // namespace leat::bench
