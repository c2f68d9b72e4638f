#include "server/rpc/produce_request.h"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

#include "leat/v1/log.pb.h"
#include "storage/record/error.h"

namespace leat::rpc {
namespace {

using record::Reason;

// In pieces of `piece` bytes, as gRPC may deliver it.
absl::Cord InPieces(const std::string& bytes, size_t piece) {
  absl::Cord cord;
  for (size_t i = 0; i < bytes.size(); i += piece) {
    // External, so that the cord does not join them.
    auto* part = new std::string(bytes.substr(i, piece));
    cord.Append(absl::MakeCordFromExternal(absl::string_view(*part), [part] { delete part; }));
  }
  return cord;
}

v1::ProduceRequest Full() {
  v1::ProduceRequest request;
  request.set_topic("orders");
  request.set_topic_id("0123");
  request.set_partition(7);
  request.set_durability(v1::DURABILITY_WRITTEN);
  request.set_base_timestamp_ms(-5);
  request.set_payload_crc32c(0xffffffff);
  request.mutable_sequence()->set_producer_id(INT64_MAX);
  request.mutable_sequence()->set_producer_epoch(3);
  request.mutable_sequence()->set_base_sequence(INT32_MAX);
  request.set_expected_offset(40);
  request.set_expected_key_offset(39);
  for (int i = 0; i < 10; ++i) {
    request.mutable_records()->add_records()->set_value(std::string(1'000, 'v'));
  }
  return request;
}

TEST(ProduceRequest, IsReadAsTheLibraryWritesItHoweverItIsCut) {
  const v1::ProduceRequest request = Full();
  for (const size_t piece : {1u, 2u, 7u, 4'096u, 1u << 20}) {
    const auto parsed = ParseProduceRequest(InPieces(request.SerializeAsString(), piece));
    ASSERT_TRUE(parsed.ok()) << parsed.status();
    EXPECT_EQ(parsed->topic, "orders");
    EXPECT_EQ(parsed->topic_id, "0123");
    EXPECT_EQ(parsed->partition, 7u);
    EXPECT_EQ(parsed->base_timestamp_ms, -5);
    EXPECT_EQ(parsed->payload_crc32c, 0xffffffffu);
    EXPECT_EQ(parsed->sequence->producer_id, INT64_MAX);
    EXPECT_EQ(parsed->sequence->producer_epoch, 3);
    EXPECT_EQ(parsed->sequence->base_sequence, INT32_MAX);
    EXPECT_EQ(parsed->expected_offset, 40);
    EXPECT_EQ(parsed->expected_key_offset, 39);
    EXPECT_EQ(parsed->codec, record::Codec::kNone);
    EXPECT_EQ(std::string(parsed->payload), request.records().SerializeAsString());
  }
}

TEST(ProduceRequest, SharesTheMemoryOfItsPayload) {
  const std::string bytes = Full().SerializeAsString();
  const absl::Cord message = absl::MakeCordFromExternal(absl::string_view(bytes), [] {});
  const auto parsed = ParseProduceRequest(message);
  ASSERT_TRUE(parsed.ok());
  const auto payload = parsed->payload.TryFlat();
  ASSERT_TRUE(payload.has_value());
  EXPECT_GE(payload->data(), bytes.data());
  EXPECT_LE(payload->data() + payload->size(), bytes.data() + bytes.size());
}

TEST(ProduceRequest, LeavesUnsetFieldsUnset) {
  v1::ProduceRequest request;
  request.set_topic("t");
  request.mutable_records();
  const auto parsed = ParseProduceRequest(absl::Cord(request.SerializeAsString()));
  ASSERT_TRUE(parsed.ok()) << parsed.status();
  EXPECT_FALSE(parsed->partition.has_value());
  EXPECT_FALSE(parsed->base_timestamp_ms.has_value());
  EXPECT_FALSE(parsed->payload_crc32c.has_value());
}

TEST(ProduceRequest, ReadsCompressedRecords) {
  v1::ProduceRequest request;
  request.set_topic("t");
  request.set_partition(0);
  auto& compressed = *request.mutable_compressed();
  compressed.set_codec(v1::CODEC_LZ4);
  compressed.set_record_count(3);
  compressed.set_uncompressed_bytes(100);
  compressed.set_data("bytes");
  const auto parsed = ParseProduceRequest(absl::Cord(request.SerializeAsString()));
  ASSERT_TRUE(parsed.ok()) << parsed.status();
  EXPECT_EQ(parsed->codec, record::Codec::kLz4);
  EXPECT_EQ(parsed->record_count, 3u);
  EXPECT_EQ(parsed->uncompressed_bytes, 100u);
  EXPECT_EQ(std::string(parsed->payload), "bytes");
}

std::vector<std::string> ViolationsOf(const std::string& bytes) {
  const absl::Status status = ParseProduceRequest(absl::Cord(bytes)).status();
  EXPECT_EQ(record::ReasonOf(status), Reason::kInvalidField) << status;
  std::vector<std::string> fields;
  for (const auto& [field, description] : record::MetadataOf(status)) fields.push_back(field);
  return fields;
}

using Violations = std::vector<std::string>;

TEST(ProduceRequest, NamesBadFields) {
  v1::ProduceRequest request = Full();
  request.set_topic("../x");
  request.set_base_timestamp_ms(INT64_MAX);
  EXPECT_EQ(ViolationsOf(request.SerializeAsString()), (Violations{"topic", "base_timestamp_ms"}));

  request = Full();
  request.set_topic_id("\xff");
  EXPECT_EQ(ViolationsOf(request.SerializeAsString()), Violations{"topic_id"});

  request = Full();
  request.set_durability(static_cast<v1::Durability>(3));
  EXPECT_EQ(ViolationsOf(request.SerializeAsString()), Violations{"durability"});

  request = Full();
  request.clear_payload();
  EXPECT_EQ(ViolationsOf(request.SerializeAsString()), Violations{"payload"});

  request = Full();
  request.clear_partition();
  EXPECT_EQ(ViolationsOf(request.SerializeAsString()),
            (Violations{"payload_crc32c", "sequence", "expected_offset", "expected_key_offset"}));

  request = Full();
  request.set_expected_key_offset(-1);
  EXPECT_EQ(ViolationsOf(request.SerializeAsString()), Violations{"expected_key_offset"});

  request = Full();
  request.set_partition_count(3);
  EXPECT_EQ(ViolationsOf(request.SerializeAsString()), Violations{"partition_count"});

  request = Full();
  request.mutable_compressed()->set_codec(static_cast<v1::Codec>(9));
  EXPECT_EQ(ViolationsOf(request.SerializeAsString()), Violations{"compressed.codec"});

  request.mutable_compressed()->set_codec(v1::CODEC_ZSTD);
  request.clear_partition();
  request.clear_payload_crc32c();
  EXPECT_EQ(ViolationsOf(request.SerializeAsString()),
            (Violations{"compressed", "sequence", "expected_offset", "expected_key_offset"}));
}

TEST(ProduceRequest, RefusesWhatParsersReadDifferently) {
  const std::string good = Full().SerializeAsString();
  // A singular field twice: the library takes the last, or merges.
  EXPECT_EQ(ViolationsOf(good + good), Violations{"ProduceRequest"});
  v1::ProduceRequest both;
  both.mutable_compressed()->set_codec(v1::CODEC_ZSTD);
  EXPECT_EQ(ViolationsOf(good + both.SerializeAsString()), Violations{"payload"});
  // Numbers too large for their fields: a partition of 2^32, a varint of eleven bytes.
  EXPECT_EQ(ViolationsOf("\x18\x80\x80\x80\x80\x10"), Violations{"ProduceRequest"});
  EXPECT_EQ(ViolationsOf("\x28" + std::string(10, '\xff') + "\x01"), Violations{"ProduceRequest"});
  // Field number zero.
  EXPECT_EQ(ViolationsOf(std::string("\0\0", 2)), Violations{"ProduceRequest"});
  // Cut off, at every byte.
  for (size_t size = 0; size < good.size(); ++size) {
    EXPECT_FALSE(ParseProduceRequest(absl::Cord(good.substr(0, size))).ok());
  }
}

TEST(ProduceRequest, RefusesUnknownFieldsAndWrongTypes) {
  const std::string good = Full().SerializeAsString();
  for (const auto& [extra, field] :
       {std::pair<std::string, std::string>{"\x58\x01", "ProduceRequest.11"},
        {std::string("\x82\x01\x00", 3), "ProduceRequest.16"},
        {std::string("\x1a\x00", 2), "ProduceRequest.3"},
        {std::string("\x75\0\0\0\0", 5), "ProduceRequest.14"}}) {
    const bool known = field == "ProduceRequest.3" || field == "ProduceRequest.14";
    const absl::Status status =
        ParseProduceRequest(absl::Cord(known ? extra : good + extra)).status();
    EXPECT_EQ(record::ReasonOf(status), Reason::kUnknownField) << status;
    EXPECT_EQ(record::MetadataOf(status), (record::ErrorMetadata{{"field", field}}));
  }
}

// What is taken, the library takes, and reads alike: bytes changed, removed and added at random.
TEST(ProduceRequest, AgreesWithTheLibraryOnWhatItTakes) {
  std::mt19937 random(7);
  v1::ProduceRequest small = Full();
  small.mutable_records()->Clear();
  small.mutable_records()->add_records()->set_key("k");
  v1::ProduceRequest packed = small;
  packed.mutable_compressed()->set_codec(v1::CODEC_ZSTD);
  packed.mutable_compressed()->set_record_count(3);
  packed.mutable_compressed()->set_data("data");
  const std::string seeds[] = {small.SerializeAsString(), packed.SerializeAsString()};
  int taken = 0;
  for (int i = 0; i < 200'000; ++i) {
    std::string bytes = seeds[random() % 2];
    for (uint32_t changes = random() % 3 + 1; changes > 0; --changes) {
      const size_t at = random() % bytes.size();
      switch (random() % 3) {
        case 0:
          bytes[at] = static_cast<char>(random());
          break;
        case 1:
          bytes.erase(at, 1);
          break;
        default:
          bytes.insert(at, 1, static_cast<char>(random()));
      }
    }
    const auto parsed = ParseProduceRequest(absl::Cord(bytes));
    if (!parsed.ok()) continue;
    ++taken;
    v1::ProduceRequest library;
    // The payload is checked elsewhere: the library parses it here.
    const bool known = library.ParseFromString(bytes);
    if (!known && parsed->codec == record::Codec::kNone) continue;
    ASSERT_TRUE(known);
    ASSERT_TRUE(library.GetReflection()->GetUnknownFields(library).empty());
    ASSERT_EQ(library.topic(), parsed->topic);
    ASSERT_EQ(library.topic_id(), parsed->topic_id);
    ASSERT_EQ(library.has_partition(), parsed->partition.has_value());
    ASSERT_EQ(library.partition(), parsed->partition.value_or(0));
    ASSERT_EQ(library.base_timestamp_ms(), parsed->base_timestamp_ms.value_or(0));
    ASSERT_EQ(library.payload_crc32c(), parsed->payload_crc32c.value_or(0));
    ASSERT_EQ(library.has_sequence(), parsed->sequence.has_value());
    const record::ProducerSequence sequence = parsed->sequence.value_or(record::ProducerSequence{});
    ASSERT_EQ(library.sequence().producer_id(), sequence.producer_id);
    ASSERT_EQ(library.sequence().producer_epoch(), sequence.producer_epoch);
    ASSERT_EQ(library.sequence().base_sequence(), sequence.base_sequence);
    ASSERT_EQ(library.expected_offset(), parsed->expected_offset.value_or(0));
    ASSERT_EQ(library.partition_count(), parsed->partition_count.value_or(0));
    ASSERT_EQ(library.expected_key_offset(), parsed->expected_key_offset.value_or(0));
    ASSERT_EQ(library.has_compressed(), parsed->codec != record::Codec::kNone);
    ASSERT_EQ(library.compressed().record_count(), parsed->record_count);
    ASSERT_EQ(library.compressed().uncompressed_bytes(), parsed->uncompressed_bytes);
    if (library.has_compressed()) {
      ASSERT_EQ(library.compressed().data(), parsed->payload);
    }
  }
  EXPECT_GT(taken, 1'000);
}

TEST(ProduceStreamRequest, IsReadAsTheLibraryWritesIt) {
  v1::ProduceStreamRequest request;
  request.set_request_id(UINT64_MAX);
  request.set_resume_after(0);
  request.set_unordered(true);
  *request.mutable_produce() = Full();
  const auto parsed = ParseProduceStreamRequest(InPieces(request.SerializeAsString(), 100));
  ASSERT_TRUE(parsed.ok()) << parsed.status();
  EXPECT_EQ(parsed->request_id, UINT64_MAX);
  EXPECT_EQ(parsed->resume_after, 0u);
  EXPECT_TRUE(parsed->unordered);
  EXPECT_EQ(std::string(parsed->produce), Full().SerializeAsString());

  const auto empty = ParseProduceStreamRequest(absl::Cord());
  ASSERT_TRUE(empty.ok());
  EXPECT_FALSE(empty->resume_after.has_value());
}

}  // namespace
}  // namespace leat::rpc
