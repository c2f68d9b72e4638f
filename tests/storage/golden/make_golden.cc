// Writes the golden data directory of the format version of this program: once, when the version is
// new. What is there is never written again: that it is old is its worth.
//
//   bazel run //tests/storage/golden:make_golden -- "$PWD/tests/storage/golden/v1"

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
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

// Two sealed segments and an active one, which ends with a control frame.
void WriteRecords(broker::SimulatedBroker& simulated) {
  const auto topic = simulated.Create(
      kTopic, 1, {.retention_time = absl::ZeroDuration(), .segment_bytes = 16'384});
  Require(topic.status());
  for (const Batch& batch : Batches()) {
    const auto appended = simulated.Wait<log::AppendResult>(
        [&](auto done) { simulated.broker().Append(*topic, 0, Encode(batch), done); });
    Require(appended.status());
  }
  Require(simulated.Trim(*topic, 0, kLogStart));
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
  if (argc != 2 || std::filesystem::exists(argv[1])) {
    std::fprintf(stderr, "usage: make_golden NEW-DIRECTORY\n");
    return 2;
  }
  broker::SimulatedBroker simulated(1);
  golden::Require(simulated.Start());
  golden::WriteRecords(simulated);
  golden::Require(simulated.Create(golden::kEmptyTopic, 2).status());
  const auto deleted = simulated.Create("deleted");
  golden::Require(deleted.status());
  golden::Require(simulated.Delete(*deleted).status());
  golden::Require(simulated.Stop());
  golden::CopyOut(simulated.disk(), argv[1]);
  return 0;
}
