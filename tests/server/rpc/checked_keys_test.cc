// Appends on conditions on keys, of a real server.

#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "storage/record/compression.h"
#include "storage/record/partitioner.h"
#include "tests/server/server_fixture.h"

namespace leat::server {
namespace {

using grpc::StatusCode;
using Keys = std::vector<std::string>;

class CheckedKeysTest : public ServerTest {
 protected:
  CheckedKeysTest() { Start(); }

  void Restart() {
    ASSERT_TRUE(Stop().ok());
    Start();
  }

  static v1::TopicConfig Config(uint32_t checked_keys = 100) {
    v1::TopicConfig config;
    config.set_checked_keys(checked_keys);
    return config;
  }

  // A record for each key, to the partition of theirs of so many.
  static v1::ProduceRequest Keyed(const Keys& keys, int64_t expected_key_offset,
                                  uint32_t partition_count = 1) {
    v1::ProduceRequest request = Request("t", static_cast<int>(keys.size()));
    request.clear_partition();
    for (size_t i = 0; i < keys.size(); ++i) {
      request.mutable_records()->mutable_records(static_cast<int>(i))->set_key(keys[i]);
    }
    request.set_partition_count(partition_count);
    request.set_expected_key_offset(expected_key_offset);
    return request;
  }

  // "12", "12 again", or the reason for which it was refused, with what is told of the place.
  std::string Send(const v1::ProduceRequest& request) {
    v1::ProduceResponse response;
    const grpc::Status status = Produce(request, &response);
    if (status.ok()) {
      return std::to_string(response.parts(0).base_offset()) +
             (response.parts(0).duplicate() ? " again" : "");
    }
    const ErrorView view = View(status);
    for (const char* name : {"actual", "horizon"}) {
      if (view.metadata.contains(name)) return std::string(name) + " " + view.metadata.at(name);
    }
    return view.reason;
  }
  std::string Send(const Keys& keys, int64_t expected) { return Send(Keyed(keys, expected)); }

