#include "server/rpc/consume_request.h"

#include <google/protobuf/text_format.h>
#include <gtest/gtest.h>

#include <string>

#include "server/rpc/validate_group.h"
#include "storage/record/error.h"

namespace leat::rpc {
namespace {

using record::Reason;

template <typename Message>
Message Parse(const std::string& text) {
  Message message;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &message)) << text;
  return message;
}

// The first field that is complained of; empty when all is well.
template <typename Message>
std::string BadField(const std::string& text) {
  const absl::Status status = Validate(Parse<Message>(text));
  if (status.ok()) return "";
  EXPECT_EQ(record::ReasonOf(status), Reason::kInvalidField) << status;
  const auto violations = record::MetadataOf(status);
  return violations.empty() ? "(none)" : violations.front().first;
}

std::string BadJoin(const std::string& fields) {
  return BadField<v1::ConsumeRequest>("join { group: 'g' topics: 't' " + fields + " }");
}

TEST(ConsumeRequestTest, WhatIsNoCommandEndsTheStream) {
  EXPECT_EQ(record::ReasonOf(ParseConsumeRequest(absl::Cord("\xff\xff")).status()),
            Reason::kInvalidField);
  EXPECT_EQ(record::ReasonOf(ParseConsumeRequest(absl::Cord()).status()), Reason::kInvalidField);
  // A command of a later version: field 20, an empty message.
  EXPECT_EQ(record::ReasonOf(
                ParseConsumeRequest(absl::Cord(absl::string_view("\xa2\x01\x00", 3))).status()),
            Reason::kUnknownField);
}

TEST(ConsumeRequestTest, UnknownFieldsOfACommandConcernItAlone) {
  // leave { 7: 1 }
  const auto request = ParseConsumeRequest(absl::Cord("\x4a\x02\x38\x01"));
  ASSERT_TRUE(request.ok());
  EXPECT_TRUE(request->has_leave());
  EXPECT_EQ(record::ReasonOf(CheckCommand(*request)), Reason::kUnknownField);
}

