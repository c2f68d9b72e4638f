#include "server/rpc/response_encoder.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "leat/v1/log.pb.h"
#include "server/rpc/byte_buffer.h"

namespace leat::rpc {
namespace {

using record::Batch;
using record::Offset;

constexpr int64_t kNumbers[] = {0, 1, 127, 128, 1'700'000'000'000, INT64_MAX, -1, INT64_MIN};

v1::RecordSet Records(int count) {
  v1::RecordSet set;
  for (int i = 0; i < count; ++i) set.add_records()->set_value(std::string(100, 'a'));
  return set;
}

v1::ReadResponse Expected(const EventPlace& place) {
  v1::ReadResponse response;
  response.set_topic_id(std::string(place.topic_id));
  response.set_partition(place.partition);
  response.set_next_offset(place.next_offset.value);
  response.set_high_watermark(place.high_watermark.value);
  return response;
}

std::vector<EventPlace> Places() {
  std::vector<EventPlace> places;
  for (const int64_t number : kNumbers) {
    places.push_back({"0c5b8f9e-0000-4000-8000-000000000000", 3, {number}, {number}});
    places.push_back({"", 0, {number}, {0}});
  }
  return places;
}

TEST(ResponseEncoder, ChunksAreWhatTheLibraryWrites) {
  for (const EventPlace& place : Places()) {
    for (const int records : {0, 1, 1'000}) {
      record::BatchHeader header;
      header.base_timestamp_ms = place.next_offset.value;
      header.append_timestamp_ms = 5;
      header.timestamp_type = record::TimestampType::kAppend;
      v1::ReadResponse expected = Expected(place);
      auto& chunk = *expected.mutable_chunk();
      chunk.set_base_offset(17);
      chunk.set_base_timestamp_ms(header.base_timestamp_ms);
      chunk.set_append_timestamp_ms(5);
      chunk.set_timestamp_type(v1::TIMESTAMP_TYPE_APPEND);
      *chunk.mutable_records() = Records(records);
      const absl::Cord payload(Records(records).SerializeAsString());
      EXPECT_EQ(std::string(EncodeChunk(place, header, {17}, payload)),
                expected.SerializeAsString());
    }
  }
}

TEST(ResponseEncoder, BatchesAreWhatTheLibraryWrites) {
  for (const EventPlace& place : Places()) {
    Batch batch;
    batch.header.base_offset = place.next_offset;
    batch.header.max_timestamp_ms = -7;
    batch.header.record_count = 300;
    batch.header.last_offset_delta = UINT32_MAX;
    batch.header.codec = record::Codec::kLz4;
    batch.header.uncompressed_bytes = 1 << 20;
    batch.header.payload_crc32c = 0xdeadbeef;
    batch.payload = absl::Cord(std::string(place.partition * 1'000, 'p'));
    v1::ReadResponse expected = Expected(place);
    auto& told = *expected.mutable_batch();
    told.set_base_offset(batch.header.base_offset.value);
    told.set_timestamp_type(v1::TIMESTAMP_TYPE_CREATE);
    told.set_record_count(300);
    told.set_last_offset_delta(UINT32_MAX);
    told.set_max_timestamp_ms(-7);
    told.set_codec(v1::CODEC_LZ4);
    told.set_uncompressed_bytes(1 << 20);
    told.set_payload_crc32c(0xdeadbeef);
    told.set_payload(std::string(batch.payload));
    EXPECT_EQ(std::string(EncodeBatch(place, batch)), expected.SerializeAsString());
  }
}

TEST(ResponseEncoder, SmallEventsAreWhatTheLibraryWrites) {
  for (const EventPlace& place : Places()) {
    v1::ReadResponse expected = Expected(place);
    expected.mutable_heartbeat();
    EXPECT_EQ(std::string(EncodeHeartbeat(place)), expected.SerializeAsString());
    expected.mutable_end_of_range();
    EXPECT_EQ(std::string(EncodeEndOfRange(place)), expected.SerializeAsString());
    expected.mutable_gap()->set_to_offset(9);
    expected.mutable_gap()->set_reason(v1::Gap::REASON_TRIMMED);
    EXPECT_EQ(std::string(EncodeTrimmedGap(place, {0}, {9})), expected.SerializeAsString());
  }
}

TEST(ResponseEncoder, FetchResponsesAreWhatTheLibraryWrites) {
  v1::FetchResponse expected;
  EXPECT_EQ(std::string(EncodeFetchResponse("", {})), "");
  expected.set_topic_id("id");
  std::vector<absl::Cord> events;
  for (const EventPlace& place : Places()) {
    v1::ReadResponse& event = *expected.add_events();
    event = Expected(place);
    event.mutable_heartbeat();
    events.push_back(EncodeHeartbeat(place));
  }
  EXPECT_EQ(std::string(EncodeFetchResponse("id", events)), expected.SerializeAsString());
}

TEST(ResponseEncoder, RecordsAreNotCopiedOnTheirWayToGrpc) {
  const std::string bytes = Records(100).SerializeAsString();
  const absl::Cord payload = absl::MakeCordFromExternal(absl::string_view(bytes), [] {});
  grpc::ByteBuffer message = ToByteBuffer(EncodeChunk({}, {}, {0}, payload));
  std::vector<grpc::Slice> slices;
  ASSERT_TRUE(message.Dump(&slices).ok());
  EXPECT_EQ(reinterpret_cast<const char*>(slices.back().begin()), bytes.data());
  EXPECT_EQ(slices.back().size(), bytes.size());
}

TEST(ByteBuffer, GoesThereAndBackWithoutACopy) {
  const std::string large(100'000, 'l');
  absl::Cord cord("small");
  cord.Append(absl::MakeCordFromExternal(absl::string_view(large), [] {}));
  cord.Append("end");
  grpc::ByteBuffer buffer = ToByteBuffer(cord);
  EXPECT_EQ(buffer.Length(), cord.size());
  absl::Cord back = TakeCord(buffer);
  EXPECT_EQ(back, cord);
  bool shared = false;
  for (const absl::string_view chunk : back.Chunks()) shared |= chunk.data() == large.data();
  EXPECT_TRUE(shared);
}

}  // namespace
}  // namespace leat::rpc
