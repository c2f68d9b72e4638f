// Data directories of every format version that this program promises to read: v1 holds two sealed
// segments, an active one with a control frame, footers, a checkpoint and the log of the topics;
// v1_rewritten segments that were compacted, and made dense.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "server/broker/directory_meta.h"
#include "storage/log/footer.h"
#include "storage/log/frame.h"
#include "storage/record/compression.h"
#include "storage/record/record_set.h"
#include "tests/server/broker/matchers.h"
#include "tests/server/broker/simulated_broker.h"
#include "tests/storage/golden/golden_records.h"
#include "tests/storage/log/test_log.h"

namespace leat::golden {
namespace {

using broker::FailsWith;
using broker::IsOk;
using broker::SimulatedBroker;

constexpr char kGolden[] = "tests/storage/golden/v1";
constexpr char kRewritten[] = "tests/storage/golden/v1_rewritten";

std::string ReadGolden(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::filesystem::recursive_directory_iterator FilesBelow(const std::string& directory) {
  return std::filesystem::recursive_directory_iterator(
      directory, std::filesystem::directory_options::follow_directory_symlink);
}

// Puts a golden directory on the simulated disk, without files of the name `leave_out`.
void CopyIn(SimulatedBroker& simulated, const std::string& golden,
            std::string_view leave_out = "") {
  io::FileSystem& disk = simulated.disk();
  const std::string root = SimulatedBroker::kDirectory;
  ASSERT_THAT(disk.CreateDirectory(root), IsOk());
  for (const auto& entry : FilesBelow(golden)) {
    const std::string path = io::JoinPath(root, entry.path().lexically_relative(golden).string());
    if (entry.is_directory()) {
      ASSERT_THAT(disk.CreateDirectory(path), IsOk());
    } else if (entry.path().filename() != leave_out) {
      ASSERT_THAT(io::ReplaceFile(disk, path, ReadGolden(entry.path())), IsOk());
    }
  }
}

// Without the lock, which is all that a server may make that then refuses to start.
std::map<std::string, std::string> Snapshot(SimulatedBroker& simulated) {
  std::map<std::string, std::string> files = log::Snapshot(simulated.disk());
  files.erase(io::JoinPath(SimulatedBroker::kDirectory, "LOCK"));
  return files;
}

void Decode(const record::Batch& batch, std::map<int64_t, Record>& records) {
  const absl::StatusOr<std::string> set = record::Decompress(
      batch.header.codec, std::string(batch.payload), batch.header.uncompressed_bytes);
  ASSERT_THAT(set, IsOk());
  const absl::Status walked =
      record::ForEachRecord(*set, [&](const record::RecordView& view, uint32_t offset_delta) {
        Record& record = records[(batch.header.base_offset + offset_delta).value];
        if (view.key.has_value()) record.key = *view.key;
        if (view.value.has_value()) record.value = *view.value;
        record.timestamp_ms = batch.header.base_timestamp_ms + view.timestamp_delta_ms;
        for (const record::HeaderView& header : view.headers) {
          record.headers.emplace_back(header.name, header.value.has_value()
                                                       ? std::optional<std::string>(*header.value)
                                                       : std::nullopt);
        }
        return true;
      });
  ASSERT_THAT(walked, IsOk());
}

// Everything that a partition holds from its log start on; whole batches come.
std::map<int64_t, Record> ReadRecords(SimulatedBroker& simulated,
                                      const broker::TopicHandle& topic) {
  std::map<int64_t, Record> records;
  const auto status = simulated.Describe(topic, 0);
  EXPECT_THAT(status, IsOk());
  EXPECT_EQ(status->state, log::LogState::kOnline);
  record::Offset from = status->log_start;
  while (from < status->high_watermark) {
    const auto fetched = simulated.Wait<broker::FetchResult>([&](auto done) {
      simulated.broker().Fetch({.topic = topic, .partition = 0, .from = from}, done);
    });
    EXPECT_THAT(fetched, IsOk());
    if (!fetched.ok()) return records;
    for (const record::Batch& batch : fetched->batches) Decode(batch, records);
    from = fetched->next_offset;
  }
  return records;
}

std::map<int64_t, Record> ByOffset(const std::vector<Batch>& batches) {
  std::map<int64_t, Record> records;
  int64_t offset = 0;
  for (const Batch& batch : batches) {
    for (const Record& record : batch.records) records[offset++] = record;
  }
  return records;
}

void ExpectEverything(SimulatedBroker& simulated) {
  const auto topic = simulated.broker().FindTopic(kTopic);
  ASSERT_THAT(topic, IsOk());
  EXPECT_EQ(simulated.Describe(*topic, 0)->log_start.value, kLogStart);
  EXPECT_EQ(ReadRecords(simulated, *topic), ByOffset(Batches()));
  const auto empty = simulated.broker().FindTopic(kEmptyTopic);
  ASSERT_THAT(empty, IsOk());
  EXPECT_EQ((*empty)->partition_count, 2u);
  EXPECT_EQ(simulated.broker().ListTopics("", "", 10).size(), 2u);
  // The log goes on.
  const auto appended = simulated.Append(*topic, 0, "more");
  ASSERT_THAT(appended, IsOk());
  EXPECT_EQ(appended->base_offset.value, static_cast<int64_t>(ByOffset(Batches()).size()));
}

void ExpectRewritten(SimulatedBroker& simulated, const char* name,
                     const std::map<int64_t, Record>& expected) {
  const auto topic = simulated.broker().FindTopic(name);
  ASSERT_THAT(topic, IsOk());
  EXPECT_EQ(ReadRecords(simulated, *topic), expected);
  const auto appended = simulated.Append(*topic, 0, "more");
  ASSERT_THAT(appended, IsOk());
  EXPECT_EQ(appended->base_offset.value, expected.rbegin()->first + 1);
}

void ExpectEverythingRewritten(SimulatedBroker& simulated) {
  std::map<int64_t, Record> left = ByOffset(KeyedBatches());
  for (const int64_t offset : OffsetsCompactedAway()) left.erase(offset);
  ExpectRewritten(simulated, kCompactedTopic, left);
  ExpectRewritten(simulated, kPaddedTopic, ByOffset(PaddedBatches()));
}

TEST(GoldenTest, Version1IsOpenedAndReadInFull) {
  SimulatedBroker simulated(2);
  CopyIn(simulated, kGolden);
  ASSERT_THAT(simulated.Start(), IsOk());
  EXPECT_TRUE(simulated.broker().recovery().findings.empty());
  ExpectEverything(simulated);
}

TEST(GoldenTest, Version1IsReadFromItsFramesAlone) {
  SimulatedBroker simulated(3);
  CopyIn(simulated, kGolden, "checkpoint");
  ASSERT_THAT(simulated.Start(), IsOk());
  const auto& findings = simulated.broker().recovery().findings;
  ASSERT_EQ(findings.size(), 1u);
  EXPECT_EQ(findings[0].finding.kind, log::Finding::Kind::kMissing);
  EXPECT_EQ(findings[0].finding.file, "/data/checkpoint");
  ExpectEverything(simulated);
}

TEST(GoldenTest, Version1RewrittenIsOpenedAndReadInFull) {
  SimulatedBroker simulated(2);
  CopyIn(simulated, kRewritten);
  ASSERT_THAT(simulated.Start(), IsOk());
  EXPECT_TRUE(simulated.broker().recovery().findings.empty());
  ExpectEverythingRewritten(simulated);
}

TEST(GoldenTest, Version1RewrittenIsReadFromItsFramesAlone) {
  SimulatedBroker simulated(3);
  CopyIn(simulated, kRewritten, "checkpoint");
  ASSERT_THAT(simulated.Start(), IsOk());
  EXPECT_EQ(simulated.broker().recovery().findings.size(), 1u);
  ExpectEverythingRewritten(simulated);
}

TEST(GoldenTest, OtherVersionsAreRefusedAndNotTouched) {
  SimulatedBroker simulated(4);
  CopyIn(simulated, kGolden);
  const std::string meta = broker::EncodeDirectoryMeta({.format_version = 2, .block_bytes = 4'096});
  ASSERT_THAT(io::ReplaceFile(simulated.disk(), "/data/meta", meta), IsOk());
  const auto before = Snapshot(simulated);
  EXPECT_THAT(simulated.Start(),
              FailsWith(absl::StatusCode::kFailedPrecondition,
                        "format version 2, but this program knows version 1 only"));
  EXPECT_EQ(Snapshot(simulated), before);
}

// Or the tests above would show less than they say.
TEST(GoldenTest, Version1HoldsEveryKindOfFile) {
  int sealed = 0;
  int active = 0;
  int control_frames = 0;
  for (const auto& entry : FilesBelow(std::string(kGolden) + "/topics")) {
    if (entry.path().extension() != ".log") continue;
    const std::string bytes = ReadGolden(entry.path());
    ++(log::DecodeFooterTrailer(bytes).ok() ? sealed : active);
    for (size_t at = io::kBlockBytes; at < bytes.size(); at += io::kBlockBytes) {
      const auto frame = log::ParseFrameHeaders(std::string_view(bytes).substr(at));
      control_frames += frame.ok() && frame->batch_count == 0;
    }
  }
  EXPECT_EQ(sealed, 2);
  EXPECT_GE(active, 1);
  EXPECT_GE(control_frames, 1);
  for (const char* name : {"/meta", "/checkpoint", "/internal/meta"}) {
    EXPECT_TRUE(std::filesystem::exists(std::string(kGolden) + name)) << name;
  }
}

TEST(GoldenTest, Version1RewrittenHoldsWhatARewriteLeaves) {
  int compacted_segments = 0;
  int emptied_batches = 0;
  int sparse_batches = 0;
  int dense_frames = 0;
  for (const auto& entry : FilesBelow(std::string(kRewritten) + "/topics")) {
    if (entry.path().extension() != ".log") continue;
    const auto owner = std::make_shared<const std::string>(ReadGolden(entry.path()));
    const std::string_view bytes = *owner;
    const auto trailer = log::DecodeFooterTrailer(bytes);
    if (!trailer.ok()) continue;
    const auto footer =
        log::DecodeFooter(trailer->segment_id, bytes.substr(trailer->position.bytes));
    ASSERT_THAT(footer, IsOk());
    compacted_segments += footer->compaction.compacted();
    for (size_t at = io::kBlockBytes; at < trailer->position.bytes;) {
      const auto frame = log::ParseFrame(bytes.substr(at), owner, log::PayloadCheck::kVerify);
      ASSERT_THAT(frame, IsOk());
      dense_frames += frame->batches.size() > 1;
      for (const record::Batch& batch : frame->batches) {
        if ((batch.header.attributes & record::kCompactedBatch) == 0) continue;
        ++(batch.header.record_count == 0 ? emptied_batches : sparse_batches);
      }
      at += frame->header.padded_bytes;
    }
  }
  EXPECT_GE(compacted_segments, 1);
  EXPECT_GE(emptied_batches, 1);
  EXPECT_GE(sparse_batches, 1);
  EXPECT_GE(dense_frames, 2);
}

}  // namespace
}  // namespace leat::golden