TEST(ConsumeRequestTest, Joins) {
  EXPECT_EQ(BadJoin(""), "");
  EXPECT_EQ(BadField<v1::ConsumeRequest>("join { topics: 't' }"), "join.group");
  EXPECT_EQ(BadField<v1::ConsumeRequest>("join { group: '__g' topics: 't' }"), "join.group");
  EXPECT_EQ(BadField<v1::ConsumeRequest>("join { group: 'a b' topics: 't' }"), "join.group");
  EXPECT_EQ(BadField<v1::ConsumeRequest>("join { group: 'g' }"), "join.topics");
  EXPECT_EQ(BadField<v1::ConsumeRequest>("join { group: 'g' topic_patterns: 'a.*' }"), "");
  EXPECT_EQ(BadJoin("topics: '__groups'"), "join.topics");
  EXPECT_EQ(BadJoin("topic_patterns: ''"), "join.topic_patterns");
  EXPECT_EQ(BadJoin("topic_patterns: '" + std::string(1'001, 'a') + "'"), "join.topic_patterns");
  EXPECT_EQ(BadJoin("instance_id: '" + std::string(250, 'i') + "'"), "join.instance_id");
  EXPECT_EQ(BadJoin("client_name: '" + std::string(250, 'c') + "'"), "join.client_name");
  EXPECT_EQ(BadJoin("start { offset: 1 }"), "join.start");
  EXPECT_EQ(BadJoin("start {}"), "join.start");
  EXPECT_EQ(BadJoin("start { latest {} }"), "");
  EXPECT_EQ(BadJoin("session_timeout_ms: 999"), "join.session_timeout_ms");
  EXPECT_EQ(BadJoin("session_timeout_ms: 1800001"), "join.session_timeout_ms");
  EXPECT_EQ(BadJoin("processing_timeout_ms: 999"), "join.processing_timeout_ms");
  EXPECT_EQ(BadJoin("processing_timeout_ms: 86400001"), "join.processing_timeout_ms");
  EXPECT_EQ(BadJoin("max_chunk_bytes: 1023"), "join.max_chunk_bytes");
  EXPECT_EQ(BadJoin("max_chunk_bytes: 3145729"), "join.max_chunk_bytes");
  EXPECT_EQ(BadJoin("window { bytes: -1 }"), "join.window.bytes");
  EXPECT_EQ(BadJoin("window { bytes: 1073741825 }"), "join.window.bytes");
  EXPECT_EQ(BadJoin("initial_credit { records: -1 }"), "join.initial_credit.records");
  EXPECT_EQ(BadJoin("resume {}"), "join.resume.member_id");
}

TEST(ConsumeRequestTest, TooManyTopicsAndPatterns) {
  v1::ConsumeRequest request;
  request.mutable_join()->set_group("g");
  for (int i = 0; i < 1'001; ++i) request.mutable_join()->add_topics("t" + std::to_string(i));
  EXPECT_EQ(record::ReasonOf(Validate(request)), Reason::kInvalidField);
  request.mutable_join()->mutable_topics()->RemoveLast();
  EXPECT_TRUE(Validate(request).ok());
  for (int i = 0; i < 101; ++i) request.mutable_join()->add_topic_patterns("a");
  EXPECT_EQ(record::ReasonOf(Validate(request)), Reason::kInvalidField);
}

TEST(ConsumeRequestTest, OtherCommands) {
  using Request = v1::ConsumeRequest;
  EXPECT_EQ(BadField<Request>("commit {}"), "commit.positions");
  EXPECT_EQ(BadField<Request>("commit { positions {} }"), "");
  EXPECT_EQ(
      BadField<Request>("commit { positions {} metadata: '" + std::string(4'097, 'm') + "' }"),
      "commit.metadata");
  EXPECT_EQ(BadField<Request>("pause {}"), "pause.partitions");
  EXPECT_EQ(BadField<Request>("resume {}"), "resume.partitions");
  EXPECT_EQ(BadField<Request>("release {}"), "release.positions");
  EXPECT_EQ(BadField<Request>("seek {}"), "seek.targets");
  EXPECT_EQ(BadField<Request>("seek { targets { partition {} } }"), "seek.targets.to");
  EXPECT_EQ(BadField<Request>("seek { targets { to { latest {} } } }"), "");
  EXPECT_EQ(BadField<Request>("leave {}"), "");
  EXPECT_EQ(BadField<Request>("heartbeat_answer {}"), "");
  EXPECT_EQ(BadField<Request>("credit { bytes: -1 }"), "");  // By the credit itself.
}

TEST(ConsumeRequestTest, AdministrativeRequests) {
  EXPECT_EQ(BadField<v1::GetGroupRequest>(""), "group");
  EXPECT_EQ(BadField<v1::GetGroupRequest>("group: 'g'"), "");
  EXPECT_EQ(BadField<v1::GetGroupRequest>("group: 'g' page_size: 1001"), "page_size");
  for (const char* token : {"x", "/", "p/", "p/t", "p/t/", "p/t/x", "p/t/1x", "p/t/4294967296"}) {
    EXPECT_EQ(BadField<v1::GetGroupRequest>(std::string("group: 'g' page_token: '") + token + "'"),
              "page_token");
  }
  EXPECT_EQ(BadField<v1::DeleteGroupRequest>("group: '..'"), "group");
  EXPECT_EQ(BadField<v1::ListGroupsRequest>("page_size: 1001"), "page_size");
  EXPECT_EQ(BadField<v1::ListGroupsRequest>("page_token: 'a b'"), "page_token");
  EXPECT_EQ(BadField<v1::ListGroupsRequest>(""), "");
  EXPECT_EQ(BadField<v1::CommitOffsetsRequest>("group: 'g'"), "positions");
  EXPECT_EQ(BadField<v1::CommitOffsetsRequest>("positions {}"), "group");
  EXPECT_EQ(BadField<v1::CommitOffsetsRequest>("group: 'g' positions {}"), "");
}

TEST(ConsumeRequestTest, SeeksOfGroups) {
  const auto bad = [](const std::string& targets) {
    return BadField<v1::SeekGroupRequest>("group: 'g' " + targets);
  };
  EXPECT_EQ(bad(""), "targets");
  EXPECT_EQ(bad("targets { topic: 't' }"), "targets.position");
  EXPECT_EQ(bad("targets { topic: 't' position {} }"), "targets.position");
  EXPECT_EQ(bad("targets { topic: 't' position { offset: -1 } }"), "targets.position");
  EXPECT_EQ(bad("targets { topic: '__t' shift_records: 1 }"), "topic");
  EXPECT_EQ(bad("targets { partitions: 1 shift_records: 1 }"), "targets.partitions");
  EXPECT_EQ(bad("targets { topic: 't' partitions: [1, 1] shift_records: 1 }"),
            "targets.partitions");
  EXPECT_EQ(bad("targets { topic: 't' partitions: 1 shift_records: 1 } "
                "targets { topic: 't' partitions: 1 shift_records: 2 }"),
            "targets.partitions");
  EXPECT_EQ(bad("targets { topic: 't' topic_id: '!' shift_records: 1 }"), "topic_id");
  EXPECT_EQ(bad("targets { shift_records: -1 }"), "");
  EXPECT_EQ(bad("targets { topic: 't' position { earliest {} } }"), "");
}

TEST(ConsumeRequestTest, SeeksOfTooMuch) {
  v1::SeekGroupRequest request;
  request.set_group("g");
  for (int i = 0; i < 1'024; ++i) request.add_targets()->set_shift_records(1);
  EXPECT_TRUE(Validate(request).ok());
  request.add_targets()->set_shift_records(1);
  EXPECT_EQ(record::ReasonOf(Validate(request)), record::Reason::kInvalidField);

  request.clear_targets();
  v1::GroupSeek& target = *request.add_targets();
  target.set_topic("t");
  target.set_shift_records(1);
  for (uint32_t i = 0; i < 20'000; ++i) target.add_partitions(i);
  EXPECT_TRUE(Validate(request).ok());
  target.add_partitions(20'000);
  EXPECT_EQ(record::ReasonOf(Validate(request)), record::Reason::kInvalidField);
}

TEST(ConsumeRequestTest, DefaultsOfAJoin) {
  const auto join = Parse<v1::Join>("group: 'g' topics: 't'");
  const group::command::Join command = ToCommand(join);
  EXPECT_EQ(command.start, (group::StartPolicy{group::StartPolicy::Kind::kEarliest, 0}));
  EXPECT_EQ(command.session_timeout_ms, 45'000);
  EXPECT_FALSE(command.resume.has_value());
  EXPECT_EQ(ProcessingTimeoutOf(join), absl::Minutes(5));
  EXPECT_EQ(ChunkBytesOf(join), 1u << 20);
  EXPECT_EQ(CreditOf(join).mode(), MemberCredit::Mode::kWindow);
  EXPECT_EQ(CreditOf(join).initial().bytes, 8 << 20);
}

TEST(ConsumeRequestTest, AJoinThatSaysEverything) {
  const auto join = Parse<v1::Join>(
      "group: 'g' topics: 't' topic_patterns: 'p' instance_id: 'i' client_name: 'c' "
      "start { timestamp_ms: 7 } session_timeout_ms: 2000 processing_timeout_ms: 3000 "
      "initial_credit { bytes: 5 records: 6 } max_chunk_bytes: 2048 "
      "resume { member_id: 'm' member_epoch: 4 }");
  const group::command::Join command = ToCommand(join);
  EXPECT_EQ(command.subscription, (group::Subscription{{"t"}, {"p"}}));
  EXPECT_EQ(command.instance_id, "i");
  EXPECT_EQ(command.client_name, "c");
  EXPECT_EQ(command.start, (group::StartPolicy{group::StartPolicy::Kind::kTimestamp, 7}));
  EXPECT_EQ(command.session_timeout_ms, 2'000);
  ASSERT_TRUE(command.resume.has_value());
  EXPECT_EQ(command.resume->member_id, "m");
  EXPECT_EQ(command.resume->member_epoch, 4u);
  EXPECT_EQ(ProcessingTimeoutOf(join), absl::Seconds(3));
  EXPECT_EQ(ChunkBytesOf(join), 2'048u);
  EXPECT_EQ(CreditOf(join).mode(), MemberCredit::Mode::kExplicit);
  EXPECT_EQ(CreditOf(join).initial(), (Amount{5, 6}));
}

}  // namespace
}  // namespace leat::rpc
