#include "server/rpc/validate.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <string>
#include <vector>

#include "server/rpc/topic_config.h"
#include "storage/record/error.h"

namespace leat::rpc {
namespace {

// The fields that a status complains of.
std::vector<std::string> Fields(const absl::Status& status) {
  std::vector<std::string> fields;
  if (status.ok()) return fields;
  EXPECT_EQ(record::ReasonOf(status), record::Reason::kInvalidField) << status;
  for (const auto& [field, description] : record::MetadataOf(status)) fields.push_back(field);
  return fields;
}

using Violations = std::vector<std::string>;

TEST(TopicName, Table) {
  for (const std::string& name :
       {std::string("a"), std::string("A-b_c.9"), std::string("_a"), std::string("..."),
        std::string("a..b"), std::string("-"), std::string(249, 'x')}) {
    EXPECT_TRUE(IsTopicName(name)) << name;
  }
  for (const std::string& name :
       {std::string(), std::string("."), std::string(".."), std::string("__meta"),
        std::string("../x"), std::string("a/b"), std::string("a b"), std::string("a\0b", 3),
        std::string("\xc3\xa4"), std::string(250, 'x'), std::string("a\n")}) {
    EXPECT_FALSE(IsTopicName(name)) << name;
  }
}

TEST(FieldErrorsTest, RemembersTheFirstFew) {
  v1::ReadRequest request;
  request.set_topic("t");
  for (int i = 0; i < 1'000'000; ++i) request.mutable_accept_batches()->add_codecs(v1::Codec(9));
  const absl::Status status = Validate(request);
  EXPECT_EQ(Fields(status), Violations(16, "accept_batches.codecs"));
  EXPECT_LT(status.message().size(), 2'000u);
}

TEST(TopicId, IsCheckedWhereverItMayBeGiven) {
  const std::string bad = "../x";
  const auto fields = [&bad](auto request, auto... limits) {
    request.set_topic_id(bad);
    const Violations all = Fields(Validate(request, limits...));
    return std::count(all.begin(), all.end(), "topic_id");
  };
  EXPECT_EQ(fields(v1::ReadRequest()), 1);
  EXPECT_EQ(fields(v1::FetchRequest()), 1);
  EXPECT_EQ(fields(v1::ListOffsetsRequest()), 1);
  EXPECT_EQ(fields(v1::UpdateTopicRequest(), ServerLimits()), 1);
  EXPECT_EQ(fields(v1::DeleteTopicRequest()), 1);
  EXPECT_EQ(fields(v1::AddPartitionsRequest(), ServerLimits()), 1);
  EXPECT_EQ(fields(v1::TrimTopicRequest()), 1);
}

// One case: a request with one thing wrong, and the field that is named.
template <typename Request>
struct Case {
  std::function<void(Request&)> change;
  Violations fields;
};

TEST(CreateTopic, Ranges) {
  using R = v1::CreateTopicRequest;
  const std::vector<Case<R>> cases = {
      {[](R&) {}, {}},
      {[](R& r) { r.clear_topic(); }, {"topic"}},
      {[](R& r) { r.set_partition_count(1'024); }, {}},
      {[](R& r) { r.set_partition_count(1'025); }, {"partition_count"}},
      {[](R& r) { r.mutable_config()->mutable_retention_time(); }, {}},
      {[](R& r) { r.mutable_config()->mutable_retention_time()->set_seconds(-1); },
       {"config.retention_time"}},
      {[](R& r) { r.mutable_config()->mutable_retention_time()->set_nanos(-1); },
       {"config.retention_time"}},
      {[](R& r) { r.mutable_config()->mutable_retention_time()->set_seconds(INT64_MAX); },
       {"config.retention_time"}},
      {[](R& r) { r.mutable_config()->set_retention_bytes(-1); }, {"config.retention_bytes"}},
      {[](R& r) { r.mutable_config()->set_segment_bytes(1 << 20); }, {}},
      {[](R& r) { r.mutable_config()->set_segment_bytes((1 << 20) - 1); },
       {"config.segment_bytes"}},
      {[](R& r) { r.mutable_config()->set_segment_bytes((int64_t{64} << 30) + 1); },
       {"config.segment_bytes"}},
      {[](R& r) { r.mutable_config()->mutable_segment_age()->set_seconds(0); },
       {"config.segment_age"}},
      {[](R& r) { r.mutable_config()->set_durability(static_cast<v1::Durability>(3)); },
       {"config.durability"}},
      {[](R& r) { r.mutable_config()->set_max_record_bytes(3 << 20); }, {}},
      {[](R& r) { r.mutable_config()->set_max_record_bytes((3 << 20) + 1); },
       {"config.max_record_bytes"}},
      {[](R& r) { r.mutable_config()->set_max_record_bytes(0); }, {"config.max_record_bytes"}},
      {[](R& r) { r.mutable_config()->set_max_batch_bytes(4 << 20); }, {}},
      {[](R& r) { r.mutable_config()->set_max_batch_bytes((4 << 20) + 1); },
       {"config.max_batch_bytes"}},
      {[](R& r) { r.mutable_config()->set_timestamp_type(static_cast<v1::TimestampType>(-1)); },
       {"config.timestamp_type"}},
      {[](R& r) { r.mutable_config()->set_cleanup(static_cast<v1::Cleanup>(4)); },
       {"config.cleanup"}},
      {[](R& r) { r.mutable_config()->mutable_tombstone_retention()->set_seconds(-1); },
       {"config.tombstone_retention"}},
      {[](R& r) { r.mutable_config()->mutable_deduplication_time(); }, {}},
      {[](R& r) { r.mutable_config()->mutable_deduplication_time()->set_nanos(999'999'999); },
       {"config.deduplication_time"}},
      {[](R& r) { r.mutable_config()->set_deduplication_ids(0); }, {"config.deduplication_ids"}},
      {[](R& r) { r.mutable_config()->set_deduplication_ids(1'000'000); }, {}},
      {[](R& r) { r.mutable_config()->set_deduplication_ids(1'000'001); },
       {"config.deduplication_ids"}},
      {[](R& r) { r.mutable_config()->set_checked_keys(1'000'000); }, {}},
      {[](R& r) { r.mutable_config()->set_checked_keys(1'000'001); }, {"config.checked_keys"}},
      {[](R& r) {
         r.set_topic("../x");
         r.set_partition_count(UINT32_MAX);
       },
       {"topic", "partition_count"}},
  };
  for (const auto& [change, fields] : cases) {
    R request;
    request.set_topic("t");
    change(request);
    EXPECT_EQ(Fields(Validate(request, {})), fields) << request.ShortDebugString();
  }
}

TEST(UpdateTopic, NeedsAMaskOfKnownFields) {
  v1::UpdateTopicRequest request;
  request.set_topic("t");
  EXPECT_EQ(Fields(Validate(request, {})), Violations{"update_mask"});
  request.mutable_update_mask()->add_paths("name");
  EXPECT_EQ(Fields(Validate(request, {})), Violations{"update_mask"});
  request.mutable_update_mask()->set_paths(0, "segment_age");
  EXPECT_EQ(Fields(Validate(request, {})), Violations{});
}

TEST(ListTopics, Ranges) {
  v1::ListTopicsRequest request;
  request.set_page_size(1'000);
  request.set_page_token("orders");
  EXPECT_EQ(Fields(Validate(request)), Violations{});
  request.set_page_size(1'001);
  request.set_page_token("../");
  EXPECT_EQ(Fields(Validate(request)), (Violations{"page_size", "page_token"}));
}

TEST(TrimTopic, TargetsAreDistinctAndNotNegative) {
  v1::TrimTopicRequest request;
  request.set_topic("t");
  EXPECT_EQ(Fields(Validate(request)), Violations{"targets"});
  request.add_targets()->set_partition(1);
  request.add_targets()->set_partition(1);
  request.mutable_targets(1)->set_log_start_offset(-1);
  EXPECT_EQ(Fields(Validate(request)),
            (Violations{"targets.partition", "targets.log_start_offset"}));
}

TEST(Read, Ranges) {
  using R = v1::ReadRequest;
  const std::vector<Case<R>> cases = {
      {[](R&) {}, {}},
      {[](R& r) { r.mutable_start(); }, {"start"}},
      {[](R& r) { r.mutable_start()->set_offset(-1); }, {"start"}},
      {[](R& r) { r.mutable_end()->set_offset(-1); }, {"end"}},
      {[](R& r) { r.mutable_start()->set_last_records(UINT64_MAX); }, {"start"}},
      {[](R& r) { r.mutable_start()->set_timestamp_ms(INT64_MIN); }, {}},
      {[](R& r) { r.add_partitions()->mutable_start(); }, {"partitions.start"}},
      {[](R& r) {
         r.add_partitions();
         r.add_partitions();
       },
       {"partitions"}},
      {[](R& r) { r.set_max_chunk_bytes(1 << 10); }, {}},
      {[](R& r) { r.set_max_chunk_bytes(1'023); }, {"max_chunk_bytes"}},
      {[](R& r) { r.set_max_chunk_bytes(3 << 20); }, {}},
      {[](R& r) { r.set_max_chunk_bytes((3 << 20) + 1); }, {"max_chunk_bytes"}},
      {[](R& r) { r.set_heartbeat_interval_ms(99); }, {"heartbeat_interval_ms"}},
      {[](R& r) { r.set_heartbeat_interval_ms(600'001); }, {"heartbeat_interval_ms"}},
      {[](R& r) { r.mutable_accept_batches()->add_codecs(static_cast<v1::Codec>(40)); },
       {"accept_batches.codecs"}},
  };
  for (const auto& [change, fields] : cases) {
    R request;
    request.set_topic("t");
    change(request);
    EXPECT_EQ(Fields(Validate(request)), fields) << request.ShortDebugString();
  }
}

TEST(Fetch, Ranges) {
  using R = v1::FetchRequest;
  const std::vector<Case<R>> cases = {
      {[](R&) {}, {}},
      {[](R& r) { r.clear_partitions(); }, {"partitions"}},
      {[](R& r) { r.add_partitions(); }, {"partitions"}},
      {[](R& r) { r.mutable_partitions(0)->set_offset(-1); }, {"partitions.offset"}},
      {[](R& r) { r.set_max_wait_ms(300'000); }, {}},
      {[](R& r) { r.set_max_wait_ms(300'001); }, {"max_wait_ms"}},
      {[](R& r) { r.set_max_bytes((3 << 20) + 1); }, {"max_bytes"}},
      {[](R& r) { r.set_min_bytes((1 << 20) + 1); }, {"min_bytes"}},
  };
  for (const auto& [change, fields] : cases) {
    R request;
    request.set_topic("t");
    request.add_partitions();
    change(request);
    EXPECT_EQ(Fields(Validate(request)), fields) << request.ShortDebugString();
  }
}

TEST(ListOffsets, Ranges) {
  v1::ListOffsetsRequest request;
  request.set_topic("t");
  for (int i = 0; i < 1'024; ++i) request.add_queries();
  EXPECT_EQ(Fields(Validate(request)), Violations{});
  request.add_queries();
  request.mutable_queries(0)->mutable_position()->set_offset(-5);
  EXPECT_EQ(Fields(Validate(request)), (Violations{"queries", "queries.position"}));
}

TEST(UnknownFields, AreFoundAtAnyDepth) {
  v1::ReadRequest request;
  request.add_partitions()->mutable_start()->set_offset(1);
  EXPECT_TRUE(RefuseUnknownFields(request).ok());
  auto& start = *request.mutable_partitions(0)->mutable_start();
  start.GetReflection()->MutableUnknownFields(&start)->AddVarint(99, 1);
  const absl::Status status = RefuseUnknownFields(request);
  EXPECT_EQ(record::ReasonOf(status), record::Reason::kUnknownField);
  EXPECT_EQ(record::MetadataOf(status),
            (record::ErrorMetadata{{"field", "ReadRequest.partitions.start.99"}}));
}

TEST(TopicConfig, GoesThereAndBack) {
  v1::TopicConfig config;
  config.mutable_retention_time()->set_seconds(90);
  config.mutable_retention_time()->set_nanos(500'000'000);
  config.set_retention_bytes(1);
  config.set_segment_bytes(2 << 20);
  config.mutable_segment_age()->set_seconds(5);
  config.set_durability(v1::DURABILITY_WRITTEN);
  config.set_max_record_bytes(3);
  config.set_max_batch_bytes(4);
  config.set_timestamp_type(v1::TIMESTAMP_TYPE_APPEND);
  config.set_cleanup(v1::CLEANUP_BOTH);
  config.mutable_tombstone_retention()->set_seconds(7);
  config.mutable_deduplication_time()->set_seconds(8);
  config.set_deduplication_ids(9);
  config.set_checked_keys(10);
  broker::Topic topic;
  ApplyTopicConfig(config, topic.settings);
  EXPECT_EQ(ToProto(topic).config().SerializeAsString(), config.SerializeAsString());
}

TEST(TopicConfig, MasksSetOneFieldOrItsDefault) {
  broker::TopicSettings settings;
  settings.max_batch_bytes = 7;
  settings.max_record_bytes = 7;
  v1::TopicConfig config;
  config.set_max_batch_bytes(9);
  ApplyTopicConfigField("max_batch_bytes", config, settings);
  EXPECT_EQ(settings.max_batch_bytes, 9u);
  EXPECT_EQ(settings.max_record_bytes, 7u);
  ApplyTopicConfigField("max_record_bytes", config, settings);
  EXPECT_EQ(settings.max_record_bytes, broker::TopicSettings().max_record_bytes);
}

}  // namespace
}  // namespace leat::rpc