  grpc::Status SetLimit(uint32_t checked_keys) {
    grpc::ClientContext context;
    v1::UpdateTopicRequest request;
    v1::UpdateTopicResponse response;
    request.set_topic("t");
    *request.mutable_config() = Config(checked_keys);
    request.mutable_update_mask()->add_paths("checked_keys");
    const grpc::Status status = topics().UpdateTopic(&context, request, &response);
    if (status.ok()) EXPECT_EQ(response.topic().config().checked_keys(), checked_keys);
    return status;
  }
};

TEST_F(CheckedKeysTest, OnlyWhoKnowsAllOfAKeyAppends) {
  ASSERT_OK(Create("t", 1, Config()));
  EXPECT_EQ(Send({"a", "b"}, 0), "0");
  EXPECT_EQ(Send({"b"}, 1), "actual 1");
  EXPECT_EQ(Send({"b"}, 2), "2");
  EXPECT_EQ(Send({"new"}, 0), "3");
  const ErrorView conflict = View(Produce(Keyed({"a"}, 0)));
  EXPECT_EQ(conflict.code, StatusCode::ABORTED);
  EXPECT_EQ(conflict.reason, "OFFSET_CONFLICT");
  EXPECT_EQ(conflict.metadata.at("expected"), "0");
}

TEST_F(CheckedKeysTest, OtherRequestsCountToo) {
  ASSERT_OK(Create("t", 1, Config()));
  v1::ProduceRequest plain = Keyed({"a"}, 0);
  plain.clear_expected_key_offset();
  EXPECT_EQ(Send(plain), "0");
  EXPECT_EQ(Send({"a"}, 0), "actual 0");
  const std::string set = plain.records().SerializeAsString();
  plain.clear_partition_count();
  plain.set_partition(0);
  auto& compressed = *plain.mutable_compressed();
  compressed.set_codec(v1::CODEC_LZ4);
  compressed.set_record_count(1);
  compressed.set_uncompressed_bytes(static_cast<uint32_t>(set.size()));
  compressed.set_data(record::Compress(record::Codec::kLz4, set).value());
  EXPECT_EQ(Send(plain), "1");
  EXPECT_EQ(Send({"a"}, 1), "actual 1");
  plain.set_expected_key_offset(1);
  EXPECT_EQ(Send(plain), "actual 1");
  plain.set_expected_key_offset(2);
  EXPECT_EQ(Send(plain), "2");
}

TEST_F(CheckedKeysTest, EachPartitionHasItsOwn) {
  ASSERT_OK(Create("t", 4, Config()));
  EXPECT_EQ(Send(Keyed({"a"}, 0, 4)), "0");
  EXPECT_EQ(Send(Keyed({"a"}, 0, 4)), "actual 0");
  v1::ProduceRequest elsewhere = Keyed({"a"}, 0);
  elsewhere.clear_partition_count();
  EXPECT_EQ(View(Produce(elsewhere)).fields, Keys{"expected_key_offset"}) << "of which partition?";
  elsewhere.set_partition((record::PartitionForKey("a", 4) + 1) % 4);
  EXPECT_EQ(Send(elsewhere), "0");
}

TEST_F(CheckedKeysTest, RecordsOfSeveralPartitionsAreRefused) {
  ASSERT_OK(Create("t", 4, Config()));
  Keys keys;
  for (int i = 0; i < 20; ++i) keys.push_back(std::to_string(i));
  EXPECT_EQ(View(Produce(Keyed(keys, 0, 4))).fields, Keys{"expected_key_offset"});
  v1::ProduceRequest split = Keyed(keys, 0, 4);
  split.clear_expected_key_offset();
  ASSERT_OK(Produce(split));
  for (const std::string& key : keys) {
    EXPECT_TRUE(Send(Keyed({key}, 0, 4)).starts_with("actual "))
        << "each part told of its own keys";
  }
}

TEST_F(CheckedKeysTest, WhatCannotBeCheckedIsRefused) {
  ASSERT_OK(Create("t"));
  const ErrorView off = View(Produce(Keyed({"a"}, 0)));
  EXPECT_EQ(off.code, StatusCode::FAILED_PRECONDITION);
  EXPECT_EQ(off.reason, "KEYS_NOT_CHECKED");
  ASSERT_OK(SetLimit(10));
  v1::ProduceRequest keyless = Keyed({"a", "b"}, 0);
  keyless.mutable_records()->mutable_records(1)->clear_key();
  const ErrorView bad = View(Produce(keyless));
  EXPECT_EQ(bad.code, StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(bad.reason, "INVALID_RECORDS");
  EXPECT_EQ(View(Produce(Keyed({"a"}, -1))).fields, Keys{"expected_key_offset"});
  EXPECT_EQ(View(Produce(Keyed({"a"}, 1))).reason, "OFFSET_OUT_OF_RANGE");
  EXPECT_EQ(HighWatermark("t"), 0);
}

TEST_F(CheckedKeysTest, AfterAStartAReaderCatchesUp) {
  ASSERT_OK(Create("t", 1, Config()));
  EXPECT_EQ(Send({"a"}, 0), "0");
  EXPECT_EQ(Send({"b"}, 0), "1");
  Restart();
  EXPECT_EQ(Send({"a"}, 1), "horizon 2");
  EXPECT_EQ(Send({"a"}, 2), "2");
  EXPECT_EQ(Send({"a"}, 3), "3") << "known again";
}

TEST_F(CheckedKeysTest, TheSettingChangesWhileInUse) {
  ASSERT_OK(Create("t", 1, Config()));
  for (int i = 0; i < 10; ++i) EXPECT_EQ(Send({std::to_string(i)}, i), std::to_string(i));
  ASSERT_OK(SetLimit(3));
  EXPECT_EQ(Send({"6"}, 6), "horizon 7");
  EXPECT_EQ(Send({"7"}, 7), "actual 7");
  ASSERT_OK(SetLimit(0));
  EXPECT_EQ(Send({"7"}, 10), "KEYS_NOT_CHECKED");
  ASSERT_OK(SetLimit(3));
  EXPECT_EQ(Send({"7"}, 9), "horizon 10");
  EXPECT_EQ(Send({"7"}, 10), "10");
}

// Each thread adds to one of few keys, knowing only what it was told; every addition is there once.
TEST_F(CheckedKeysTest, NoneOfManyWritersOverwritesAnother) {
  ASSERT_OK(Create("t", 1, Config(2)));
  std::atomic<int> appended = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([this, i, &appended] {
      int64_t known = 0;
      for (int n = 0; n < 25;) {
        const std::string answer = Send({std::to_string((i + n) % 3)}, known);
        if (answer.starts_with("actual ")) {
          known = std::stoll(answer.substr(7)) + 1;
        } else if (answer.starts_with("horizon ")) {
          known = std::stoll(answer.substr(8));
        } else {
          EXPECT_EQ(answer.find_first_not_of("0123456789"), answer.npos) << answer;
          ++n;
          ++appended;
        }
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(appended, 100);
  EXPECT_EQ(HighWatermark("t"), 100);
}

}  // namespace
}  // namespace leat::server
