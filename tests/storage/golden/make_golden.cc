// Writes a golden data directory of the format version of this program: once, when the version, or
// what it can hold, is new. What is there is never written again: that it is old is its worth.
//
//   bazel run //tests/storage/golden:make_golden -- written "$PWD/tests/storage/golden/v1"
//   bazel run //tests/storage/golden:make_golden -- rewritten \
//       "$PWD/tests/storage/golden/v1_rewritten"

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "storage/record/compression.h"
#include "storage/record/record_set.h"
#include "tests/server/broker/simulated_broker.h"
#include "tests/storage/golden/golden_records.h"
#include "tests/storage/log/test_log.h"

namespace leat::golden {
namespace {

void Require(const absl::Status& status) {
  if (status.ok()) return;
  std::fprintf(stderr, "make_golden: %s\n", status.ToString().c_str());
  std::exit(1);
}

record::Batch Encode(const Batch& batch) {
  record::RecordSetBuilder builder;
  int64_t max_timestamp_ms = 0;
  for (const Record& record : batch.records) {
    std::vector<record::HeaderView> headers;
    for (const auto& [name, value] : record.headers) {
      headers.push_back(
          {name, value.has_value() ? std::optional<std::string_view>(*value) : std::nullopt});
    }
    builder.Add(record.key, record.value, record.timestamp_ms - kBaseTimestampMs, headers);
    max_timestamp_ms = std::max(max_timestamp_ms, record.timestamp_ms);
  }
  const std::string set = builder.Take();
  const absl::StatusOr<std::string> payload = record::Compress(batch.codec, set);
  Require(payload.status());
  record::Batch encoded{.payload = absl::Cord(*payload)};
  encoded.header.payload_bytes = static_cast<uint32_t>(payload->size());
  encoded.header.uncompressed_bytes = static_cast<uint32_t>(set.size());
  encoded.header.payload_crc32c = record::Crc32c(*payload);
  encoded.header.record_count = static_cast<uint32_t>(batch.records.size());
  encoded.header.last_offset_delta = encoded.header.record_count - 1;
  encoded.header.base_timestamp_ms = kBaseTimestampMs;
  encoded.header.max_timestamp_ms = max_timestamp_ms;
  encoded.header.codec = batch.codec;
  return encoded;
}

constexpr broker::TopicSettings kSmallSegments = {.retention_time = absl::ZeroDuration(),
                                                  .segment_bytes = 16'384};

broker::TopicHandle Create(broker::SimulatedBroker& simulated, const char* name,
                           const broker::TopicSettings& settings,
                           const std::vector<Batch>& batches) {
  const auto topic = simulated.Create(name, 1, settings);
  Require(topic.status());
  for (const Batch& batch : batches) {
    const auto appended = simulated.Wait<log::AppendResult>(
        [&](auto done) { simulated.broker().Append(*topic, 0, Encode(batch), done); });
    Require(appended.status());
  }
  return *topic;
}

// Two sealed segments and an active one, which ends with a control frame; topics that are empty and
// deleted.
void Write(broker::SimulatedBroker& simulated) {
  Require(simulated.Start());
  const broker::TopicHandle topic = Create(simulated, kTopic, kSmallSegments, Batches());
  Require(simulated.Trim(topic, 0, kLogStart));
  simulated.Advance(absl::Minutes(1));
  Require(simulated.Create(kEmptyTopic, 2).status());
  const auto deleted = simulated.Create("deleted");
  Require(deleted.status());
  Require(simulated.Delete(*deleted).status());
}

// Sealed segments as compaction and dense rewriting leave them.
void WriteAndRewrite(broker::SimulatedBroker& simulated) {
  simulated.options().compaction_interval = absl::Seconds(1);
  Require(simulated.Start());
  broker::TopicSettings compacted = kSmallSegments;
  compacted.cleanup = broker::Cleanup::kCompact;
  compacted.tombstone_retention = absl::Hours(24 * 365 * 100);
  Create(simulated, kCompactedTopic, compacted, KeyedBatches());
  Create(simulated, kPaddedTopic, kSmallSegments, PaddedBatches());
  simulated.Advance(absl::Minutes(1));
}

void CopyOut(io::FileSystem& disk, const std::filesystem::path& directory) {
  const std::string prefix = std::string(broker::SimulatedBroker::kDirectory) + "/";
  for (const auto& [path, content] : log::Snapshot(disk)) {
    if (!path.starts_with(prefix) || path.ends_with('/') || path.ends_with("/LOCK")) continue;
    const std::filesystem::path target = directory / path.substr(prefix.size());
    std::filesystem::create_directories(target.parent_path());
    std::ofstream(target, std::ios::binary) << content;
  }
}

}  // namespace
}  // namespace leat::golden

int main(int argc, char** argv) {
  using namespace leat;  // NOLINT: a program of a few lines
  const std::string_view what = argc == 3 ? argv[1] : "";
  if ((what != "written" && what != "rewritten") || std::filesystem::exists(argv[2])) {
    std::fprintf(stderr, "usage: make_golden written|rewritten NEW-DIRECTORY\n");
    return 2;
  }
  broker::SimulatedBroker simulated(1);
  what == "written" ? golden::Write(simulated) : golden::WriteAndRewrite(simulated);
  golden::Require(simulated.Stop());
  golden::CopyOut(simulated.disk(), argv[2]);
  return 0;
}
