// The worked example of docs/disk_format.md, held against the bytes that the code writes.

#include <gtest/gtest.h>

#include <cstdint>
#include <fstream>
#include <optional>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/str_format.h"
#include "storage/io/aligned_buffer.h"
#include "storage/log/format.h"
#include "storage/log/frame.h"
#include "storage/record/batch.h"
#include "storage/record/record_set.h"
#include "tests/storage/log/batches.h"

namespace leat::log {
namespace {

constexpr int64_t kNow = 1'700'000'000'000;

SegmentHeader ExampleHeader() {
  SegmentHeader header{.partition = 3,
                       .segment_id = 0x5e6d1a0c9b8f7e42,
                       .base_offset = {100},
                       .create_timestamp_ms = kNow};
  for (uint8_t i = 0; i < header.topic_id.size(); ++i) header.topic_id[i] = 0xa0 + i;
  return header;
}

record::Batch ExampleBatch() {
  record::RecordSetBuilder records;
  records.Add("k1", "hello");
  records.Add("k2", std::nullopt, 5, {{.name = "h", .value = "x"}});
  record::Batch batch{.payload = absl::Cord(records.Take())};
  batch.header.payload_bytes = static_cast<uint32_t>(batch.payload.size());
  batch.header.uncompressed_bytes = batch.header.payload_bytes;
  batch.header.payload_crc32c = record::Crc32c(batch.payload);
  batch.header.base_offset = {100};
  batch.header.record_count = 2;
  batch.header.last_offset_delta = 1;
  batch.header.append_timestamp_ms = kNow + 123;
  batch.header.base_timestamp_ms = kNow + 100;
  batch.header.max_timestamp_ms = kNow + 105;
  return batch;
}

// Header, one frame with one batch of two records, one control frame.
std::string ExampleSegment() {
  const SegmentHeader header = ExampleHeader();
  const FrameHeader place{.segment_id = header.segment_id,
                          .incarnation = 0x1122334455667788,
                          .previous_crc = SegmentHeaderCrc(header),
                          .first_offset = {100},
                          .stable_offset = {100}};
  const BuiltFrame frame = BuildFrame(place, std::vector<record::Batch>{ExampleBatch()});
  FrameHeader next = place;
  next.previous_crc = frame.header.crc;
  next.first_offset = frame.next_offset();
  next.stable_offset = frame.next_offset();
  const BuiltFrame control = BuildFrame(next, {});
  return SegmentHeaderBlock(header).append(BytesOf(frame)).append(BytesOf(control));
}

// Sixteen bytes a line, as `hexdump` has it; lines of zeros are left out.
std::string Dump(std::string_view bytes) {
  std::string dump;
  for (size_t place = 0; place < bytes.size(); place += 16) {
    const std::string_view line = bytes.substr(place, 16);
    if (line.find_first_not_of('\0') == std::string_view::npos) continue;
    absl::StrAppendFormat(&dump, "%04x ", place);
    for (char byte : line) absl::StrAppendFormat(&dump, " %02x", static_cast<uint8_t>(byte));
    dump += '\n';
  }
  return dump;
}

// What stands between "```hex" and "```".
std::string ReadExample() {
  std::ifstream page("docs/disk_format.md");
  std::string example;
  bool inside = false;
  for (std::string line; std::getline(page, line);) {
    if (line.starts_with("```")) {
      inside = line == "```hex";
    } else if (inside) {
      // A line may end with a remark.
      example += line.substr(0, line.find("  |")) + "\n";
    }
  }
  return example;
}

TEST(DiskFormatTest, ExampleIsWhatTheCodeWrites) {
  EXPECT_EQ(ReadExample(), Dump(ExampleSegment()));
}

TEST(DiskFormatTest, ExampleIsWhatTheCodeReads) {
  std::string bytes(3 * io::kBlockBytes, '\0');
  std::istringstream lines(ReadExample());
  for (std::string line; std::getline(lines, line);) {
    std::istringstream numbers(line);
    size_t place = 0;
    numbers >> std::hex >> place;
    for (unsigned byte = 0; numbers >> byte; ++place) bytes[place] = static_cast<char>(byte);
  }
  const absl::StatusOr<SegmentHeader> header = DecodeSegmentHeader(bytes);
  ASSERT_TRUE(header.ok()) << header.status();
  EXPECT_EQ(*header, ExampleHeader());
  const std::string_view frames = std::string_view(bytes).substr(io::kBlockBytes);
  const absl::StatusOr<ParsedFrame> frame = ParseFrame(frames, nullptr, PayloadCheck::kVerify);
  ASSERT_TRUE(frame.ok()) << frame.status();
  ASSERT_EQ(frame->batches.size(), 1u);
  EXPECT_EQ(frame->batches[0].header, ExampleBatch().header);
  EXPECT_EQ(frame->batches[0].payload, ExampleBatch().payload);
  const absl::StatusOr<ParsedFrame> control =
      ParseFrame(frames.substr(io::kBlockBytes), nullptr, PayloadCheck::kVerify);
  ASSERT_TRUE(control.ok()) << control.status();
  EXPECT_EQ(control->header.previous_crc, frame->header.crc);
  EXPECT_EQ(control->header.stable_offset.value, 102);
}

}  // namespace
}  // namespace leat::log
